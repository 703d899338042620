"""Lowering of the family math: ops on tensors beyond the base ones; transposed convolutions stand in lower_transpose.py."""

from __future__ import annotations

import math

import numpy as np

from host_tools import fixed_point, tables
from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.passes import axes, lower_arithmetic, lower_edges, lower_transpose
from host_tools.program import Program, Step
from upyml.format import layout, ops_math

_SQUARED_SHIFT = 7  # head room of a squared difference, in bits: 255 * 255 * 4^7 is below 2^31
_SUM_SHIFT = 20  # of a cumulative sum
_Q = np.arange(-128, 128, dtype=np.int64)
_MIRRORED = np.arange(127, -129, -1).astype(np.int8)  # the table of -1 - q, in which the least is the greatest


def _scale(tensor: Tensor) -> float:
    return float(np.float32(tensor.scale))


def _append_pair(program: Program, op: Op, opcode: int, inputs: list[Tensor], **params: int) -> None:
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    params |= {"clamp_min": low, "clamp_max": high}
    inputs, output = lower_arithmetic.operands(program, Op(op.kind, inputs, op.outputs, {}, op.name))
    program.steps.append(Step(opcode, inputs, [output], params, op.name))


def _extreme(opcode: int):
    def lower(program: Program, op: Op) -> None:
        inputs = op.inputs
        if not op.attrs.get("raw"):
            inputs = [lower_edges.rescaled(program, x, op.output, op.name) for x in inputs]
        for x, other in (inputs, inputs[::-1]):
            if _same_everywhere(other) and x.size == op.output.size:
                choose = np.maximum if opcode == ops_math.MAXIMUM else np.minimum
                _append_table(program, op, x, choose(_Q, int(other.data.flat[0])))
                return
        _append_pair(program, op, opcode, inputs)

    return lower


def _same_everywhere(x: Tensor) -> bool:
    """Is it a constant of one number?"""
    return x.data is not None and np.ptp(x.data.astype(np.int64)) == 0


def _append_table(program: Program, op: Op, x: Tensor, values: np.ndarray) -> None:
    """What is left of a function of two values where one of them is a constant."""
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    lower_edges.append_table(program, x, op.output, np.clip(values, low, high), op.name)


def _prelu(program: Program, op: Op) -> None:
    x, slopes = op.inputs
    straight = lower_edges.scaling(op, _scale(x) / _scale(op.output))
    sloping = lower_edges.scaling(op, _scale(x) * _scale(slopes) / _scale(op.output))
    if _same_everywhere(slopes) and x.size == op.output.size:
        slope = int(slopes.data.flat[0]) - slopes.zero_point
        above = fixed_point.multiply(_Q - x.zero_point, *straight)
        below = fixed_point.multiply((_Q - x.zero_point) * slope, *sloping)
        _append_table(program, op, x, np.where(_Q >= x.zero_point, above, below) + op.output.zero_point)
        return
    params = {"multiplier1": straight[0], "shift1": straight[1], "multiplier2": sloping[0], "shift2": sloping[1]}
    _append_pair(program, op, ops_math.PRELU, op.inputs, **params)


def _squared_difference(program: Program, op: Op) -> None:
    a, b = (_scale(x) for x in op.inputs)
    twice = 2 * max(a, b)
    params = {"left_shift": _SQUARED_SHIFT}
    reals = (("1", a / twice), ("2", b / twice), ("", twice * twice / ((1 << 2 * _SQUARED_SHIFT) * _scale(op.output))))
    for suffix, real in reals:
        params["multiplier" + suffix], params["shift" + suffix] = lower_edges.scaling(op, real)
    _append_pair(program, op, ops_math.SQUARED_DIFFERENCE, op.inputs, **params)


