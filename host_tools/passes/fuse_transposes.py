"""A product of activations reads and writes its tensors in any order of axes: transposes beside it go away."""

from __future__ import annotations

from host_tools.graph import Graph
from host_tools.passes import rewire
from host_tools.passes.lower_edges import same_quantization


def fuse_transposes(graph: Graph) -> Graph:
    """The graph, of which products take over what transposes did to their inputs and outputs; some stay unused."""
    for op in graph.ops:
        if op.kind != "batch_matmul":
            continue
        for place, side in enumerate(("left", "right")):
            source = graph.producer(op.inputs[place])
            if source is not None and _only_moves(source):
                op.inputs[place] = source.inputs[0]
                op.attrs[side] = tuple(source.attrs["perm"][axis] for axis in op.attrs[side])
        reader = rewire.only_reader(graph, op.output)
        if reader is not None and _only_moves(reader):
            op.attrs["output"] = tuple(reader.attrs["perm"].index(axis) for axis in op.attrs["output"])
            op.outputs = reader.outputs
            rewire.remove(graph, [reader])
    return graph


def _only_moves(op) -> bool:
    return op.kind == "transpose" and same_quantization(op.inputs[0], op.output)
