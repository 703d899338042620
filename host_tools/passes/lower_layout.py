"""Lowering of ops that only move values: concatenate, pad, transpose, slices, resize."""

from __future__ import annotations

import math

import numpy as np

from host_tools import fixed_point
from host_tools.errors import ConversionError
from host_tools.graph import Op
from host_tools.passes import axes, lower_edges
from host_tools.program import Program, Step
from upyml.format import layout


def _concat(program: Program, op: Op) -> None:
    """The engine copies; inputs of another scale go through a table first."""
    y, axis = op.output, op.attrs["axis"]
    inputs = [lower_edges.rescaled(program, x, y, op.name) for x in op.inputs]
    if len(y.shape) > layout.MAX_RANK:
        outer = math.prod(y.shape[:axis])
        inputs = [program.view(x, (outer, x.size // outer)) for x in inputs]
        y, axis = program.view(y, (outer, y.size // outer)), 1
    program.steps.append(Step(layout.CONCATENATE, inputs, [y], {"axis": axis}, op.name))


def _pad(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    made = lower_edges.at_scale_of(x, y)
    before, after, shape = (list(part) for part in (op.attrs["before"], op.attrs["after"], x.shape))
    if len(shape) > layout.MAX_RANK:
        before, after, shape = _merged_padding(before, after, shape)
        if len(shape) > layout.MAX_RANK:
            raise ConversionError(f"pad {op.name!r} pads too many axes of {x.shape}: pad at most four")
    value = x.zero_point + fixed_point.round_away(op.attrs.get("value", 0.0) / float(x.scale))
    out = tuple(b + n + a for b, n, a in zip(before, shape, after))
    params = {"before": tuple(before) + (0,) * (layout.MAX_RANK - len(shape)), "value": min(max(value, -128), 127)}
    program.steps.append(Step(layout.PAD, [program.view(x, tuple(shape))], [program.view(made, out)], params, op.name))
    if made is not y:
        lower_edges.append_table(program, made, y, lower_edges.tables.rescale(made, y), op.name)


def _merged_padding(before, after, shape):
    """Axes without padding become one with the axis before them."""
    merged = [[before[0], after[0], shape[0]]]
    for b, a, n in zip(before[1:], after[1:], shape[1:]):
        if b == a == 0:
            merged[-1] = [part * n for part in merged[-1]]
        else:
            merged.append([b, a, n])
    return ([part[i] for part in merged] for i in range(3))


def _transpose(program: Program, op: Op) -> None:
    axes.transpose(program, op.inputs[0], op.output, op.attrs["perm"], op.name)


def _strided_slice(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    ranges = list(zip(op.attrs["begin"], op.attrs["strides"], y.shape))
    parts = list(zip(x.shape, *zip(*ranges))) if ranges else [(1, 0, 1, 1)]
    if all(begin == 0 and stride == 1 and n == count for n, begin, stride, count in parts):
        program.views[y] = x
        return
    if len(parts) > layout.MAX_RANK:
        parts = axes.merged_ranges(x.shape, ranges)
        if len(parts) > layout.MAX_RANK:
            raise ConversionError(f"slice {op.name!r} cuts too many axes of {x.shape}: cut at most four")
    shape, begin, stride, count = zip(*parts)
    rest = layout.MAX_RANK - len(parts)
    # The stride of an axis of which one element is taken says nothing; 1 keeps it in the engine's range.
    stride = tuple(1 if n == 1 else s for s, n in zip(stride, count))
    params = {"begin": begin + (0,) * rest, "stride": stride + (1,) * rest}
    program.steps.append(
        Step(layout.STRIDED_SLICE, [program.view(x, shape)], [program.view(y, count)], params, op.name)
    )


def nearest(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """The input row (column) of each output row (column), as uint16; float32 arithmetic as in TFLite."""
    scale = (
        np.float32(size - 1) / np.float32(out - 1) if align_corners and out > 1 else np.float32(size) / np.float32(out)
    )
    places = (np.arange(out, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0)) * scale
    places = np.floor(places + np.float32(0.5)) if align_corners else np.floor(places)
    return np.clip(places, 0, size - 1).astype("<u2")


def _image(shape) -> tuple[int, int, int]:
    return ((1, 1) + tuple(shape))[-3:]


def _resize_nearest(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    options = op.attrs.get("align_corners", False), op.attrs.get("half_pixel_centers", False)
    rows, columns = (nearest(n, m, *options).tobytes() for n, m in zip(_image(x.shape)[:2], _image(y.shape)[:2]))
    program.steps.append(Step(layout.RESIZE_NEAREST, [x], [y], {"rows": rows, "columns": columns}, op.name))


def _resize_bilinear(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    params = {name: int(op.attrs.get(name, False)) for name in ("align_corners", "half_pixel_centers")}
    if all(params.values()):
        raise ConversionError(f"resize {op.name!r} has both align_corners and half_pixel_centers: use one of them")
    program.steps.append(Step(layout.RESIZE_BILINEAR, [x], [y], params, op.name))


LOWERINGS = {
    "concat": _concat,
    "pad": _pad,
    "transpose": _transpose,
    "strided_slice": _strided_slice,
    "resize_nearest": _resize_nearest,
    "resize_bilinear": _resize_bilinear,
}
