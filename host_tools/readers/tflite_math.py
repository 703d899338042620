"""TFLite operators of the family math: ops on tensors beyond the base ones, and those that are made of base ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import tflite

from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.readers.tflite_axes import along_axes, axis_of, slices
from host_tools.readers.tflite_file import FileOp
from host_tools.readers.tflite_types import demand_int8, weights_and_bias

_ACTIVATIONS = {0: None, 1: "relu", 2: (-1.0, 1.0), 3: "relu6"}


def _activation(reader, op) -> dict:
    code = op.option("FusedActivationFunction", 0)
    if code not in _ACTIVATIONS:
        raise ConversionError(f"{reader.describe(op)} has a fused activation (number {code}) that is not known to upyml")
    return {"activation": _ACTIVATIONS[code]}


def _transpose_conv(reader, op):
    """Inputs: the output's shape, weights, image, bias. What the output cuts off is counted from its size, as TFLite does."""
    inputs = list(op.inputs) + [-1] * (4 - len(op.inputs))
    turned = FileOp(op.name, [inputs[2], inputs[1], inputs[3]], op.outputs, op.options)
    x = demand_int8(reader, turned, 0)
    tensors = weights_and_bias(reader, turned, channel_axis=0)
    shapes = [reader.file.tensors[i].shape for i in (inputs[2], op.outputs[0])]
    if tensors[0].data.ndim != 4 or any(len(shape) != 4 or shape[0] != 1 for shape in shapes):
        raise ConversionError(f"{reader.describe(op)} takes shapes {shapes}: upyml runs one image at a time")
    stride = (op.option("StrideH", 1), op.option("StrideW", 1))
    if min(stride) < 1:
        raise ConversionError(f"{reader.describe(op)} has a stride below 1: the file is damaged")
    padding: list[int] = []
    for axis in range(2):
        size, out = (shape[1 + axis] for shape in shapes)
        kernel, step = tensors[0].shape[1 + axis], stride[axis]
        same = op.option("Padding", 0) == tflite.Padding.SAME
        small = -(-out // step) if same else (out + step - kernel) // step
        cut = max(0, (small - 1) * step + kernel - out) // 2
        padding += [cut, (size - 1) * step + kernel - cut - out]
    attrs = {"stride": stride, "dilation": (1, 1), "padding": tuple(padding)} | _activation(reader, op)
    reader.emit(op, "conv2d_transpose", [x, *tensors], attrs)


def grouped(reader, op, x: Tensor, tensors: list[Tensor], attrs: dict) -> None:
    """A CONV_2D of which each group of outputs reads its own channels: slices, convolutions, and all joined; with one
    channel a group it is a depthwise convolution."""
    weights, target = tensors[0], reader.tensor(op.outputs[0])
    depth, channels = weights.shape[3], weights.shape[0]
    groups = x.shape[-1] // depth
    if channels % groups:
        raise ConversionError(f"{reader.describe(op)}: {channels} outputs of {groups} groups: the file is damaged")
    if depth == 1:
        data = np.ascontiguousarray(weights.data[..., 0].transpose(1, 2, 0))
        flat = Tensor(weights.name, data.shape, "int8", weights.scale, 0, data)
        reader.emit(op, "depthwise_conv2d", [x, flat, *tensors[1:]], attrs | {"multiplier": channels // groups})
        return
    each, parts = channels // groups, []
    for group in range(groups):
        mine = slice(group * each, (group + 1) * each)
        part = Tensor(x.name, (*x.shape[:-1], depth), x.dtype, x.scale, x.zero_point)
        begin = (*[0] * (len(x.shape) - 1), group * depth)
        end = (*x.shape[:-1], (group + 1) * depth)
        reader.ops.append(
            Op("strided_slice", [x], [part], {"begin": begin, "end": end, "strides": (1,) * len(end)}, part.name)
        )
        own = []
        for tensor in tensors:
            scale = tensor.scale[mine] if np.ndim(tensor.scale) else tensor.scale
            data = np.ascontiguousarray(tensor.data[mine])
            own.append(Tensor(tensor.name, data.shape, tensor.dtype, scale, 0, data))
        made = Tensor(target.name, (*target.shape[:-1], each), target.dtype, target.scale, target.zero_point)
        reader.ops.append(Op("conv2d", [part, *own], [made], dict(attrs), target.name))
        parts.append(made)
    reader.emit(op, "concat", parts, {"axis": len(target.shape) - 1})


def _pair(kind: str, fused: bool = False, **attrs: Any):
    def convert(reader, op):
        inputs = [demand_int8(reader, op, place) for place in range(2)]
        reader.emit(op, kind, inputs, attrs | (_activation(reader, op) if fused else {}))

    return convert


def _reduce(kind: str):
    def convert(reader, op):
        demand_int8(reader, op, 0)
        x = op.inputs[0]
        axes = {axis_of(reader, op, int(a), x) for a in np.atleast_1d(reader.required_constant(op, 1, "list of axes"))}
        if reader.has_batch(x) and kind != "sum":
            axes.discard(0)  # of one element it is that
        along_axes(reader, op, kind, [x], lambda first: {"axes": tuple(sorted(a - first for a in axes))}, 0 in axes)

    return convert


def _plain(kind: str):
    return lambda reader, op: reader.emit(op, kind, [demand_int8(reader, op, 0)], {})


def _cumsum(reader, op):
    demand_int8(reader, op, 0)
    axis = axis_of(reader, op, int(reader.required_constant(op, 1, "axis").flat[0]), op.inputs[0])
    flags = {"exclusive": bool(op.option("Exclusive", False)), "reverse": bool(op.option("Reverse", False))}
    # A start that is no zero is how TensorFlow Lite adds up from a zero point.
    along_axes(
        reader, op, "cumsum", op.inputs[:1], lambda first: {"axis": axis - first, "from_offset": True} | flags, axis == 0
    )


def _argmin(reader, op):
    """The greatest of the mirrored values."""
    x = demand_int8(reader, op, 0)
    axis = axis_of(reader, op, int(reader.required_constant(op, 1, "axis").flat[0]), op.inputs[0])
    y = reader.tensor(op.outputs[0])
    y.dtype = "int32"  # also where the file says int64
    shape = reader.file.tensors[op.inputs[0]].shape
    mirrored = Tensor(x.name, x.shape, x.dtype, x.scale, -1 - x.zero_point)
    reader.ops.append(Op("neg", [x], [mirrored], {}, x.name))
    reader.emit(op, "argmax", [reader.reshaped(mirrored, shape)], {"axis": axis})


def _pack(reader, op):
    for place in range(len(op.inputs)):
        demand_int8(reader, op, place)
    rank = len(reader.file.tensors[op.outputs[0]].shape)
    axis = op.option("Axis", 0)
    axis += rank if axis < 0 else 0
    shape = reader.file.tensors[op.inputs[0]].shape
    if not 0 <= axis <= len(shape):
        raise ConversionError(f"{reader.describe(op)}: axis {axis} of {rank}: the file is damaged")
    parts = [reader.reshaped(reader.with_batch(i), (*shape[:axis], 1, *shape[axis:])) for i in op.inputs]
    reader.emit(op, "concat", parts, {"axis": axis})


def _unpack(reader, op):
    demand_int8(reader, op, 0)
    axis = axis_of(reader, op, op.option("Axis", 0), op.inputs[0])
    shape = reader.file.tensors[op.inputs[0]].shape
    if len(op.outputs) != shape[axis]:
        raise ConversionError(f"{reader.describe(op)}: {len(op.outputs)} parts of {shape[axis]}: the file is damaged")
    for place in range(len(op.outputs)):
        spans = [(0, n, 1) for n in shape]
        spans[axis] = (place, place + 1, 1)
        slices(reader, op, spans, place)


def _take(reader, op, places: list):
    along_axes(reader, op, "take", op.inputs[:1], lambda first: {"places": tuple(places[first:])}, places[0] is not None)


def _tile(reader, op):
    demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    times = [int(n) for n in reader.required_constant(op, 1, "counts").flat]
    if len(times) != len(shape) or min(times) < 1:
        raise ConversionError(f"{reader.describe(op)} repeats {shape} {times} times: upyml takes counts from 1 on")
    _take(reader, op, [None if t == 1 else tuple(range(n)) * t for n, t in zip(shape, times)])


def _broadcast_to(reader, op):
    x = demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    out = reader.file.tensors[op.outputs[0]].shape
    shape = (1,) * (len(out) - len(shape)) + tuple(shape)
    if any(n not in (1, m) for n, m in zip(shape, out)):
        raise ConversionError(f"{reader.describe(op)}: {shape} does not broadcast to {out}: the file is damaged")
    places = tuple(None if n == m else (0,) * m for n, m in zip(shape, out))
    reader.emit(op, "take", [reader.reshaped(x, shape)], {"places": places})


def _mirror_pad(reader, op):
    demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    counts = reader.required_constant(op, 1, "padding").reshape(-1, 2)
    edge = 0 if op.option("Mode", 0) == tflite.MirrorPadMode.SYMMETRIC else 1  # does the last element stand for itself?
    places: list = []
    for n, (before, after) in zip(shape, counts.tolist()):
        if not 0 <= max(before, after) <= n - edge or min(before, after) < 0:
            raise ConversionError(f"{reader.describe(op)}: padding {counts.tolist()} of {shape}: the file is damaged")
        front, back = range(edge, edge + before), range(n - 1 - edge, n - 1 - edge - after, -1)
        places.append((*reversed(front), *range(n), *back) if before or after else None)
    if len(places) != len(shape):
        raise ConversionError(f"{reader.describe(op)}: padding of {len(counts)} axes: the file is damaged")
    _take(reader, op, places)


def _blocks(into_depth: bool):
    """Blocks of pixels into the channels, or out of them: axes that change places."""

    def convert(reader, op):
        x = demand_int8(reader, op, 0)
        shape = reader.file.tensors[op.inputs[0]].shape
        size = op.option("BlockSize", 0)
        channels = 1 if into_depth else size * size
        if len(shape) != 4 or shape[0] != 1 or size < 1 or shape[3] % channels or (into_depth and shape[1] % size + shape[2] % size):
            raise ConversionError(f"{reader.describe(op)}: blocks of {size} in {shape}: upyml takes one image of whole ones")
        _, height, width, depth = shape
        if into_depth:
            apart, perm = (height // size, size, width // size, size * depth), (0, 2, 1, 3)
        else:
            apart, perm = (height, width, size, size * depth // channels), (0, 2, 1, 3)
        reader.emit(op, "transpose", [reader.reshaped(x, apart)], {"perm": perm})

    return convert


def _reverse(reader, op):
    demand_int8(reader, op, 0)
    shape = reader.file.tensors[op.inputs[0]].shape
    axes = {axis_of(reader, op, int(a), op.inputs[0]) for a in reader.required_constant(op, 1, "list of axes").flat}
    spans = [(n - 1, -1, -1) if axis in axes else (0, n, 1) for axis, n in enumerate(shape)]
    slices(reader, op, spans)


CONVERTERS: dict[str, Any] = {
    "TRANSPOSE_CONV": _transpose_conv,
    "MAXIMUM": _pair("maximum", raw=True),
    "MINIMUM": _pair("minimum", raw=True),
    "PRELU": _pair("prelu"),
    "SQUARED_DIFFERENCE": _pair("squared_difference"),
    "DIV": _pair("div", fused=True),
    "REDUCE_MAX": _reduce("reduce_max"),
    "REDUCE_MIN": _reduce("reduce_min"),
    "SUM": _reduce("sum"),
    "LOG_SOFTMAX": _plain("log_softmax"),
    "L2_NORMALIZATION": _plain("l2_normalization"),
    "CUMSUM": _cumsum,
    "ABS": _plain("abs"),
    "RSQRT": _plain("rsqrt"),
    "EXP": _plain("exp"),
    "LOG": _plain("log"),
    "ARG_MIN": _argmin,
    "PACK": _pack,
    "UNPACK": _unpack,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast_to,
    "MIRROR_PAD": _mirror_pad,
    "SPACE_TO_DEPTH": _blocks(into_depth=True),
    "DEPTH_TO_SPACE": _blocks(into_depth=False),
    "REVERSE_V2": _reverse,
}
