"""Weights to int8, of which 4-bit weights use -7 to 7, and biases to int32.

One scale per output channel, or one for all of a dense layer, where one_scale.py says so.
"""

from __future__ import annotations

import numpy as np

from host_tools.graph import Op, Tensor
from host_tools.passes import adaptive_rounding, rewire
from host_tools.passes.bits import LARGEST

# The shares of the largest weight that the search tries as the end of the scale, by bits of the weights.
RATIOS = {8: np.linspace(1.0, 0.6, 17), 4: np.linspace(1.0, 0.3, 71)}
TINY = 1e-30


def quantize_weights(
    op: Op,
    input_scale: float,
    moments: np.ndarray | None = None,
    seen: tuple[adaptive_rounding.Moments, adaptive_rounding.Moments] | None = None,
) -> None:
    """Replace an op's float weights by int8 in [-127, 127], in [-7, 7] with `weight_bits` 4, and its bias by int32.

    The op is changed in place; with `one_scale` its channels share a scale, found like theirs. moments: the mean square of each input channel. With them each output channel's scale is
    the one of RATIOS whose rounding and clipping errors, weighted so, add least to its output; without, its largest
    weight becomes 127 (7). seen: the moments for adaptive rounding; without, weights are rounded to the nearest.
    """
    weights, bias = rewire.weights(op), rewire.bias(op)
    bits = op.attrs.pop("weight_bits", 8)
    most = LARGEST[bits]
    flat = _rows(op, weights)
    shared = op.attrs.pop("one_scale", False)
    rows = flat.reshape(1, -1) if shared else flat
    scale = np.abs(rows).max(axis=1) / most
    if moments is not None:
        importance = _rows(op, np.broadcast_to(rewire.by_input(op, moments), weights.shape)).reshape(rows.shape)
        scale = best_scale(rows, scale, importance, bits)
    least = np.abs(bias) / (input_scale * 2.0**30)  # the bias must fit into 32 bits
    scale = np.maximum(scale, least.max() if shared else least)
    scale = np.where(scale < TINY, 1.0, scale).astype(np.float32)
    scale = np.broadcast_to(scale, len(flat))
    q = np.clip(np.rint(weights / rewire.by_output(op, scale.astype(np.float64))), -most, most)
    if seen:
        q = _shaped(op, adaptive_rounding.round_rows(flat, scale, _rows(op, q), seen, most))
    names = (op.inputs[1].name, op.inputs[2].name if len(op.inputs) > 2 else f"{op.name}/bias")
    op.inputs[1:] = [
        Tensor(names[0], weights.shape, "int8", scale, 0, q.astype(np.int8)),
        Tensor(names[1], bias.shape, "int32", bias_scale(input_scale, scale), 0, np.zeros(bias.shape, np.int32)),
    ]
    if shared:
        for tensor in op.inputs[1:]:
            tensor.scale = float(tensor.scale[0])
    set_bias(op, bias)
    if op.inputs[0].dtype == "int16" and _largest_sum(op) >= 2**31:
        op.inputs[2].dtype, op.inputs[2].data = "int64", op.inputs[2].data.astype(np.int64)  # asks for sums of 64 bits


def _largest_sum(op: Op) -> int:
    """Of int16 activations with the op's weights."""
    rows = np.abs(_rows(op, op.inputs[1].data.astype(np.int64))).sum(axis=1)
    return int((32768 * rows + np.abs(op.inputs[2].data.astype(np.int64))).max())


def set_bias(op: Op, bias: np.ndarray) -> None:
    """Round real biases to the int32 bias of a quantized op."""
    tensor = op.inputs[2]
    limits = np.iinfo(np.int32)
    q = np.clip(np.rint(bias / np.asarray(tensor.scale, np.float64)), limits.min, limits.max)
    tensor.data = q.astype(tensor.data.dtype)


def bias_scale(input_scale: float, scale: np.ndarray) -> np.ndarray:
    """The scale of the accumulator: input scale times weight scale, each a float32 (as float64)."""
    return np.float64(np.float32(input_scale)) * scale.astype(np.float64)


def _rows(op: Op, weights: np.ndarray) -> np.ndarray:
    """The weights as (output channels, weights of one channel)."""
    if op.kind == "depthwise_conv2d":
        return weights.reshape(-1, weights.shape[-1]).T
    return weights.reshape(len(weights), -1)


def _shaped(op: Op, rows: np.ndarray) -> np.ndarray:
    """Rows of weights in the shape of the op's weights."""
    return (rows.T if op.kind == "depthwise_conv2d" else rows).reshape(op.inputs[1].shape)


def best_scale(rows: np.ndarray, scale: np.ndarray, importance: np.ndarray, bits: int) -> np.ndarray:
    """Of each row the scale, one of the shares of RATIOS, that adds least error; importance: the weights of squares."""
    best, least = scale, np.full(len(rows), np.inf)
    most = LARGEST[bits]
    for ratio in RATIOS[bits]:
        tried = np.maximum(scale * ratio, TINY)[:, None]
        error = rows - np.clip(np.rint(rows / tried), -most, most) * tried
        cost = (importance * error * error).sum(axis=1)
        best = np.where(cost < least, tried[:, 0], best)
        least = np.minimum(cost, least)
    return best
