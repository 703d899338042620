"""The ops of a graph on Keras tensors with their batch, for any backend: what float_ops.py and unary.py are in NumPy."""

from __future__ import annotations

import numpy as np
from keras import ops

from host_tools import float_ops
from host_tools.graph import Op, Tensor
from host_tools.unary import limits

OUTSIDE = -1e30  # of an image, for a maximum


def _image(x):
    """(n, time, channels) as an image of height 1; an image stays as it is."""
    return x if len(x.shape) == 4 else ops.expand_dims(x, 1)


def _padded(op: Op, x, fill: float = 0.0):
    top, bottom, left, right = op.attrs["padding"]
    if not any(op.attrs["padding"]):
        return x
    return ops.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)


def _finish(op: Op, y):
    """Apply the fused activation and give the output its shape."""
    low, high = limits(op.attrs.get("activation"))
    if low > -np.inf:
        y = ops.maximum(y, low)
    if high < np.inf:
        y = ops.minimum(y, high)
    return ops.reshape(y, (-1, *op.output.shape))


def _conv2d(op: Op, x, kernel, bias):
    """kernel: (KH, KW, in, out)."""
    how = {"strides": op.attrs["stride"], "dilation_rate": op.attrs["dilation"], "data_format": "channels_last"}
    return _finish(op, ops.conv(_padded(op, _image(x)), kernel, padding="valid", **how) + bias)


def _conv2d_transpose(op: Op, x, kernel, bias):
    """kernel: (KH, KW, in, out). What it reaches, then cut, or filled up with zeros."""
    how = {"strides": op.attrs["stride"], "dilation_rate": op.attrs["dilation"], "data_format": "channels_last"}
    y = ops.conv_transpose(_image(x), ops.transpose(kernel, (0, 1, 3, 2)), padding="valid", **how)
    top, bottom, left, right = op.attrs["padding"]
    reach = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(
        _image(x).shape[1:3], op.attrs["stride"], kernel.shape[:2], op.attrs["dilation"])]  # fmt: skip
    y = y[:, top : reach[0] - max(bottom, 0), left : reach[1] - max(right, 0)]
    more = [reach[i] - a - b - n for i, (a, b, n) in enumerate(
        ((top, bottom, y.shape[1]), (left, right, y.shape[2])))]  # fmt: skip
    y = ops.pad(y, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)))
    return _finish(op, y + bias)


def _depthwise_conv2d(op: Op, x, kernel, bias):
    """kernel: (KH, KW, in, multiplier)."""
    x, (down, right) = _padded(op, _image(x)), op.attrs["stride"]
    if x.shape[1] == kernel.shape[0] == 1:
        down = right  # of a single row; TensorFlow wants both alike
    how = {"strides": (down, right), "dilation_rate": op.attrs["dilation"], "data_format": "channels_last"}
    return _finish(op, ops.depthwise_conv(x, kernel, padding="valid", **how) + bias)


def _fully_connected(op: Op, x, kernel, bias):
    """kernel: (in, out)."""
    return _finish(op, ops.matmul(ops.reshape(x, (-1, kernel.shape[0])), kernel) + bias)


def _pool(op: Op, x, how, fill: float):
    kernel, stride = (tuple(op.attrs[name]) for name in ("kernel", "stride"))
    return how(_padded(op, _image(x), fill), kernel, stride, padding="valid", data_format="channels_last")


def _average_pool(op: Op, x):
    """The mean of what lies inside of the image: the share of each window that does divides it."""
    ones = ops.ones((1, *op.inputs[0].shape))
    total, inside = (_pool(op, values, ops.average_pool, 0.0) for values in (x, ones))
    return _finish(op, total / inside)


def _mean(op: Op, x):
    return _finish(op, ops.mean(x, axis=tuple(axis + 1 for axis in op.attrs["axes"])))


def _arithmetic(function):
    def run(op: Op, *inputs):
        rank = len(op.output.shape)
        aligned = [ops.reshape(x, (-1, *[1] * (rank + 1 - len(x.shape)), *x.shape[1:])) for x in inputs]
        return _finish(op, function(*aligned))

    return run


def _concat(op: Op, *inputs):
    like = next(x for x, tensor in zip(inputs, op.inputs) if tensor.data is None)
    zeros = ops.zeros_like(ops.reshape(like, (-1, int(np.prod(like.shape[1:]))))[:, :1])
    parts = [x if t.data is None else x + ops.reshape(zeros, (-1, *[1] * len(t.shape))) for x, t in zip(inputs, op.inputs)]
    return ops.concatenate(parts, axis=op.attrs["axis"] + 1)


