"""A recurrent layer of which only the last step's hidden state is read gives that alone."""

from __future__ import annotations

from host_tools.families.recurrent import KINDS
from host_tools.graph import Graph, Op
from host_tools.passes import rewire
from host_tools.passes.lower_edges import same_quantization


def fuse_last_step(graph: Graph) -> Graph:
    """A quantized graph whose slices of a layer's last step are the layer's own output. Changes the graph in place."""
    for op in list(graph.ops):
        reader = rewire.only_reader(graph, op.output) if op.kind in KINDS else None
        if reader is not None and reader.kind == "strided_slice" and _is_last(op, reader):
            op.outputs = reader.outputs
            graph.ops.remove(reader)
    return graph


def _is_last(op: Op, reader: Op) -> bool:
    steps, units = op.output.shape[0], op.output.shape[-1]
    last = 0 if op.attrs["mirrored"] else steps - 1
    whole = reader.output.size == units and tuple(reader.attrs["begin"]) == (last, 0)
    return whole and same_quantization(op.output, reader.output)