def _div(program: Program, op: Op) -> None:
    a, b = (_scale(x) for x in op.inputs)
    multiplier, shift = lower_edges.scaling(op, a / (b * _scale(op.output)))
    if shift > 22:
        raise ConversionError(f"div {op.name!r}: its output's scale is far too small for what it divides")
    _append_pair(program, op, ops_math.DIV, op.inputs, multiplier=multiplier, shift=shift)


def _sum(program: Program, op: Op) -> None:
    """A mean that is not divided."""
    x, y = op.inputs[0], op.output
    multiplier, shift = lower_edges.scaling(op, _scale(x) / _scale(y))
    x, (outer, count, inner) = axes.gathered(program, x, op.attrs["axes"], op.name)
    params = {"outer": outer, "count": count, "inner": inner, "multiplier": multiplier, "shift": shift}
    params |= {"clamp_min": -128, "clamp_max": 127}
    program.steps.append(
        Step(layout.MEAN, [program.view(x, (outer, count, inner))], [program.view(y, (outer, inner))], params, op.name)
    )


def _reduce(least: bool):
    """The maximum along an axis is a pool over the second of three axes; the minimum that of the mirrored values."""

    def lower(program: Program, op: Op) -> None:
        x, y = op.inputs[0], op.output
        made = lower_edges.at_scale_of(x, y)
        if least:
            turned = Tensor(x.name, x.shape, x.dtype, x.scale, x.zero_point)
            lower_edges.append_table(program, x, turned, _MIRRORED, op.name)
            x = turned
        x, (outer, count, inner) = axes.gathered(program, x, op.attrs["axes"], op.name)
        pooled = Tensor(y.name, (outer, 1, inner), "int8", made.scale, made.zero_point) if least or made is not y else None
        window = {"kernel_h": 1, "kernel_w": count, "stride_h": 1, "stride_w": count, "dilation_h": 1, "dilation_w": 1}
        params = window | {"pad_top": 0, "pad_left": 0, "clamp_min": -128, "clamp_max": 127}
        out = pooled or program.view(y, (outer, 1, inner))
        program.steps.append(Step(layout.MAX_POOL, [program.view(x, (outer, count, inner))], [out], params, op.name))
        if pooled:
            table = lower_edges.tables.rescale(made, y)
            table = table[_MIRRORED.astype(int) + 128] if least else table
            lower_edges.append_table(program, program.view(pooled, y.shape), y, table, op.name)

    return lower


def _take(program: Program, op: Op) -> None:
    """Two axes at a time, rows and columns of which a resize copies, from the first to the last."""
    x, y, places = op.inputs[0], op.output, list(op.attrs["places"])
    while True:
        first = next((axis for axis, chosen in enumerate(places) if chosen is not None), None)
        if first is None:
            break
        # With the columns next to it where those are chosen too; else the axis itself is the columns.
        both = first + 1 < len(places) and places[first + 1] is not None
        axis = first + 1 if both else first
        outer = math.prod(x.shape[:first])
        rows, columns = (places[first], places[axis]) if both else ((0,), places[axis])
        height = x.shape[first] if both else 1
        rows = [n * height + row for n in range(outer) for row in rows]
        inner = math.prod(x.shape[axis + 1 :])
        if outer * height > 65536 or x.shape[axis] > 65536:
            raise ConversionError(f"{op.kind} {op.name!r} chooses among more than 65536 rows or columns of {x.shape}")
        shape = tuple(len(places[a]) if first <= a <= axis else n for a, n in enumerate(x.shape))
        places[first] = places[axis] = None
        last = all(chosen is None for chosen in places)
        made = y if last else Tensor(y.name, shape, x.dtype, x.scale, x.zero_point)
        params = {"rows": np.array(rows, "<u2").tobytes(), "columns": np.array(columns, "<u2").tobytes()}
        source = program.view(x, (outer * height, x.shape[axis], inner))
        target = program.view(made, (len(rows), len(columns), inner))
        program.steps.append(Step(layout.RESIZE_NEAREST, [source], [target], params, op.name))
        x = made
    if x is op.inputs[0]:
        program.views[y] = x


