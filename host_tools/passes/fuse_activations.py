"""Fuse relu, relu6 and clip into the op before them: there they are a bound of the result and cost nothing."""

from __future__ import annotations

from typing import Any

from host_tools.graph import Graph, Op
from host_tools.passes import rewire
from host_tools.unary import limits

FUSING = (
    *("conv2d", "depthwise_conv2d", "conv2d_transpose", "fully_connected", "max_pool", "average_pool"),
    *("add", "sub", "mul", "maximum", "minimum", "squared_difference", "div"),
)


def fuse_activations(graph: Graph) -> Graph:
    """A graph in which clamping ops stand alone only where nothing before them can take them."""
    graph = rewire.copy(graph)
    for op in list(graph.ops):
        bounds = _bounds(op)
        source = graph.producer(op.inputs[0])
        if bounds is None or source is None or source.kind not in FUSING:
            continue
        if rewire.only_reader(graph, op.inputs[0]) is not op:
            continue
        source.attrs["activation"] = _both(source.attrs.get("activation"), bounds)
        source.outputs = op.outputs
        rewire.remove(graph, [op])
    return graph


def _bounds(op: Op) -> tuple[float, float] | None:
    """The least and greatest value of a clamping op; None for other ops."""
    if op.kind in ("relu", "relu6"):
        return limits(op.kind)
    return (op.attrs["low"], op.attrs["high"]) if op.kind == "clip" else None


def _both(first: Any, then: tuple[float, float]) -> Any:
    """One activation for two in a row, by its name where it has one."""
    low, high = limits(first)
    low, high = (min(max(bound, then[0]), then[1]) for bound in (low, high))
    names = {limits(name): name for name in ("relu", "relu6")}
    return names.get((low, high), (low, high))
