"""Ops on tensors beyond the base ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op
from host_tools.op_kind import Kind
from host_tools.unary import activate

KINDS: dict[str, Any] = {
    # x, weights (out, kernel h, kernel w, in), bias or nothing; padding: what is cut off (top, bottom, left, right) of all
    # that the input's pixels reach, below 0 where more is added than cut
    "conv2d_transpose": Kind(2, 3, ("stride", "dilation", "padding"), ("activation", "weight_bits")),
    "maximum": Kind(2, 2, (), ("activation", "raw")),  # raw: of the integers, whatever their scales
    "minimum": Kind(2, 2, (), ("activation", "raw")),
    "prelu": Kind(2, 2),  # x, slopes
    "squared_difference": Kind(2, 2, (), ("activation",)),
    "div": Kind(2, 2, (), ("activation",)),
    "reduce_max": Kind(1, 1, ("axes",)),  # the output's shape tells whether the axes stay, as for a mean
    "reduce_min": Kind(1, 1, ("axes",)),
    "sum": Kind(1, 1, ("axes",)),
    "take": Kind(1, 1, ("places",)),  # for each axis the places of the input that the output has, or None for all
    "log_softmax": Kind(1, 1),  # over the last axis
    "l2_normalization": Kind(1, 1),  # over the last axis
    "cumsum": Kind(1, 1, ("axis", "exclusive", "reverse"), ("from_offset",)),  # from_offset: TFLite's way to begin
    **dict.fromkeys(
        ("abs", "neg", "square", "sqrt", "rsqrt", "reciprocal", "log", "sin", "cos", "ceil", "floor", "round", "sign"),
        Kind(1, 1),
    ),
    **dict.fromkeys(
        ("log_sigmoid", "tanh_shrink", "soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "sparse_sigmoid"),
        Kind(1, 1),
    ),
    "pow": Kind(1, 1, ("exponent",)),
}

# One value in, one value out: tables, see unary.py.
UNARY = (
    *("abs", "neg", "square", "sqrt", "rsqrt", "reciprocal", "log", "sin", "cos", "ceil", "floor", "round", "sign"),
    *("log_sigmoid", "tanh_shrink", "soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "sparse_sigmoid"),
    "pow",
)


def _conv2d_transpose(op: Op):
    x, w = op.inputs[:2]
    if len(x.shape) not in (2, 3):
        raise ConversionError(f"takes an image or a row of samples, received shape {tuple(x.shape)}")
    if w.shape[3] != x.shape[-1]:
        raise ConversionError(f"weights for {w.shape[3]} input channels, received {x.shape[-1]}")
    size = (1, *x.shape)[-3:-1]
    out = [
        (n - 1) * s + (k - 1) * d + 1 - sum(op.attrs["padding"][2 * i : 2 * i + 2])
        for i, (n, s, k, d) in enumerate(zip(size, op.attrs["stride"], w.shape[1:3], op.attrs["dilation"]))
    ]
    return (*out[3 - len(x.shape) :], w.shape[0])


def _binary(op: Op):
    return tuple(np.broadcast_shapes(*(tensor.shape for tensor in op.inputs)))


def _reduced(op: Op):
    shape, axes = op.inputs[0].shape, op.attrs["axes"]
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return kept if tuple(op.output.shape) == kept else tuple(n for i, n in enumerate(shape) if i not in axes)


def _taken(op: Op):
    return tuple(n if p is None else len(p) for n, p in zip(op.inputs[0].shape, op.attrs["places"]))


SHAPES: dict[str, Any] = {
    "conv2d_transpose": _conv2d_transpose,
    **dict.fromkeys(("maximum", "minimum", "prelu", "squared_difference", "div"), _binary),
    **dict.fromkeys(("reduce_max", "reduce_min", "sum"), _reduced),
    "take": _taken,
}


def _float_transpose(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    """Every input pixel times the weights is added to what it reaches."""
    x, w = inputs[0], inputs[1][0]
    x = x if x.ndim == 4 else x[:, None]
    (sh, sw), (dh, dw) = op.attrs["stride"], op.attrs["dilation"]
    n, height, width, _ = x.shape
    channels, rows, columns, _ = w.shape
    top, bottom, left, right = op.attrs["padding"]
    size = (height - 1) * sh + (rows - 1) * dh + 1, (width - 1) * sw + (columns - 1) * dw + 1
    y = np.zeros((n, size[0] + max(0, -bottom), size[1] + max(0, -right), channels), np.float32)
    for i, j in np.ndindex(rows, columns):
        y[:, i * dh : i * dh + (height - 1) * sh + 1 : sh, j * dw : j * dw + (width - 1) * sw + 1 : sw] += x @ w[:, i, j].T
    y = y[:, top : size[0] - bottom, left : size[1] - right]
    y = y + (inputs[2][0] if len(inputs) > 2 else np.float32(0))
    return activate(y, op.attrs.get("activation")).reshape(len(y), *op.output.shape)


def _pair(function):
    def run(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
        rank = len(op.output.shape)
        a, b = (x.reshape(len(x), *[1] * (rank + 1 - x.ndim), *x.shape[1:]) for x in inputs)
        y = activate(function(a, b), op.attrs.get("activation"))
        return y.reshape(len(y), *op.output.shape)

    return run


def _divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b where b is not 0, else as far as int8 goes."""
    return np.where(b == 0, 255 * np.sign(a), a / np.where(b == 0, 1, b)).astype(np.float32)


def _reduce(function):
    def run(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
        y = function(inputs[0], axis=tuple(axis + 1 for axis in op.attrs["axes"]))
        return y.reshape(len(inputs[0]), *op.output.shape)

    return run


def _take(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0]
    for axis, places in enumerate(op.attrs["places"]):
        x = x if places is None else np.take(x, places, axis=axis + 1)
    return x


def _log_softmax(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0] - inputs[0].max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def _l2_normalization(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x = inputs[0]
    return x / np.maximum(np.sqrt(np.square(x).sum(axis=-1, keepdims=True)), 1e-6)


def _cumsum(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    axis = op.attrs["axis"] + 1
    x = np.flip(inputs[0], axis) if op.attrs["reverse"] else inputs[0]
    y = np.cumsum(x, axis) - (x if op.attrs["exclusive"] else 0)
    return np.flip(y, axis) if op.attrs["reverse"] else y


FLOAT: dict[str, Any] = {
    "conv2d_transpose": _float_transpose,
    "maximum": _pair(np.maximum),
    "minimum": _pair(np.minimum),
    "prelu": _pair(lambda a, b: np.where(a >= 0, a, a * b)),
    "squared_difference": _pair(lambda a, b: np.square(a - b)),
    "div": _pair(_divided),
    "reduce_max": _reduce(np.max),
    "reduce_min": _reduce(np.min),
    "sum": _reduce(np.sum),
    "take": _take,
    "log_softmax": _log_softmax,
    "l2_normalization": _l2_normalization,
    "cumsum": _cumsum,
}
SAME: dict[str, Any] = dict.fromkeys(("reduce_max", "reduce_min", "take"))  # kinds whose output has the input's scale
# Kind to the (scale, zero point) that the kernel prescribes.
FIXED: dict[str, Any] = {"log_softmax": (1 / 16, 127), "l2_normalization": (1 / 128, 0)}
