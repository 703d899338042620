"""Lowering of what changes a value by itself: tables, quantize, dequantize, requantize."""

from __future__ import annotations

import numpy as np

from host_tools import fixed_point, tables
from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.ops import UNARY
from host_tools.program import Program, Step
from upyml.format import layout

_IDENTITY = np.arange(-128, 128).astype(np.int8)


def scaling(op: Op, real: float) -> tuple[int, int]:
    """(multiplier, shift) of a real factor. Raises ConversionError where 32-bit arithmetic cannot hold it."""
    if np.isfinite(real):
        multiplier, shift = fixed_point.quantize_multiplier(real)
        if shift <= 30:
            return multiplier, shift
    raise ConversionError(
        f"{op.kind} {op.name!r}: the scales of its inputs and its output are too far apart (a factor of "
        f"{real:g}); calibrate with data that reaches this layer"
    )


def same_quantization(a: Tensor, b: Tensor) -> bool:
    """True where the same integer means the same value in both tensors."""
    return np.float32(a.scale) == np.float32(b.scale) and a.zero_point == b.zero_point


def at_scale_of(x: Tensor, y: Tensor) -> Tensor:
    """y itself, or, where the quantization differs, a tensor of y's shape with x's."""
    if same_quantization(x, y):
        return y
    return Tensor(y.name, y.shape, x.dtype, x.scale, x.zero_point)


def append_table(program: Program, x: Tensor, y: Tensor, table: np.ndarray, name: str) -> None:
    """A step that looks every value up; none at all where the table changes nothing."""
    if np.array_equal(table, _IDENTITY):
        program.views[y] = x
        return
    program.steps.append(Step(layout.TABLE, [x], [y], {"table": table.astype(np.int8).tobytes()}, name))


def rescaled(program: Program, x: Tensor, target: Tensor, name: str) -> Tensor:
    """x with the target's scale and zero point; appends a table where they differ."""
    if same_quantization(x, target):
        return x
    if x.dtype == "int16" and x.data is None:
        y = Tensor(x.name, x.shape, "int16", target.scale, target.zero_point)
        _quantize(program, Op("quantize", [x], [y], {}, name))
        return y
    table = tables.rescale(x, target)
    if x.data is not None:
        return Tensor(x.name, x.shape, "int8", target.scale, target.zero_point, table[x.data.astype(np.int64) + 128])
    y = Tensor(x.name, x.shape, "int8", target.scale, target.zero_point)
    append_table(program, x, y, table, name)
    return y


def _unary(program: Program, op: Op) -> None:
    scaling(op, float(np.float32(op.inputs[0].scale)) / float(np.float32(op.output.scale)))
    append_table(program, op.inputs[0], op.output, tables.table(op), op.name)


def _quantize(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    if x.dtype == y.dtype == "int8":
        _unary(program, op)
    elif x.dtype == "float32" and y.dtype in ("int8", "uint8", "int16"):
        program.steps.append(Step(layout.QUANTIZE, [x], [y], {}, op.name))
    elif {x.dtype, y.dtype} <= {"int8", "uint8", "int16"}:
        real = float(np.float32(x.scale)) / float(np.float32(y.scale))
        multiplier, shift = scaling(op, real)
        program.steps.append(Step(layout.REQUANTIZE, [x], [y], {"multiplier": multiplier, "shift": shift}, op.name))
    else:
        raise ConversionError(
            f"quantize {op.name!r} goes from {x.dtype} to {y.dtype}: the engine takes float32, int8, uint8 "
            "and int16 there"
        )


def _dequantize(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    if x.dtype not in ("int8", "uint8", "int16") or y.dtype != "float32":
        raise ConversionError(
            f"dequantize {op.name!r} goes from {x.dtype} to {y.dtype}: the engine takes int8, uint8 or int16 to float32"
        )
    program.steps.append(Step(layout.DEQUANTIZE, [x], [y], {}, op.name))


LOWERINGS = dict.fromkeys(UNARY, _unary) | {"quantize": _quantize, "dequantize": _dequantize}
