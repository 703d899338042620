"""TFLite's operators along axes: reductions, joining, cutting, padding and moving.

They come in two shapes: on tensors without the batch, or, where they touch the first axis, on tensors with all axes of
the file (see `along_axes`).
"""

from __future__ import annotations

import numpy as np

from host_tools.errors import ConversionError
from host_tools.readers.tflite_types import demand_int8


def along_axes(reader, op, kind, numbers, attrs, touches_batch, place=0):
    """Emits an op along axes; `attrs(first)` gives its attributes when axes before `first` (0 or 1) are left out."""
    bare = not touches_batch and all(reader.has_batch(i) for i in numbers)
    inputs = [reader.tensor(i) if bare else reader.with_batch(i) for i in numbers]
    reader.emit(op, kind, inputs, attrs(1 if bare else 0), place)


def axis_of(reader, op, axis: int, number: int) -> int:
    """The number of an axis of the file's tensor; those below 0 count from the last."""
    rank = len(reader.file.tensors[number].shape)
    if not -rank <= axis < rank:
        raise ConversionError(f"{reader.describe(op)}: axis {axis} of a tensor with {rank} axes: the file is damaged")
    return axis % rank


def _mean(reader, op):
    demand_int8(reader, op, 0)
    x = op.inputs[0]
    axes = {axis_of(reader, op, int(a), x) for a in np.atleast_1d(reader.required_constant(op, 1, "list of axes"))}
    if reader.has_batch(x):
        axes.discard(0)  # its mean is the element itself
    along_axes(reader, op, "mean", [x], lambda first: {"axes": tuple(sorted(a - first for a in axes))}, 0 in axes)


def _concatenation(reader, op):
    for place in range(len(op.inputs)):
        demand_int8(reader, op, place)
    if op.option("FusedActivationFunction", 0) != 0:
        raise ConversionError(f"{reader.describe(op)} has a fused activation: put the activation before it")
    axis = axis_of(reader, op, op.option("Axis", 0), op.inputs[0])
    along_axes(reader, op, "concat", op.inputs, lambda first: {"axis": axis - first}, axis == 0)


def _pad(reader, op):
    x = demand_int8(reader, op, 0)
    counts = reader.required_constant(op, 1, "padding").reshape(-1, 2)
    if len(counts) != len(reader.file.tensors[op.inputs[0]].shape) or counts.min(initial=0) < 0:
        raise ConversionError(
            f"{reader.describe(op)}: padding {counts.tolist()} does not fit its input: the file is damaged"
        )
    value = 0.0
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        value = float(int(reader.required_constant(op, 2, "value").flat[0]) - x.zero_point) * float(x.scale)

    def attrs(first):
        before, after = (tuple(int(n) for n in counts[first:, i]) for i in range(2))
        return {"before": before, "after": after, "value": value}

    along_axes(reader, op, "pad", op.inputs[:1], attrs, bool(counts[0].any()))


def _reshape(reader, op):
    x, y = reader.tensor(op.inputs[0]), reader.tensor(op.outputs[0])
    if x.dtype != y.dtype:
        raise ConversionError(f"{reader.describe(op)} goes from {x.dtype} to {y.dtype}: the file is damaged")
    reader.emit(op, "reshape", [x], {})


def _transpose(reader, op):
    demand_int8(reader, op, 0)
    perm = [axis_of(reader, op, int(i), op.inputs[0]) for i in reader.required_constant(op, 1, "order of axes").flat]
    if sorted(perm) != list(range(len(reader.file.tensors[op.inputs[0]].shape))):
        raise ConversionError(f"{reader.describe(op)}: {perm} is no order of its axes: the file is damaged")
    along_axes(
        reader,
        op,
        "transpose",
        op.inputs[:1],
        lambda first: {"perm": tuple(i - first for i in perm[first:])},
        perm[0] != 0,
    )


