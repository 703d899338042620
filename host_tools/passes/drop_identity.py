"""Drop ops that change nothing: padding by none, slices of everything, one of two reshapes or transpositions in a row."""

from __future__ import annotations

from host_tools.graph import Graph, Op
from host_tools.passes import rewire


def drop_identity(graph: Graph) -> Graph:
    """A graph without ops whose output is their input; the last op to an output stays when the input is the model's."""
    graph = rewire.copy(graph)
    for op in list(graph.ops):
        source = graph.producer(op.inputs[0])
        if op.kind == "reshape" and source is not None and source.kind == "reshape":
            op.inputs = [source.inputs[0]]  # the first one is dropped below if nobody else reads it
        if op.kind == "transpose" and source is not None and source.kind == "transpose":
            perm = tuple(source.attrs["perm"][axis] for axis in op.attrs["perm"])
            op.inputs, op.attrs = [source.inputs[0]], {"perm": perm}
        x = op.inputs[0]
        if _changes_nothing(op) and (graph.producer(x) is not None or not rewire.is_output(graph, op.output)):
            if rewire.is_output(graph, op.output) and rewire.is_output(graph, x):
                continue  # one tensor cannot bear two output names
            rewire.replace(graph, op.output, x)
            rewire.remove(graph, [op])
    return _drop_unread(graph)


def _drop_unread(graph: Graph) -> Graph:
    """Remove, from the end, what nobody reads."""
    for op in reversed(graph.ops):
        if not any(rewire.is_output(graph, out) or graph.consumers(out) for out in op.outputs):
            rewire.remove(graph, [op])
    return graph


def _changes_nothing(op: Op) -> bool:
    if op.inputs[0].shape != op.output.shape or op.inputs[0].data is not None:
        return False
    if op.kind in ("reshape", "resize_nearest", "resize_bilinear"):
        return True
    if op.kind == "pad":
        return not any(op.attrs["before"]) and not any(op.attrs["after"])
    if op.kind == "transpose":
        return list(op.attrs["perm"]) == sorted(op.attrs["perm"])
    if op.kind == "strided_slice":
        return all(stride == 1 for stride in op.attrs["strides"])
    if op.kind in ("max_pool", "average_pool"):
        same = op.attrs["kernel"] == (1, 1) and op.attrs["stride"] == (1, 1)
        return same and op.attrs.get("activation") is None
    return op.kind == "concat" and len(op.inputs) == 1
