"""Channels whose value no input can change are folded into the bias of what reads them.

Training leaves many of them behind a ReLU: of the 128 channels of the later layers of the MLPerf Tiny person detector
about a hundred. Exact: the engine's sums are the same integers, only worked out here. A constant channel that has to
stay, for an addition or a concatenation say, gets weights of 0 and a bias that makes its value by a plain factor:
before, that is often a bias near 2^31 times a tiny factor, for which an engine's fast requantization has no bits.
"""

from __future__ import annotations

import numpy as np

from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire
from host_tools.passes.value_ranges import padded, ranges, tiles

_PASSING = ("max_pool", "average_pool", "mean", "reshape", "depthwise_conv2d")  # channels in are channels out
BLOCK = 4  # channels
_INT32 = 1 << 31
_FACTOR = 0.6  # from a bias to its value; above 1/2, where no shift is needed, and no product of it is near a tie


def drop_constant_channels(graph: Graph, whole_blocks: bool = False) -> Graph:
    """A graph without the channels that can be done without; each tensor keeps one at least.

    whole_blocks: only four channels at once that are a block of the file's, so that the blocks of weights around them, zero or
    not, stay what they are.
    """
    found = ranges(graph)
    constants = {tensor: low for tensor, (low, _) in found.items()}
    dropped = {tensor: low == high for tensor, (low, high) in found.items()}
    for tensor in [*graph.inputs, *graph.outputs]:
        dropped[tensor] = np.zeros(len(constants[tensor]), bool)
    while _restrict(graph, constants, dropped, whole_blocks):
        pass
    fixed = {tensor: low == high for tensor, (low, high) in found.items()}
    if not any(fixed[op.output].any() for op in graph.ops if op.kind in rewire.WEIGHTED):
        return graph
    return _rewritten(graph, constants, fixed, dropped)


def _restrict(graph: Graph, constants: dict, dropped: dict, whole_blocks: bool) -> bool:
    """Takes back what the ops do not allow to be dropped; whether anything was."""
    before = sum(int(mask.sum()) for mask in dropped.values())
    made = {op.output for op in graph.ops}
    for op in graph.ops:
        for tensor in op.inputs:
            if tensor.data is None:
                dropped[tensor] = dropped[tensor] & _absorbed(op, tensor, constants[tensor], dropped)
        if op.kind not in ("conv2d", "fully_connected"):
            dropped[op.output] = dropped[op.output] & _passed(op, dropped)
    for tensor, mask in dropped.items():
        if tensor not in made:
            mask[:] = False
        if whole_blocks:
            for start in range(0, len(mask), BLOCK):
                mask[start : start + BLOCK] &= len(mask) >= start + BLOCK and mask[start : start + BLOCK].all()
        if mask.all():
            mask[0] = False
    return sum(int(mask.sum()) for mask in dropped.values()) < before


def _absorbed(op: Op, tensor: Tensor, values: np.ndarray, dropped: dict) -> np.ndarray:
    """Which constant channels of its input the op can do without."""
    none, all_ = np.zeros(len(values), bool), np.ones(len(values), bool)
    if op.kind == "fully_connected":
        return all_ if op.inputs[1].shape[1] == len(values) else none
    beside = all_
    if op.kind in ("conv2d", "depthwise_conv2d") and padded(op):
        beside = values == tensor.zero_point  # else a window at the border has another sum
    if op.kind == "conv2d":
        return beside
    if op.kind not in _PASSING or not _plain(op):
        return none
    out = dropped[op.output]
    return beside & out.reshape(-1, len(values)).all(axis=0)


