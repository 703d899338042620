"""The ops of a graph on real values: op and (n, *shape) arrays in, (n, *shape) array out. Constants have n = 1."""

from __future__ import annotations

import numpy as np

from host_tools import families
from host_tools.graph import Op
from host_tools.unary import FUNCTIONS, activate


def _image(x: np.ndarray) -> np.ndarray:
    """(n, time, channels) as an image of height 1; an image stays as it is."""
    return x if x.ndim == 4 else x[:, None]


def _size(op: Op) -> tuple[int, int]:
    """Height and width of the op's output."""
    shape = op.output.shape
    return (shape[0], shape[1]) if len(shape) == 3 else (1, shape[0])


def _windows(op: Op, x: np.ndarray, kernel: tuple[int, int], dilation: tuple[int, int], fill: float) -> np.ndarray:
    """View of x as (n, out height, out width, kernel height, kernel width, channels); `fill` stands outside it."""
    top, bottom, left, right = op.attrs["padding"]
    if any(op.attrs["padding"]):
        x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    n, row, column, channel = x.strides
    (sh, sw), (dh, dw) = op.attrs["stride"], dilation
    return np.lib.stride_tricks.as_strided(
        x,
        (len(x), *_size(op), *kernel, x.shape[3]),
        (n, row * sh, column * sw, row * dh, column * dw, channel),
        writeable=False,
    )


def columns(op: Op, x: np.ndarray) -> np.ndarray:
    """What the outputs of an op with weights read of (n, *shape) inputs x: (groups, windows, values of one).

    A depthwise op has a group for each input channel, other ops have one; values as in a row of the op's weights.
    """
    if op.kind == "fully_connected":
        return x.reshape(1, -1, op.inputs[1].shape[1])
    shape = op.inputs[1].shape
    windows = _windows(op, _image(x), shape[1:3] if op.kind == "conv2d" else shape[:2], op.attrs["dilation"], 0)
    if op.kind == "conv2d":
        return windows.reshape(1, np.prod(windows.shape[:3]), -1)
    return windows.transpose(5, 0, 1, 2, 3, 4).reshape(windows.shape[5], np.prod(windows.shape[:3]), -1)


def _finish(op: Op, y: np.ndarray) -> np.ndarray:
    """Apply the fused activation and give the output its shape."""
    return activate(y, op.attrs.get("activation")).reshape(len(y), *op.output.shape)


def _bias(inputs: list[np.ndarray]) -> np.ndarray | float:
    return inputs[2][0] if len(inputs) > 2 else np.float32(0)


