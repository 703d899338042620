"""Which values each channel of a quantized graph's tensors can have, whatever the model's input.

Interval arithmetic on the integers the engine computes: a sum's least value takes each factor at the end that makes it
least. What an op is not known to do here, it may do: its output then has the full range.
"""

from __future__ import annotations

import numpy as np

from host_tools import fixed_point, tables
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.lower_edges import same_quantization
from host_tools.passes.lower_window import folded_bias, multipliers

Range = tuple[np.ndarray, np.ndarray]  # least and greatest int8 value of each channel (the last axis)
_INT32 = 1 << 31


def ranges(graph: Graph) -> dict[Tensor, Range]:
    """The ranges of every int8 activation."""
    found: dict[Tensor, Range] = {}
    for tensor in graph.inputs:
        found[tensor] = _full(tensor)
    for op in graph.ops:
        rule = _RULES.get(op.kind)
        for tensor in op.outputs:
            found[tensor] = (rule and _int8(op) and rule(op, found)) or _full(tensor)
    return found


def padded(op: Op) -> bool:
    """Whether a window reads zero points beside the image."""
    return any(op.attrs["padding"])


def tiles(op: Op) -> int:
    """How often the channels of a reshape's input stand in the last axis of its output; 0 where they are mixed."""
    x, y = op.inputs[0].shape, op.output.shape
    if not x or not y or y[-1] % x[-1]:
        return 0
    times = y[-1] // x[-1]
    return times if times == 1 or times * x[-1] == op.inputs[0].size else 0


def _int8(op: Op) -> bool:
    return all(t.dtype == "int8" for t in [op.inputs[0], op.output] if t.shape) and bool(op.output.shape)


def _full(tensor: Tensor) -> Range:
    channels = tensor.shape[-1] if tensor.shape else 1
    return np.full(channels, -128), np.full(channels, 127)


def _seen(op: Op, found: dict[Tensor, Range]) -> Range:
    """Least and greatest x - zero point of each input channel, padding included."""
    x = op.inputs[0]
    low, high = (np.asarray(end, np.int64) - x.zero_point for end in found.get(x, _full(x)))
    if op.kind != "fully_connected" and padded(op):
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    return low, high


def _weighted(op: Op, found: dict[Tensor, Range]) -> Range | None:
    x, w = op.inputs[:2]
    weights = w.data.astype(np.int64)
    low, high = _seen(op, found)
    if op.kind == "depthwise_conv2d":
        rows = weights.reshape(-1, weights.shape[-1]).T[:, :, None]
        low, high = (np.repeat(end, op.attrs["multiplier"])[:, None, None] for end in (low, high))
    else:
        if weights.shape[-1] != x.shape[-1]:
            return None
        rows = weights.reshape(len(weights), -1, weights.shape[-1])
    # The zero point is subtracted from x here, so the bias is the op's own.
    bias = folded_bias(op, np.zeros(len(rows), np.int64))
    least = bias + np.minimum(rows * low, rows * high).sum(axis=(1, 2))
    most = bias + np.maximum(rows * low, rows * high).sum(axis=(1, 2))
    if least.min() < -_INT32 or most.max() >= _INT32:
        return None  # the sums may wrap
    return _output(op, least, most)


def _output(op: Op, least: np.ndarray, most: np.ndarray) -> Range:
    """Ranges of accumulators as int8: requantization never falls where its argument rises."""
    scales = [np.broadcast_to(part, len(least)) for part in multipliers(op)]
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)

    def requantized(values):
        made = [fixed_point.multiply(v, int(m), int(s)) for v, m, s in zip(values, *scales)]
        return np.clip(np.array(made, np.int64) + op.output.zero_point, low, high)

    if any(int(s) > 0 for s in scales[1]):
        return np.full(len(least), low), np.full(len(least), high)  # a left shift may wrap
    return requantized(least), requantized(most)


def _kept(op: Op, found: dict[Tensor, Range]) -> Range | None:
    """Pools and means of one quantization: between the least and the greatest value they see, then clamped."""
    x, y = op.inputs[0], op.output
    if not same_quantization(x, y) or x.shape[-1] != y.shape[-1]:
        return None
    if op.kind == "mean" and len(x.shape) - 1 in [axis % len(x.shape) for axis in op.attrs["axes"]]:
        return None
    low, high = tables.activation_range(op.attrs.get("activation"), y)
    return tuple(np.clip(end, low, high) for end in found.get(x, _full(x)))


def _reshaped(op: Op, found: dict[Tensor, Range]) -> Range | None:
    x, times = op.inputs[0], tiles(op)
    return tuple(np.tile(end, times) for end in found.get(x, _full(x))) if times else None


_RULES = {
    "conv2d": _weighted,
    "depthwise_conv2d": _weighted,
    "fully_connected": _weighted,
    "max_pool": _kept,
    "average_pool": _kept,
    "mean": _kept,
    "reshape": _reshaped,
}
