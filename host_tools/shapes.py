"""The output shape that follows from an op's inputs and attributes."""

from __future__ import annotations

import numpy as np

from host_tools import families
from host_tools.errors import ConversionError
from host_tools.graph import Op


def window_output(size: int, kernel: int, stride: int, dilation: int, before: int, after: int) -> int:
    """Positions of a window along an axis of `size` elements with padding on both ends."""
    return (size + before + after - (kernel - 1) * dilation - 1) // stride + 1


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Padding before and after an axis for as many positions as ceil(size / stride); the odd one comes after."""
    total = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def _window(shape, kernel, attrs, channels):
    """Output shape of a window over an image (height, width, channels) or a row of samples (time, channels)."""
    if len(shape) not in (2, 3):
        raise ConversionError(f"takes an image or a row of samples, received shape {tuple(shape)}")
    flat = len(shape) == 2
    image = (1,) + tuple(shape[:-1]) if flat else tuple(shape[:-1])
    top, bottom, left, right = attrs["padding"]
    dilation = attrs.get("dilation", (1, 1))
    out = [
        window_output(image[i], kernel[i], attrs["stride"][i], dilation[i], *ends)
        for i, ends in enumerate(((top, bottom), (left, right)))
    ]
    return tuple(out[1:] if flat else out) + (channels,)


def _conv2d(op):
    x, w = op.inputs[:2]
    if w.shape[3] != x.shape[-1]:
        raise ConversionError(f"weights for {w.shape[3]} input channels, received {x.shape[-1]}")
    return _window(x.shape, w.shape[1:3], op.attrs, w.shape[0])


def _depthwise(op):
    x, w = op.inputs[:2]
    if w.shape[2] != x.shape[-1] * op.attrs["multiplier"]:
        raise ConversionError(f"weights for {w.shape[2]} channels, received {x.shape[-1]} x {op.attrs['multiplier']}")
    return _window(x.shape, w.shape[:2], op.attrs, w.shape[2])


def _fully_connected(op):
    x, w = op.inputs[:2]
    if x.size % w.shape[1] or op.output.size != x.size // w.shape[1] * w.shape[0]:
        raise ConversionError(f"weights {w.shape} do not take {x.shape} to {op.output.shape}")
    return None


def _pool(op):
    return _window(op.inputs[0].shape, op.attrs["kernel"], op.attrs, op.inputs[0].shape[-1])


def _binary(op):
    return tuple(np.broadcast_shapes(*(tensor.shape for tensor in op.inputs)))


def _concat(op):
    axis, first = op.attrs["axis"], op.inputs[0].shape
    for tensor in op.inputs:
        if len(tensor.shape) != len(first) or any(
            a != b for i, (a, b) in enumerate(zip(tensor.shape, first)) if i != axis
        ):
            raise ConversionError(f"shapes {tensor.shape} and {first} differ outside axis {axis}")
    return first[:axis] + (sum(tensor.shape[axis] for tensor in op.inputs),) + first[axis + 1 :]


def _reduced(shape, axes, out_shape):
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return kept if tuple(out_shape) == kept else tuple(n for i, n in enumerate(shape) if i not in axes)


def _reshape(op):
    if op.output.size != op.inputs[0].size:
        raise ConversionError(f"{op.inputs[0].shape} does not fill {op.output.shape}")
    return None


def _slice(op):
    spans = zip(op.inputs[0].shape, op.attrs["begin"], op.attrs["end"], op.attrs["strides"])
    return tuple(max(0, -(-(end - begin) // stride)) for _, begin, end, stride in spans)


def _resize(op):
    x, y = op.inputs[0].shape, op.output.shape
    if len(x) != len(y) or x[-1] != y[-1] or len(x) not in (2, 3):
        raise ConversionError(f"takes {x} to {y}")
    return None


_SHAPES = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise,
    "fully_connected": _fully_connected,
    "max_pool": _pool,
    "average_pool": _pool,
    "mean": lambda op: _reduced(op.inputs[0].shape, op.attrs["axes"], op.output.shape),
    "argmax": lambda op: _reduced(op.inputs[0].shape, (op.attrs["axis"],), op.output.shape),
    "add": _binary,
    "sub": _binary,
    "mul": _binary,
    "concat": _concat,
    "pad": lambda op: tuple(b + n + a for b, n, a in zip(op.attrs["before"], op.inputs[0].shape, op.attrs["after"])),
    "reshape": _reshape,
    "transpose": lambda op: tuple(op.inputs[0].shape[i] for i in op.attrs["perm"]),
    "strided_slice": _slice,
    "resize_nearest": _resize,
    "resize_bilinear": _resize,
    **families.merged("SHAPES"),
}


def output_shape(op: Op) -> tuple[int, ...] | None:
    """Shape of the op's output, or None where the attributes leave it open (reshape, resize, fully_connected).

    Raises ConversionError where the inputs do not fit together.
    """
    rule = _SHAPES.get(op.kind)
    return rule(op) if rule else tuple(op.inputs[0].shape)