def slices(reader, op, spans, place=0):
    """Emits a strided slice; spans: (begin, end, stride) of each axis of the file's tensor, resolved."""
    number = op.inputs[1 if op.name == "SPLIT" else 0]
    length = reader.file.tensors[number].shape
    for (begin, end, stride), n in zip(spans, length):
        if stride == 0 or not (0 <= begin < n and len(range(begin, end, stride))):
            raise ConversionError(f"{reader.describe(op)} takes nothing from an axis of {n}: {begin}:{end}:{stride}")

    def attrs(first):
        begin, end, strides = zip(*spans[first:]) if spans[first:] else ((), (), ())
        return {"begin": begin, "end": end, "strides": strides}

    along_axes(reader, op, "strided_slice", [number], attrs, spans[0] != (0, length[0], 1), place)


def _strided_slice(reader, op):
    demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    begin, end, strides = (reader.required_constant(op, place, "range").reshape(-1) for place in (1, 2, 3))
    if (
        op.option("EllipsisMask", 0)
        or op.option("NewAxisMask", 0)
        or not len(begin) == len(end) == len(strides) <= len(shape)
    ):
        raise ConversionError(f"{reader.describe(op)} uses `...` or a new axis: write all axes out in the model")
    spans = []
    for axis, n in enumerate(shape):
        if axis >= len(begin):
            spans.append((0, n, 1))
            continue
        bit, stride = 1 << axis, int(strides[axis])
        if op.option("ShrinkAxisMask", 0) & bit:
            first = int(begin[axis]) + (n if begin[axis] < 0 else 0)
            spans.append((first, first + 1, 1))
            continue
        first = None if op.option("BeginMask", 0) & bit else int(begin[axis])
        last = None if op.option("EndMask", 0) & bit else int(end[axis])
        spans.append(slice(first, last, stride or 1).indices(n))
    slices(reader, op, spans)


def _slice(reader, op):
    demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    begin, sizes = (reader.required_constant(op, place, "range").reshape(-1) for place in (1, 2))
    if not len(begin) == len(sizes) == len(shape):
        raise ConversionError(
            f"{reader.describe(op)}: a range for {len(begin)} of {len(shape)} axes: the file is damaged"
        )
    spans = [(int(b), n if s < 0 else int(b) + int(s), 1) for b, s, n in zip(begin, sizes, shape)]
    slices(reader, op, spans)


def _split(reader, op):
    even = op.name == "SPLIT"
    number = op.inputs[1 if even else 0]
    demand_int8(reader, op, 1 if even else 0)
    axis = axis_of(reader, op, int(reader.required_constant(op, 0 if even else 2, "axis").flat[0]), number)
    shape = reader.file.tensors[number].shape
    parts = len(op.outputs)
    sizes = [shape[axis] // parts] * parts
    if not even:
        sizes = [int(n) for n in reader.required_constant(op, 1, "sizes").flat]
        sizes = [shape[axis] - sum(n for n in sizes if n >= 0) if n < 0 else n for n in sizes]
    if len(sizes) != parts or sum(sizes) != shape[axis]:
        raise ConversionError(f"{reader.describe(op)}: parts of {sizes} do not make up an axis of {shape[axis]}")
    begin = 0
    for place, size in enumerate(sizes):
        spans = [(0, n, 1) for n in shape]
        spans[axis] = (begin, begin + size, 1)
        begin += size
        slices(reader, op, spans, place)


def _argmax(reader, op):
    demand_int8(reader, op, 0)
    axis = axis_of(reader, op, int(reader.required_constant(op, 1, "axis").flat[0]), op.inputs[0])
    reader.tensor(op.outputs[0]).dtype = "int32"  # also where the file says int64
    along_axes(reader, op, "argmax", op.inputs[:1], lambda first: {"axis": axis - first}, axis == 0)


CONVERTERS = {
    "MEAN": _mean,
    "CONCATENATION": _concatenation,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "TRANSPOSE": _transpose,
    "STRIDED_SLICE": _strided_slice,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split,
    "ARG_MAX": _argmax,
}