def _pad(op: Op, x):
    widths = ((0, 0), *zip(op.attrs["before"], op.attrs["after"]))
    return ops.pad(x, widths, constant_values=op.attrs.get("value", 0.0))


def _chosen(op: Op, x):
    """Slices and enlargements by nearest: elements of the input, which ones the NumPy op tells."""
    numbers = np.arange(op.inputs[0].size, dtype=np.float64).reshape(1, *op.inputs[0].shape)
    chosen = float_ops.OPS[op.kind](op, [numbers]).reshape(-1).astype(np.int32)
    flat = ops.take(ops.reshape(x, (-1, op.inputs[0].size)), chosen, axis=1)
    return ops.reshape(flat, (-1, *op.output.shape))


def _resize_bilinear(op: Op, x):
    """Along each axis the product with a matrix, which is what the NumPy op makes of single pixels."""
    shape = op.output.shape
    x, size = _image(x), shape[:2] if len(shape) == 3 else (1, shape[0])
    for axis, after in zip((1, 2), size):
        pixels = np.eye(x.shape[axis], dtype=np.float32)[..., None, None]
        line = Op(op.kind, [], [Tensor("line", (after, 1, 1))], op.attrs)
        matrix = float_ops.OPS[op.kind](line, [pixels])[..., 0, 0]
        x = ops.moveaxis(ops.tensordot(x, matrix, axes=[[axis], [0]]), -1, axis)
    return ops.reshape(x, (-1, *shape))


def _threshold_relu(op: Op, x):
    threshold, slope, most = (op.attrs[name] for name in ("threshold", "negative_slope", "max_value"))
    y = ops.where(x >= threshold, x, slope * (x - threshold))
    return y if most is None else ops.minimum(y, most)


def _elu(x, alpha: float):
    return ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, 0.0)))


def _gate(x):
    return ops.clip(x + 3.0, 0.0, 6.0) / 6.0


OPS = {
    "conv2d": _conv2d,
    "conv2d_transpose": _conv2d_transpose,
    "depthwise_conv2d": _depthwise_conv2d,
    "fully_connected": _fully_connected,
    "max_pool": lambda op, x: _finish(op, _pool(op, x, ops.max_pool, OUTSIDE)),
    "average_pool": _average_pool,
    "mean": _mean,
    "add": _arithmetic(ops.add),
    "sub": _arithmetic(ops.subtract),
    "mul": _arithmetic(ops.multiply),
    "maximum": _arithmetic(ops.maximum),
    "minimum": _arithmetic(ops.minimum),
    "prelu": _arithmetic(lambda x, slope: ops.where(x >= 0, x, slope * x)),
    "concat": _concat,
    "pad": _pad,
    "reshape": lambda op, x: ops.reshape(x, (-1, *op.output.shape)),
    "transpose": lambda op, x: ops.transpose(x, (0, *[axis + 1 for axis in op.attrs["perm"]])),
    "strided_slice": _chosen,
    "resize_nearest": _chosen,
    "resize_bilinear": _resize_bilinear,
    "softmax": lambda op, x: ops.softmax(x * op.attrs.get("beta", 1.0), axis=-1),
    "relu": lambda op, x: ops.relu(x),
    "relu6": lambda op, x: ops.relu6(x),
    "clip": lambda op, x: ops.clip(x, op.attrs["low"], op.attrs["high"]),
    "leaky_relu": lambda op, x: ops.where(x >= 0, x, op.attrs["alpha"] * x),
    "threshold_relu": _threshold_relu,
    "logistic": lambda op, x: ops.sigmoid(x),
    "tanh": lambda op, x: ops.tanh(x),
    "hard_swish": lambda op, x: x * _gate(x),
    "hard_sigmoid": lambda op, x: _gate(x),
    "silu": lambda op, x: x * ops.sigmoid(x),
    "elu": lambda op, x: _elu(x, op.attrs["alpha"]),
    "selu": lambda op, x: 1.0507009873554805 * _elu(x, 1.6732632423543772),
    "gelu": lambda op, x: ops.gelu(x, approximate=False),
    "softplus": lambda op, x: ops.softplus(x),
    "softsign": lambda op, x: ops.softsign(x),
    "exp": lambda op, x: ops.exp(x),
    "affine": lambda op, x: x * op.attrs["scale"] + op.attrs["offset"],
}
