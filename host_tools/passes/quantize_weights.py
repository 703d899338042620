"""Weights to int8 and biases to int32, one scale per output channel."""

from __future__ import annotations

import numpy as np

from host_tools.graph import Op, Tensor
from host_tools.passes import rewire

RATIOS = np.linspace(1.0, 0.6, 17)  # the shares of the largest weight that the search tries as the end of the scale
TINY = 1e-30


def quantize_weights(op: Op, input_scale: float, moments: np.ndarray | None = None) -> None:
    """Replace an op's float weights by int8 in [-127, 127] and its bias by int32; the op is changed in place.

    moments: the mean square of each input channel. With them each output channel's scale is the one of 17 whose
    rounding and clipping errors, weighted so, add least to its output; without, its largest weight becomes 127.
    """
    weights, bias = rewire.weights(op), rewire.bias(op)
    flat = _rows(op, weights)
    scale = np.abs(flat).max(axis=1) / 127
    if moments is not None:
        scale = _best_scale(flat, scale, _rows(op, np.broadcast_to(rewire.by_input(op, moments), weights.shape)))
    scale = np.maximum(scale, np.abs(bias) / (input_scale * 2.0**30))  # the bias must fit into 32 bits
    scale = np.where(scale < TINY, 1.0, scale).astype(np.float32)
    q = np.clip(np.rint(weights / rewire.by_output(op, scale.astype(np.float64))), -127, 127)
    names = (op.inputs[1].name, op.inputs[2].name if len(op.inputs) > 2 else f"{op.name}/bias")
    op.inputs[1:] = [
        Tensor(names[0], weights.shape, "int8", scale, 0, q.astype(np.int8)),
        Tensor(names[1], bias.shape, "int32", bias_scale(input_scale, scale), 0, np.zeros(bias.shape, np.int32)),
    ]
    set_bias(op, bias)


def set_bias(op: Op, bias: np.ndarray) -> None:
    """Round real biases to the int32 bias of a quantized op."""
    tensor = op.inputs[2]
    limits = np.iinfo(np.int32)
    q = np.clip(np.rint(bias / np.asarray(tensor.scale, np.float64)), limits.min, limits.max)
    tensor.data = q.astype(np.int32)


def bias_scale(input_scale: float, scale: np.ndarray) -> np.ndarray:
    """The scale of the accumulator: input scale times weight scale, each a float32 (as float64)."""
    return np.float64(np.float32(input_scale)) * scale.astype(np.float64)


def _rows(op: Op, weights: np.ndarray) -> np.ndarray:
    """The weights as (output channels, weights of one channel)."""
    if op.kind == "depthwise_conv2d":
        return weights.reshape(-1, weights.shape[-1]).T
    return weights.reshape(len(weights), -1)


def _best_scale(rows: np.ndarray, scale: np.ndarray, importance: np.ndarray) -> np.ndarray:
    best, least = scale, np.full(len(rows), np.inf)
    for ratio in RATIOS:
        tried = np.maximum(scale * ratio, TINY)[:, None]
        error = rows - np.clip(np.rint(rows / tried), -127, 127) * tried
        cost = (importance * error * error).sum(axis=1)
        best = np.where(cost < least, tried[:, 0], best)
        least = np.minimum(cost, least)
    return best
