"""Fold batch normalisation into the weights beside it.

y = x * scale + shift over the last axis is moved down through pooling and flattening, folded into a convolution or
dense layer before it or after it, and what is left becomes a 1x1 depthwise convolution, or a table where all channels
are alike.
"""

from __future__ import annotations

import numpy as np

from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire


def fold_batch_norm(graph: Graph) -> Graph:
    """A graph without batch_norm ops."""
    graph = rewire.copy(graph)
    for op in [op for op in graph.ops if op.kind == "batch_norm"]:
        scale, shift = _affine(op)
        if not _into_producer(graph, op, scale, shift):
            _into_consumers(graph, op, scale, shift)
    for op in [op for op in graph.ops if op.kind == "batch_norm"]:
        _leave(graph, op, *_affine(op))
    return graph


def _affine(op: Op) -> tuple[np.ndarray, np.ndarray]:
    """The scale and shift of each channel, float64."""
    gamma, beta, mean, variance = (tensor.data.astype(np.float64) for tensor in op.inputs[1:])
    scale = gamma / np.sqrt(variance + op.attrs["epsilon"])
    return scale, beta - mean * scale


def _set_affine(op: Op, scale: np.ndarray, shift: np.ndarray) -> None:
    names = [tensor.name for tensor in op.inputs[1:]]
    values = (scale, shift, np.zeros_like(scale), np.ones_like(scale))
    op.inputs[1:] = [rewire.constant(name, v) for name, v in zip(names, values)]
    op.attrs["epsilon"] = 0.0


def _into_producer(graph: Graph, op: Op, scale: np.ndarray, shift: np.ndarray) -> bool:
    """The op that makes x takes the factors: its output channels are the ones normalised."""
    source = graph.producer(op.inputs[0])
    if source is None or source.kind not in rewire.WEIGHTED or source.attrs.get("activation") is not None:
        return False
    if rewire.only_reader(graph, op.inputs[0]) is not op or rewire.channels(source) != len(scale):
        return False
    weights = rewire.weights(source) * rewire.by_output(source, scale)
    rewire.set_weights(source, weights, rewire.bias(source) * scale + shift)
    source.outputs = op.outputs
    rewire.remove(graph, [op])
    return True


def _into_consumers(graph: Graph, op: Op, scale: np.ndarray, shift: np.ndarray) -> None:
    """Every op that reads the result takes the factors, after the normalisation has moved as far down as it can."""
    while True:
        reader = rewire.only_reader(graph, op.output)
        if reader is None or not _move_below(graph, op, reader, scale):
            break
        scale, shift = _affine(op)
    readers = graph.consumers(op.output)
    if rewire.is_output(graph, op.output) or not readers:
        return
    if not all(_takes(reader, op.output, scale, shift) for reader in readers):
        return
    for reader in readers:
        weights = rewire.weights(reader)
        inner = weights * rewire.by_input(reader, shift)  # what the shift adds to each output
        axes = (0, 1) if reader.kind == "depthwise_conv2d" else tuple(range(1, weights.ndim))
        bias = rewire.bias(reader) + inner.sum(axis=axes)
        rewire.set_weights(reader, weights * rewire.by_input(reader, scale), bias)
        reader.inputs[0] = op.inputs[0]
    rewire.remove(graph, [op])


def _takes(reader: Op, x: Tensor, scale: np.ndarray, shift: np.ndarray) -> bool:
    """Whether an op can take the factors into its weights: padding must still stand for zero after the shift."""
    if reader.kind not in rewire.LINEAR or reader.inputs[0] is not x:
        return False
    if reader.kind == "fully_connected" and reader.inputs[1].shape[1] != len(scale):
        return False
    if reader.kind == "conv2d_transpose":  # at its borders fewer pixels add up
        return not shift.any()
    return not shift.any() or not any(reader.attrs.get("padding", ()))


def _move_below(graph: Graph, op: Op, reader: Op, scale: np.ndarray) -> bool:
    """Swap the normalisation with the op that reads it, where the order of the two does not matter."""
    if reader.attrs.get("activation") is not None or len(reader.inputs) != 1:
        return False
    channels = reader.output.shape[-1]
    spatial_mean = reader.kind == "mean" and len(op.output.shape) - 1 not in reader.attrs["axes"]
    if reader.kind == "max_pool" and (scale <= 0).any():
        return False
    if reader.kind == "reshape":
        if channels % len(scale):
            return False
        _set_affine(op, *(np.tile(v, channels // len(scale)) for v in _affine(op)))
    elif reader.kind not in ("max_pool", "average_pool") and not spatial_mean:
        return False
    before, between, after = op.inputs[0], op.output, reader.output
    moved = Tensor(between.name, after.shape)
    reader.inputs, reader.outputs = [before], [moved]
    op.inputs[0], op.outputs = moved, [after]
    index = [id(o) for o in graph.ops].index(id(reader))
    rewire.remove(graph, [op])
    graph.ops.insert(index, op)
    return True


def _leave(graph: Graph, op: Op, scale: np.ndarray, shift: np.ndarray) -> None:
    """Nothing takes it: a table if every channel is alike, else a depthwise convolution of size 1."""
    x, y = op.inputs[0], op.output
    if np.ptp(scale) == 0 and np.ptp(shift) == 0:
        op.kind, op.inputs, op.attrs = "affine", [x], {"scale": float(scale[0]), "offset": float(shift[0])}
        return
    attrs = {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0), "multiplier": 1, "activation": None}
    weights = rewire.constant(f"{op.name}/scale", scale.reshape(1, 1, -1))
    bias = rewire.constant(f"{op.name}/shift", shift)
    if len(x.shape) in (2, 3):
        op.kind, op.inputs, op.attrs = "depthwise_conv2d", [x, weights, bias], attrs
        return
    flat = (x.size // len(scale), len(scale))  # other ranks are seen as a row of pixels; a reshape moves nothing
    row, out = Tensor(f"{op.name}/row", flat), Tensor(f"{op.name}/scaled", flat)
    index = [id(o) for o in graph.ops].index(id(op))
    graph.ops[index : index + 1] = [
        Op("reshape", [x], [row], {}, row.name),
        Op("depthwise_conv2d", [row, weights, bias], [out], attrs, op.name),
        Op("reshape", [out], [y], {}, y.name),
    ]
