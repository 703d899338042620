"""Lowering of the ops of families/attention.py."""

from __future__ import annotations

import math

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.passes import lower_arithmetic, lower_edges
from host_tools.passes.quantize_attention import NORMAL
from host_tools.program import Program, Step
from upyml.format import layout
from upyml.format.ops_attention import BATCH_MATMUL, GATHER, LAYER_NORM, MASKED_SOFTMAX, MAX_NORMALIZED


def _real(tensor: Tensor) -> float:
    return float(np.float32(tensor.scale))


def _axes(op: Op, tensor: Tensor, side: str) -> tuple[int, ...]:
    """Four axes for the file: those that a tensor lacks have length 1 and numbers from its rank on."""
    order = op.attrs[side]
    if len(order) > layout.MAX_RANK:
        raise ConversionError(
            f"{op.name}: multiplies tensors of {len(order)} axes; the engine has matrices along at most two more axes: "
            "merge axes by a Reshape before it"
        )
    return tuple(range(len(order), layout.MAX_RANK)) + tuple(int(axis) for axis in order)


def _batch_matmul(program: Program, op: Op) -> None:
    (a, b), y = op.inputs, op.output
    multiplier, shift = lower_edges.scaling(op, _real(a) * _real(b) / _real(y))
    sides = {side: _axes(op, x, side) for x, side in ((a, "left"), (b, "right"), (y, "output"))}
    params = {"multiplier": multiplier, "shift": shift, "clamp_min": -128, "clamp_max": 127, **sides}
    macs = y.size * a.shape[op.attrs["left"][-1]]
    program.steps.append(Step(BATCH_MATMUL, [a, b], [y], params, op.name, macs))


def _layer_norm(program: Program, op: Op) -> None:
    x, gamma, beta = op.inputs
    y, count = op.output, gamma.size
    if count > MAX_NORMALIZED:
        raise ConversionError(f"{op.name}: normalizes {count:,} values at a time; the engine at most {MAX_NORMALIZED:,}")
    multiplier, shift = lower_edges.scaling(op, float(gamma.scale) / NORMAL / _real(y))
    epsilon = round(256 * count * count * op.attrs["epsilon"] / _real(x) ** 2)
    epsilon = min(max(epsilon, 1), (1 << 60) - 1)
    params = {
        "multiplier": multiplier,
        "shift": shift,
        "clamp_min": -128,
        "clamp_max": 127,
        "centered": int(op.attrs["centered"]),
        "count": count,
        "epsilon": epsilon % (1 << 32),
        "epsilon_high": epsilon >> 32,
        "gamma": gamma.data.astype("<i2").tobytes(),
        "beta": beta.data.astype("<i4").tobytes(),
    }
    program.steps.append(Step(LAYER_NORM, [x], [y], params, op.name))


def _gather(program: Program, op: Op) -> None:
    x, indices = op.inputs
    axis = op.attrs["axis"]
    inner = math.prod(x.shape[axis + 1 :])
    params = {"outer": math.prod(x.shape[:axis]), "count": x.shape[axis], "inner": inner}
    made = lower_edges.at_scale_of(x, op.output)
    program.steps.append(Step(GATHER, [x, indices], [made], params, op.name))
    if made is not op.output:
        program.views[op.output] = lower_edges.rescaled(program, made, op.output, op.name)


def _masked_softmax(program: Program, op: Op) -> None:
    """As a softmax, with the band of columns that each row sees."""
    lower_arithmetic.LOWERINGS["softmax"](program, op)
    step = program.steps[-1]
    step.opcode = MASKED_SOFTMAX
    rows = op.inputs[0].shape[-2] if len(op.inputs[0].shape) > 1 else 1
    band = {name: min(int(op.attrs[name]), layout.MAX_ELEMENTS) for name in ("before", "after")}
    step.params |= {"rows": rows, **band}


def _of_8_bits(lower):
    """Lowers an op whose activations have 8 bits, and says so of others."""

    def checked(program: Program, op: Op) -> None:
        if op.output.dtype != "int8":
            raise ConversionError(
                f"{op.kind} {op.name!r}: its activations are {op.output.dtype}; the engine has it for int8 only. Convert "
                "with activations of 8 bits."
            )
        lower(program, op)

    return checked


LOWERINGS = {
    "batch_matmul": _of_8_bits(_batch_matmul),
    "layer_norm": _of_8_bits(_layer_norm),
    "gather": _gather,
    "masked_softmax": _of_8_bits(_masked_softmax),
}
