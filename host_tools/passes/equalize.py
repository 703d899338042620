"""Cross-layer equalization: give the channels of an activation like ranges.

A channel of one layer is divided by a factor and the next layer's weights for it are multiplied by the same, which
relu, pooling and padding let through (Nagel et al., 2019, "Data-Free Quantization Through Weight Equalization and Bias
Correction"). The first layer has a weight scale for each channel, so this costs it nothing, and channels with a small
range no longer share their 256 levels with a large neighbour. The next layer pays where its weights for one output
become uneven: `strength` says how far to go. Unlike the original, ranges are those measured on data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from host_tools.float_runtime import run
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire

LEAST = 1 / 256  # the smallest factor: a channel that is always 0 would ask for 0
PASSING = (
    "max_pool",
    "average_pool",
    "pad",
    "mean",
    "reshape",
    "resize_nearest",
    "resize_bilinear",
    "relu",
    "leaky_relu",
)


def equalize(graph: Graph, data: Sequence[np.ndarray] | np.ndarray, strength: float = 0.5) -> Graph:
    """A graph with the same outputs whose activations spread more evenly over their channels.

    data: calibration samples, one (n, *shape) array for each input. strength: 0 leaves the weights of dense and
    pointwise layers as even as they are, 1 makes all channels of the activations alike. Depthwise layers, which have a weight
    scale for each channel, always get even activations.
    """
    graph = rewire.copy(graph)
    peaks: dict[Tensor, np.ndarray] = {}

    def observe(tensor: Tensor, values: np.ndarray) -> None:
        peak = np.abs(values.reshape(-1, values.shape[-1])).max(axis=0).astype(np.float64)
        peaks[tensor] = np.maximum(peaks.get(tensor, 0.0), peak)

    run(graph, data, observe)
    for op in graph.ops:
        if op.kind not in rewire.WEIGHTED or op.attrs.get("activation") not in (None, "relu"):
            continue
        readers = _readers(graph, op.output)
        if readers:
            _share(op, readers, peaks[op.output], strength)
    return graph


def _readers(graph: Graph, tensor: Tensor) -> list[Op]:
    """The ops with weights that read the tensor, directly or through ops that pass factors on; [] if any other does."""
    if rewire.is_output(graph, tensor):
        return []
    found: list[Op] = []
    for op in graph.consumers(tensor):
        if op.kind in rewire.WEIGHTED and _input_channels(op) == tensor.shape[-1]:
            found.append(op)
        elif op.kind in PASSING and _passes(op):
            further = _readers(graph, op.output)
            if not further:
                return []
            found += further
        else:
            return []
    return found


def _input_channels(op: Op) -> int:
    return op.inputs[0].shape[-1] if op.kind != "fully_connected" else op.inputs[1].shape[1]


def _passes(op: Op) -> bool:
    """Whether a factor on each channel of the input is the same factor on each channel of the output."""
    if op.attrs.get("activation") not in (None, "relu") or op.output.shape[-1] != op.inputs[0].shape[-1]:
        return False
    last = len(op.inputs[0].shape) - 1
    if op.kind == "pad":
        return not op.attrs["before"][last] and not op.attrs["after"][last] and op.attrs.get("value", 0.0) == 0.0
    return op.kind != "mean" or last not in op.attrs["axes"]


def _share(op: Op, readers: list[Op], peak: np.ndarray, strength: float) -> None:
    """Divide the op's channels by factors and multiply its readers' weights by them."""
    if not peak.max() > 0:
        return
    wanted = np.maximum(peak / peak.max(), LEAST)
    if any(reader.kind != "depthwise_conv2d" for reader in readers):
        rows = [_magnitude(reader) for reader in readers if reader.kind != "depthwise_conv2d"]
        weight = np.maximum.reduce([row / max(row.max(), 1e-30) for row in rows])
        wanted = wanted**strength / np.maximum(weight, LEAST) ** (1 - strength)
    factors = wanted / (wanted * peak.max() / np.maximum(peak, peak.max() * LEAST)).min()
    rewire.set_weights(op, rewire.weights(op) / rewire.by_output(op, factors), rewire.bias(op) / factors)
    for reader in readers:
        rewire.set_weights(reader, rewire.weights(reader) * rewire.by_input(reader, factors), rewire.bias(reader))


def _magnitude(op: Op) -> np.ndarray:
    """The largest weight for each input channel."""
    weights = np.abs(rewire.weights(op))
    return weights.max(axis=tuple(range(weights.ndim - 1)))
