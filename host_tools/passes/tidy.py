"""What a quantized graph from a .tflite file can do without; a graph from Keras has been through these as floats."""

from __future__ import annotations

from host_tools.graph import Graph, Op
from host_tools.passes.lower_edges import same_quantization


def fuse_padding(graph: Graph) -> Graph:
    """A pad of height and width before a convolution becomes the convolution's own padding.

    Exact: outside of the image a convolution reads the zero point, which is what such a pad writes. Pools are left
    alone, they ignore what lies outside.
    """
    for op in list(graph.ops):
        readers = graph.consumers(op.output)
        if (
            op.kind == "pad"
            and readers
            and not any(op.output is t for t in graph.outputs)
            and all(_takes_padding(op, reader) for reader in readers)
        ):
            for reader in readers:
                reader.attrs["padding"] = _sum(op, reader)
                reader.inputs[0] = op.inputs[0]
            graph.ops.remove(op)
    return graph


def _sides(pad: Op) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of a pad of (height, width, channels) or (time, channels)."""
    before, after = (((0,) + tuple(pad.attrs[name]))[-3:] for name in ("before", "after"))
    return before[0], after[0], before[1], after[1]


def _sum(pad: Op, reader: Op) -> tuple[int, ...]:
    return tuple(int(a) + int(b) for a, b in zip(_sides(pad), reader.attrs["padding"]))


def _takes_padding(pad: Op, reader: Op) -> bool:
    if reader.kind not in ("conv2d", "depthwise_conv2d") or reader.inputs[0] is not pad.output:
        return False
    if len(pad.inputs[0].shape) not in (2, 3) or pad.attrs["before"][-1] or pad.attrs["after"][-1]:
        return False
    if pad.attrs.get("value", 0.0) != 0.0 or not same_quantization(pad.inputs[0], pad.output):
        return False
    kernel = reader.inputs[1].shape[1:3] if reader.kind == "conv2d" else reader.inputs[1].shape[:2]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, reader.attrs["dilation"])]
    padding = _sum(pad, reader)
    return max(padding[:2]) < reach[0] and max(padding[2:]) < reach[1]  # the engine wants every window inside, in part


def drop_unused(graph: Graph) -> Graph:
    """Ops whose results nobody reads."""
    needed = {*graph.outputs, *(state.next for state in graph.states)}
    kept = []
    for op in reversed(graph.ops):
        if any(tensor in needed for tensor in op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    graph.ops = kept[::-1]
    return graph