def _by_rows(program: Program, op: Op) -> tuple[Tensor, Tensor]:
    x, y = op.inputs[0], op.output
    if not x.shape:
        raise ConversionError(f"{op.kind} {op.name!r} of a single number: leave it out")
    if len(x.shape) > layout.MAX_RANK:
        rows = x.size // x.shape[-1]
        x, y = (program.view(tensor, (rows, x.shape[-1])) for tensor in (x, y))
    return x, y


def _prescribed(op: Op, scale: float, zero_point: int) -> None:
    y = op.output
    if not np.isclose(float(y.scale), scale, rtol=1e-6) or y.zero_point != zero_point:
        raise ConversionError(
            f"{op.kind} {op.name!r}: its int8 output must have scale {scale} and zero point {zero_point}, received "
            f"{float(y.scale)} and {y.zero_point}"
        )


def _log_softmax(program: Program, op: Op) -> None:
    _prescribed(op, 1 / 16, 127)
    x, y = _by_rows(program, op)
    if x.shape[-1] > 4095:
        raise ConversionError(
            f"log_softmax {op.name!r} over {x.shape[-1]} classes: the engine's sum holds at most 4095"
        )
    real = min(_scale(x) * (1 << 26), 2.0**31 - 1)
    if real <= 1:
        raise ConversionError(f"log_softmax {op.name!r}: its input's scale {_scale(x)} is too small to tell classes apart")
    multiplier, shift = fixed_point.quantize_multiplier(real)
    reverse_multiplier, reverse_shift = fixed_point.quantize_multiplier((1 << (31 - shift)) / multiplier)
    params = {
        "multiplier": multiplier,
        "shift": shift,
        "diff_min": max(-fixed_point.input_radius(5, shift), -256),
        "reverse_multiplier": reverse_multiplier,
        "reverse_shift": reverse_shift,
    }
    program.steps.append(Step(ops_math.LOG_SOFTMAX, [x], [y], params, op.name))


def _l2_normalization(program: Program, op: Op) -> None:
    _prescribed(op, 1 / 128, 0)
    x, y = _by_rows(program, op)
    if x.shape[-1] > 32767:
        raise ConversionError(f"l2_normalization {op.name!r} over {x.shape[-1]} values: the engine takes at most 32767")
    program.steps.append(Step(ops_math.L2_NORMALIZATION, [x], [y], {}, op.name))


def _cumsum(program: Program, op: Op) -> None:
    x, y, axis = op.inputs[0], op.output, op.attrs["axis"]
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    first = fixed_point.quantize_multiplier(0.5)
    second = lower_edges.scaling(op, 2 * _scale(x) / ((1 << _SUM_SHIFT) * _scale(y)))
    start = int(fixed_point.multiply(-x.zero_point << _SUM_SHIFT, *first)) if op.attrs.get("from_offset") else 0
    params = {"outer": outer, "count": x.shape[axis], "inner": inner, "start": start}
    params |= {"multiplier1": first[0], "shift1": first[1], "multiplier": second[0], "shift": second[1]}
    params |= {name: int(bool(op.attrs[name])) for name in ("exclusive", "reverse")}
    shape = (outer, x.shape[axis], inner)
    program.steps.append(Step(ops_math.CUMSUM, [program.view(x, shape)], [program.view(y, shape)], params, op.name))


LOWERINGS = {
    "conv2d_transpose": lower_transpose.lower,
    "maximum": _extreme(ops_math.MAXIMUM),
    "minimum": _extreme(ops_math.MINIMUM),
    "prelu": _prelu,
    "squared_difference": _squared_difference,
    "div": _div,
    "sum": _sum,
    "reduce_max": _reduce(least=False),
    "reduce_min": _reduce(least=True),
    "take": _take,
    "log_softmax": _log_softmax,
    "l2_normalization": _l2_normalization,
    "cumsum": _cumsum,
}
