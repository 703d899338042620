"""Fold a factor of all samples into the window of the spectrogram behind it: its 16 bits then hold the samples alone."""

from __future__ import annotations

import numpy as np

from host_tools.graph import Graph, Op
from host_tools.passes import rewire


def fold_gain(graph: Graph) -> Graph:
    """A graph in which a Rescaling before a spectrogram is part of its window, or, where it also adds something, one function
    of a value instead of one for each sample."""
    if not any(op.kind == "spectrogram" for op in graph.ops):
        return graph
    graph = rewire.copy(graph)
    for reader in [op for op in graph.ops if op.kind == "spectrogram"]:
        above = reader
        while (op := graph.producer(above.inputs[0])) and rewire.only_reader(graph, op.output) is above:
            factors = _uniform(op)
            if factors is None and op.kind != "reshape":
                break
            if factors is None:
                above = op
            elif factors[1]:
                op.kind, op.inputs, op.attrs = "affine", op.inputs[:1], {"scale": factors[0], "offset": factors[1]}
                break
            else:
                for name in {"window", "kernels"} & reader.attrs.keys():
                    reader.attrs[name] = np.asarray(reader.attrs[name], np.float64) * factors[0]
                above.inputs[0] = op.inputs[0]
                rewire.remove(graph, [op])
    return graph


def _uniform(op: Op) -> tuple[float, float] | None:
    """The factor and the addend of a normalisation that has one of each."""
    if op.kind != "batch_norm":
        return None
    gamma, beta, mean, variance = (tensor.data.astype(np.float64) for tensor in op.inputs[1:])
    factor = gamma / np.sqrt(variance + op.attrs["epsilon"])
    addend = beta - mean * factor
    if np.ptp(factor) or np.ptp(addend):
        return None
    return float(factor.flat[0]), float(addend.flat[0])
