"""An average pool of the whole image becomes a mean: that op may choose its output's scale, a pool may not.

The average of many numbers spans a far smaller range than they do; with the pool's scale it would use few of the 256
values.
"""

from __future__ import annotations

from host_tools.graph import Graph
from host_tools.passes import rewire


def pool_to_mean(graph: Graph) -> Graph:
    """A graph in which no average pool covers its whole input."""
    graph = rewire.copy(graph)
    for op in graph.ops:
        if op.kind != "average_pool" or any(op.attrs["padding"]) or op.attrs.get("activation") is not None:
            continue
        shape = op.inputs[0].shape
        size = shape[:2] if len(shape) == 3 else (1, shape[0])
        if tuple(op.attrs["kernel"]) == tuple(size):
            op.kind, op.attrs = "mean", {"axes": tuple(range(len(shape) - 1))}
    return graph