def _passed(op: Op, dropped: dict) -> np.ndarray:
    """Which channels of its output an op without a sum over channels need not make."""
    if op.kind not in _PASSING or not _plain(op):
        return np.zeros(op.output.shape[-1] if op.output.shape else 1, bool)
    mask = dropped[op.inputs[0]]
    return np.tile(mask, op.output.shape[-1] // len(mask))


def _plain(op: Op) -> bool:
    """Whether output channel c comes from input channel c alone (modulo the input's channels, in a reshape)."""
    if op.kind == "depthwise_conv2d":
        return op.attrs["multiplier"] == 1
    if op.kind == "reshape":
        return tiles(op) > 0
    return bool(op.output.shape) and op.output.shape[-1] == op.inputs[0].shape[-1]


def _rewritten(graph: Graph, constants: dict, fixed: dict, dropped: dict) -> Graph:
    """The graph with smaller tensors, weights and biases."""
    old = [tensor for op in graph.ops for tensor in op.outputs]
    new_graph = rewire.copy(graph)
    new = [tensor for op in new_graph.ops for tensor in op.outputs]
    keep = {twin: ~dropped[tensor] for tensor, twin in zip(old, new)}
    values = {twin: constants[tensor] for tensor, twin in zip(old, new)}
    stuck = {twin: fixed[tensor] & ~dropped[tensor] for tensor, twin in zip(old, new)}
    for op in new_graph.ops:
        if op.kind in rewire.WEIGHTED:
            _slice(op, keep.get(op.inputs[0]), values.get(op.inputs[0]), keep[op.output])
            _simplify(op, stuck[op.output][keep[op.output]], values[op.output][keep[op.output]])
    for tensor, mask in keep.items():
        if not mask.all():
            tensor.shape = (*tensor.shape[:-1], int(mask.sum()))
    return new_graph


def _slice(op: Op, used: np.ndarray | None, values: np.ndarray | None, made: np.ndarray) -> None:
    """Gives the op the weights and biases of the channels that stay; `used` are those of its input."""
    x, w = op.inputs[:2]
    weights, depthwise = w.data, op.kind == "depthwise_conv2d"
    bias = op.inputs[2].data.astype(np.int64) if len(op.inputs) > 2 else np.zeros(len(made), np.int64)
    if used is not None and not used.all() and not depthwise:
        gone = weights[..., ~used].astype(np.int64).reshape(len(weights), -1, int((~used).sum()))
        bias = bias + (gone * (values[~used].astype(np.int64) - x.zero_point)).sum(axis=(1, 2))
        weights = weights[..., used]
    weights = weights[..., made] if depthwise else weights[made]
    # The engine's sums wrap, and so may a bias.
    bias = (bias[made] + _INT32) % (2 * _INT32) - _INT32
    source = op.inputs[2] if len(op.inputs) > 2 else None
    op.inputs = [
        x,
        Tensor(w.name, weights.shape, w.dtype, _of_channels(w.scale, made), w.zero_point, np.ascontiguousarray(weights)),
        Tensor(
            source.name if source else f"{op.name}/bias", bias.shape, "int32",
            _of_channels(source.scale, made) if source else None, 0, bias.astype(np.int32),
        ),
    ]  # fmt: skip


def _of_channels(scale, made: np.ndarray):
    """The scales of the channels that stay, where each has its own."""
    return np.asarray(scale)[made] if np.size(scale) == len(made) > 1 else scale


def _simplify(op: Op, fixed: np.ndarray, values: np.ndarray) -> None:
    """The plainest weights, bias and scale for constant channels that stay."""
    x, w, bias = op.inputs
    if not fixed.any() or np.size(w.scale) != len(fixed) or len(fixed) == 1:
        return
    w.scale = np.where(fixed, np.float32(_FACTOR * float(op.output.scale) / float(x.scale)), w.scale).astype(np.float32)
    w.data = w.data.copy()
    w.data[(..., fixed) if op.kind == "depthwise_conv2d" else fixed] = 0
    made = np.rint((values - op.output.zero_point) / _FACTOR)
    bias.data = np.where(fixed, made, bias.data).astype(np.int32)
    bias.scale = None if np.ndim(bias.scale) else bias.scale
