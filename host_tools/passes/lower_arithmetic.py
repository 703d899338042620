"""Lowering of arithmetic between tensors and along axes: add, sub, mul, mean, softmax, argmax."""

from __future__ import annotations

import numpy as np

from host_tools import fixed_point, tables
from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.passes import axes, lower_edges
from host_tools.program import Program, Step
from upyml.format import layout

_SUM_SHIFT = 20  # head room of the sums of add and sub, in bits


def operands(program: Program, op: Op) -> tuple[list[Tensor], Tensor]:
    """Inputs and output with at most four axes: neighbours that broadcast alike become one."""
    y = op.output
    if len(y.shape) <= layout.MAX_RANK and all(len(x.shape) <= len(y.shape) for x in op.inputs):
        return op.inputs, y
    shapes = axes.merged_broadcast([x.shape for x in op.inputs], y.shape)
    if shapes is None:
        raise ConversionError(
            f"{op.kind} {op.name!r} broadcasts along too many axes of {y.shape}: reshape its operands to "
            "at most four axes"
        )
    *ins, out = shapes
    return [program.view(x, shape) for x, shape in zip(op.inputs, ins)], program.view(y, out)


def sum_params(op: Op, left_shift: int) -> dict:
    """The fields of a sum or a difference."""
    a, b = (float(np.float32(x.scale)) for x in op.inputs)
    twice = 2 * max(a, b)
    out = float(np.float32(op.output.scale))
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    params = {"left_shift": left_shift, "clamp_min": low, "clamp_max": high}
    for suffix, real in (("1", a / twice), ("2", b / twice), ("", twice / ((1 << left_shift) * out))):
        params["multiplier" + suffix], params["shift" + suffix] = lower_edges.scaling(op, real)
    return params


def _sum(opcode: int):
    def lower(program: Program, op: Op) -> None:
        params = sum_params(op, _SUM_SHIFT)
        inputs, output = operands(program, op)
        program.steps.append(Step(opcode, inputs, [output], params, op.name))

    return lower


def product_params(op: Op) -> dict:
    """The fields of a product."""
    a, b, out = (float(np.float32(tensor.scale)) for tensor in op.inputs + [op.output])
    multiplier, shift = lower_edges.scaling(op, a * b / out)
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    return {"multiplier": multiplier, "shift": shift, "clamp_min": low, "clamp_max": high}


def _mul(program: Program, op: Op) -> None:
    inputs, output = operands(program, op)
    program.steps.append(Step(layout.MUL, inputs, [output], product_params(op), op.name))


def mean_multiplier(op: Op, count: int) -> tuple[int, int]:
    """(multiplier, shift) of input scale / output scale / count, the count divided in as TFLite-Micro does it."""
    x, y = op.inputs[0], op.output
    multiplier, shift = lower_edges.scaling(op, float(np.float32(x.scale)) / float(np.float32(y.scale)))
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // count, shift - bits


def _mean(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    x, (outer, count, inner) = axes.gathered(program, x, op.attrs["axes"], op.name)
    multiplier, shift = mean_multiplier(op, count)
    low, high = tables.activation_range(None, y)
    params = {
        "outer": outer,
        "count": count,
        "inner": inner,
        "multiplier": multiplier,
        "shift": shift,
        "clamp_min": low,
        "clamp_max": high,
    }
    program.steps.append(
        Step(layout.MEAN, [program.view(x, (outer, count, inner))], [program.view(y, (outer, inner))], params, op.name)
    )


def _argmax(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    axis = op.attrs["axis"]
    outer, inner = (int(np.prod(part, dtype=np.int64)) for part in (x.shape[:axis], x.shape[axis + 1 :]))
    params = {"outer": outer, "count": x.shape[axis], "inner": inner}
    program.steps.append(
        Step(
            layout.ARGMAX,
            [program.view(x, (outer, x.shape[axis], inner))],
            [program.view(y, (outer, inner))],
            params,
            op.name,
        )
    )


def _softmax(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    if not x.shape:
        raise ConversionError(f"softmax {op.name!r} of a single number is always 1: leave it out")
    if not np.isclose(float(y.scale), 1 / 256, rtol=1e-6) or y.zero_point != -128:
        raise ConversionError(
            f"softmax {op.name!r}: its int8 output must have scale 1/256 and zero point -128, received "
            f"{float(y.scale)} and {y.zero_point}"
        )
    if x.shape[-1] > 4095:
        raise ConversionError(f"softmax {op.name!r} over {x.shape[-1]} classes: the engine's sum holds at most 4095")
    real = min(float(np.float32(op.attrs.get("beta", 1.0))) * float(np.float32(x.scale)) * (1 << 26), 2.0**31 - 1)
    if real <= 1:
        raise ConversionError(
            f"softmax {op.name!r}: its input's scale {float(x.scale)} is too small to tell classes apart; "
            "calibrate with data that reaches this layer"
        )
    multiplier, shift = fixed_point.quantize_multiplier(real)
    rows = x.size // x.shape[-1]
    if len(x.shape) > layout.MAX_RANK:
        x, y = (program.view(tensor, (rows, x.shape[-1])) for tensor in (x, y))
    params = {"multiplier": multiplier, "shift": shift, "diff_min": -fixed_point.input_radius(5, shift)}
    program.steps.append(Step(layout.SOFTMAX, [x], [y], params, op.name))


LOWERINGS = {
    "add": _sum(layout.ADD),
    "sub": _sum(layout.SUB),
    "mul": _mul,
    "mean": _mean,
    "argmax": _argmax,
    "softmax": _softmax,
}
