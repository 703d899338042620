"""Keep int16 samples apart from int8 activations: an op of its own goes from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from host_tools.families.signal import INT16
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire

# What only brings samples to such an op has 16 bits too; the first ones keep its input's scale.
_MOVING = ("reshape", "transpose", "strided_slice")
_BRINGING = (*_MOVING, "affine")
_AUDIO = (1 / 32768, 1 / 32767, 1.0)  # real values of a recording's unit, as programs read it
_NEAR = 0.01  # of a unit: float32's own rounding, and more
# Room above the values that were seen: a table's entry behind the greatest has to be right for what lies between, and sound may be louder.
_ROOM = 1.25


def split_samples(graph: Graph) -> Graph:
    """A graph in which what ops on samples (families.signal.INT16) read or make is read and made by no other op, but by a
    "quantize". The model's inputs and outputs may be samples."""
    if not any(op.kind in INT16 for op in graph.ops):
        return graph
    graph = rewire.copy(graph)
    wide = on_samples(graph)
    made = {op.output for op in wide} | {tensor for op in wide for tensor in op.inputs if graph.producer(tensor) is None}
    ops: list[Op] = []
    for op in graph.ops:
        wanted = op in wide
        for i, tensor in enumerate(op.inputs):
            if tensor.data is not None or (i and wanted) or (tensor in made) == wanted:
                continue
            between = Tensor(f"{tensor.name}/{'int16' if wanted else 'int8'}", tensor.shape)
            ops.append(Op("quantize", [tensor], [between], {}, between.name))
            op.inputs[i] = between
        ops.append(op)
    graph.ops = ops
    return graph


def on_samples(graph: Graph) -> set[Op]:
    """The ops on samples, and those before them that bring samples from the model's input to these alone."""
    chosen = {op for op in graph.ops if op.kind in INT16}
    for op in reversed(graph.ops):
        readers = graph.consumers(op.output)
        if op.kind in _BRINGING and readers and chosen.issuperset(readers) and not rewire.is_output(graph, op.output):
            chosen.add(op)
    for op in graph.ops:
        if op.kind in _BRINGING and op in chosen and not _reads_samples(graph, chosen, op):
            chosen.remove(op)
    return chosen


def _reads_samples(graph: Graph, chosen: set[Op], op: Op) -> bool:
    """Whether its input is one of the model's, or made by another of the chosen."""
    maker = graph.producer(op.inputs[0])
    return op.inputs[0].data is None and (maker is None or maker in chosen)


def sample_grids(graph: Graph, spread: Callable[[Tensor], float]) -> dict[Tensor, tuple[str, float]]:
    """Number type and scale of every tensor of samples; spread(tensor): the scale of one that no op on samples makes, or
    where its values decide."""
    grids: dict[Tensor, tuple[str, float]] = {}
    wide = on_samples(graph)
    for op in graph.ops:
        if op in wide:
            x = op.inputs[0]
            if x not in grids:
                grids[x] = "int16", spread(x)
            dtype, scale = INT16[op.kind](op, grids[x][1]) if op.kind in INT16 else ("int16", grids[x][1] if op.kind in _MOVING else None)
            grids[op.output] = dtype, spread(op.output) * _ROOM if scale is None else scale
    return grids


def recording_unit(values: Sequence[float] | np.ndarray) -> float | None:
    """The real value of 1 in values that are a recording's int16, divided by 32768, 32767 or nothing; None for others.

    With this scale the model takes the integers that a microphone gives.
    """
    values = np.asarray(values, np.float64)
    for unit in _AUDIO:
        integers = values / unit
        if np.abs(integers).max(initial=0) <= 32768 and np.all(np.abs(integers - np.rint(integers)) <= _NEAR):
            return unit
    return None
