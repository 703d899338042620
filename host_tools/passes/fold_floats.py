"""A sign between floats, in a quantized graph: TFLite's converter writes DEQUANTIZE, NEG, QUANTIZE where a layer
normalization subtracts a mean. From integer to integer that is a function of one value."""

from __future__ import annotations

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op
from host_tools.passes import rewire


def fold_floats(graph: Graph) -> Graph:
    """The graph with one op on int8 for each such three. Raises ConversionError for a sign that is left among floats."""
    for op in [op for op in graph.ops if op.kind == "neg" and op.inputs[0].dtype == "float32"]:
        before, after = graph.producer(op.inputs[0]), rewire.only_reader(graph, op.output)
        if not (_is(before, "dequantize") and _is(after, "quantize")):
            raise ConversionError(
                f"op NEG ({op.output.name!r}) computes with floats: upyml runs int8 models; give upyml the Keras model"
            )
        graph.ops[graph.ops.index(op)] = Op("neg", [before.inputs[0]], after.outputs, {}, op.name)
        rewire.remove(graph, [after])
        if not graph.consumers(before.output) and not rewire.is_output(graph, before.output):
            rewire.remove(graph, [before])
    return graph


def _is(op: Op | None, kind: str) -> bool:
    """Is it that op, between int8 and floats?"""
    return op is not None and op.kind == kind and "int8" in (op.inputs[0].dtype, op.output.dtype)
