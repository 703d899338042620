"""Fuse zero padding into the convolution that reads it: the kernels count what lies outside as zero anyway."""

from __future__ import annotations

from host_tools.graph import Graph, Op
from host_tools.passes import rewire


def fuse_padding(graph: Graph) -> Graph:
    """A graph in which a pad op stands alone only where it adds something else than zeros around an image.

    Pooling does not take it: a pool's own padding counts neither for the maximum nor for the average.
    """
    graph = rewire.copy(graph)
    for op in [op for op in graph.ops if op.kind == "pad"]:
        readers = graph.consumers(op.output)
        if rewire.is_output(graph, op.output) or not readers or not _around_image(op):
            continue
        if not all(r.kind in ("conv2d", "depthwise_conv2d") and r.inputs[0] is op.output for r in readers):
            continue
        edges = [edge for pair in zip(op.attrs["before"], op.attrs["after"]) for edge in pair][:-2]
        edges = edges if len(edges) == 4 else [0, 0, *edges]  # a sequence is an image of height 1
        sums = [tuple(a + b for a, b in zip(reader.attrs["padding"], edges)) for reader in readers]
        if not all(_in_reach(reader, padding) for reader, padding in zip(readers, sums)):
            continue
        for reader, padding in zip(readers, sums):
            reader.inputs[0] = op.inputs[0]
            reader.attrs["padding"] = padding
        rewire.remove(graph, [op])
    return graph


def _around_image(op: Op) -> bool:
    """Zeros around height and width, none among the channels."""
    spatial = len(op.output.shape) in (2, 3) and not op.attrs["before"][-1] and not op.attrs["after"][-1]
    return spatial and op.attrs.get("value", 0.0) == 0.0


def _in_reach(reader: Op, padding: tuple[int, ...]) -> bool:
    """Whether every window still covers a part of the image, as the engine's kernels expect."""
    kernel = reader.inputs[1].shape[1:3] if reader.kind == "conv2d" else reader.inputs[1].shape[:2]
    height, width = ((k - 1) * d + 1 for k, d in zip(kernel, reader.attrs["dilation"]))
    return max(padding[:2]) < height and max(padding[2:]) < width