def _conv2d(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x, w = _image(inputs[0]), inputs[1][0]
    windows = _windows(op, x, w.shape[1:3], op.attrs["dilation"], 0)
    n, height, width = windows.shape[:3]
    columns = windows.reshape(n * height * width, -1)
    y = columns @ w.reshape(len(w), -1).T + _bias(inputs)
    return _finish(op, y.reshape(n, height, width, len(w)))


def _depthwise_conv2d(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x, w = _image(inputs[0]), inputs[1][0]
    windows = _windows(op, x, w.shape[:2], op.attrs["dilation"], 0)
    taps = w.reshape(*w.shape[:2], x.shape[3], -1)
    y = np.zeros((*windows.shape[:3], *taps.shape[2:]), np.float32)
    for i, j in np.ndindex(*w.shape[:2]):
        y += windows[:, :, :, i, j, :, None] * taps[i, j]
    return _finish(op, y.reshape(*y.shape[:3], -1) + _bias(inputs))


def _fully_connected(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x, w = inputs[0], inputs[1][0]
    y = x.reshape(-1, w.shape[1]) @ w.T + _bias(inputs)
    return _finish(op, y.reshape(len(x), *op.output.shape))


def _max_pool(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    windows = _windows(op, _image(inputs[0]), op.attrs["kernel"], (1, 1), -np.inf)
    return _finish(op, windows.max(axis=(3, 4)))


def _average_pool(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = _image(inputs[0])
    windows = _windows(op, x, op.attrs["kernel"], (1, 1), 0)
    counts = _windows(op, np.ones((1, *x.shape[1:3], 1), np.float32), op.attrs["kernel"], (1, 1), 0)
    return _finish(op, windows.sum(axis=(3, 4)) / counts.sum(axis=(3, 4)))


def _mean(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    return _finish(op, inputs[0].mean(axis=tuple(axis + 1 for axis in op.attrs["axes"])))


def _aligned(op: Op, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Give both inputs the output's rank, so that shapes without the batch broadcast as in NumPy."""
    rank = len(op.output.shape)
    return [x.reshape(len(x), *[1] * (rank + 1 - x.ndim), *x.shape[1:]) for x in inputs]


def _add(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    a, b = _aligned(op, inputs)
    return _finish(op, a + b)


def _sub(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    a, b = _aligned(op, inputs)
    return _finish(op, a - b)


def _mul(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    a, b = _aligned(op, inputs)
    return _finish(op, a * b)


def _concat(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    count = max(len(x) for x in inputs)
    inputs = [np.broadcast_to(x, (count, *x.shape[1:])) for x in inputs]
    return np.concatenate(inputs, axis=op.attrs["axis"] + 1)


def _pad(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    widths = [(0, 0), *zip(op.attrs["before"], op.attrs["after"])]
    return np.pad(inputs[0], widths, constant_values=op.attrs.get("value", 0.0))


def _strided_slice(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0]
    for axis, (begin, stride, count) in enumerate(zip(op.attrs["begin"], op.attrs["strides"], op.output.shape)):
        x = np.take(x, begin + stride * np.arange(count), axis=axis + 1)
    return x


def _sources(op: Op, before: int, after: int) -> np.ndarray:
    """Where each of `after` rows lies among `before` rows, as TFLite's resize ops count."""
    place = np.arange(after)
    if op.attrs.get("align_corners") and after > 1:
        return place * ((before - 1) / (after - 1))
    scale = before / after
    return (place + 0.5) * scale - 0.5 if op.attrs.get("half_pixel_centers") else place * scale


def _resize_nearest(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = _image(inputs[0])
    for axis, after in zip((1, 2), _size(op)):
        place = _sources(op, x.shape[axis], after)
        if op.attrs.get("align_corners") or op.attrs.get("half_pixel_centers"):
            place = place + 0.5
        x = np.take(x, np.clip(np.floor(place).astype(int), 0, x.shape[axis] - 1), axis=axis)
    return x.reshape(len(x), *op.output.shape)


def _resize_bilinear(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = _image(inputs[0])
    for axis, after in zip((1, 2), _size(op)):
        last = x.shape[axis] - 1
        place = np.clip(_sources(op, x.shape[axis], after), 0, last)
        low = np.floor(place).astype(int)
        weight = (place - low).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(4)])
        high = np.minimum(low + 1, last)
        x = np.take(x, low, axis=axis) * (1 - weight) + np.take(x, high, axis=axis) * weight
    return x.reshape(len(x), *op.output.shape)


def _softmax(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0] * op.attrs.get("beta", 1.0)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _batch_norm(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x, gamma, beta, mean, variance = inputs
    scale = gamma[0] / np.sqrt(variance[0] + op.attrs["epsilon"])
    return x * scale + (beta[0] - mean[0] * scale)


OPS = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "fully_connected": _fully_connected,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "mean": _mean,
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "concat": _concat,
    "pad": _pad,
    "reshape": lambda op, inputs: inputs[0].reshape(len(inputs[0]), *op.output.shape),
    "transpose": lambda op, inputs: inputs[0].transpose(0, *[axis + 1 for axis in op.attrs["perm"]]),
    "strided_slice": _strided_slice,
    "resize_nearest": _resize_nearest,
    "resize_bilinear": _resize_bilinear,
    "softmax": _softmax,
    "batch_norm": _batch_norm,
    "quantize": lambda op, inputs: inputs[0],
    "dequantize": lambda op, inputs: inputs[0],
    "argmax": lambda op, inputs: inputs[0].argmax(axis=op.attrs["axis"] + 1).reshape(len(inputs[0]), *op.output.shape),
    **{kind: lambda op, inputs, f=f: f(inputs[0], op.attrs) for kind, f in FUNCTIONS.items()},
    **families.merged("FLOAT"),
}
