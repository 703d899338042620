"""Keep int16 samples apart from int8 activations: an op of its own goes from one to the other."""

from __future__ import annotations

from host_tools.families.signal import INT16
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire


def split_samples(graph: Graph) -> Graph:
    """A graph in which what ops on samples (families.signal.INT16) read or make is read and made by no other op, but by a
    "quantize". The model's inputs and outputs may be samples."""
    if not any(op.kind in INT16 for op in graph.ops):
        return graph
    graph = rewire.copy(graph)
    made = {op.output for op in graph.ops if op.kind in INT16}
    ops: list[Op] = []
    for op in graph.ops:
        wanted = op.kind in INT16
        for i, tensor in enumerate(op.inputs):
            if tensor.data is not None or (i and wanted) or (tensor in made) == wanted or _only_samples(graph, tensor, wanted):
                continue
            between = Tensor(f"{tensor.name}/{'int16' if wanted else 'int8'}", tensor.shape)
            ops.append(Op("quantize", [tensor], [between], {}, between.name))
            op.inputs[i] = between
        ops.append(op)
    graph.ops = ops
    return graph


def _only_samples(graph: Graph, tensor: Tensor, wanted: bool) -> bool:
    """Is the tensor one of the model's inputs that only ops on samples read, or that none of them does?"""
    return graph.producer(tensor) is None and all((op.kind in INT16) == wanted for op in graph.consumers(tensor))


def sample_grids(graph: Graph, spread) -> dict[Tensor, tuple[str, float]]:
    """Number type and scale of every tensor of samples; spread(tensor): the scale of one that no op on samples makes."""
    grids: dict[Tensor, tuple[str, float]] = {}
    for op in graph.ops:
        if op.kind in INT16:
            x = op.inputs[0]
            if x not in grids:
                grids[x] = "int16", spread(x)
            grids[op.output] = INT16[op.kind](op, grids[x][1])
    return grids
