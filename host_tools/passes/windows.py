"""Windows over time: where a state and a new part are joined, and the joined tensor's end is the state's next value.

    concat(state, x) -> w;  w without its first rows -> next

That is a window that moves on by x. As such it is one tensor in the state's area, from which the readers of w read, and the state
itself is not needed beside it.
"""

from __future__ import annotations

import numpy as np

from host_tools.graph import Graph, Op, State, Tensor
from host_tools.passes import rewire
from host_tools.passes.lower_edges import same_quantization


def make_windows(graph: Graph) -> Graph:
    """The graph with those states as windows."""
    for state in list(graph.states):
        joined = _joined(graph, state)
        if joined is not None:
            _replace(graph, state, joined)
    return graph


def _joined(graph: Graph, state: State) -> Op | None:
    """The concatenation of such a state; None where the state is something else."""
    cut = graph.producer(state.next)
    readers = graph.consumers(state.tensor)
    if cut is None or cut.kind != "strided_slice" or len(readers) != 1 or state.tensor in graph.outputs:
        return None
    (joined,) = readers
    if joined.kind != "concat" or cut.inputs[0] is not joined.output or any(s.next is state.tensor for s in graph.states):
        return None
    if joined.inputs[0] is not state.tensor or sum(x is state.tensor for x in joined.inputs) != 1 or len(joined.inputs) < 2:
        return None
    axis, w = joined.attrs["axis"], joined.output
    if any(n != 1 for n in w.shape[:axis]) or not all(same_quantization(x, w) for x in joined.inputs):
        return None
    begin = tuple(w.shape[i] - state.tensor.shape[i] if i == axis else 0 for i in range(len(w.shape)))
    whole = tuple(cut.attrs["begin"]) == begin and all(stride == 1 for stride in cut.attrs["strides"])
    return joined if whole and state.next.shape == state.tensor.shape else None


def _replace(graph: Graph, state: State, joined: Op) -> None:
    place, parts = graph.ops.index(joined), joined.inputs[1:]
    new = parts[0]
    if len(parts) > 1:
        axis, w = joined.attrs["axis"], joined.output
        shape = (*w.shape[:axis], sum(part.shape[axis] for part in parts), *w.shape[axis + 1 :])
        new = Tensor(f"{w.name}/new", shape, w.dtype, w.scale, w.zero_point)
        graph.ops.insert(place, Op("concat", parts, [new], {"axis": axis}, new.name))
    attrs = {}
    if state.initial is not None:  # the first run moves it to its place
        front = np.full(new.size, joined.output.zero_point, state.initial.dtype)
        attrs["initial"] = np.concatenate([front, np.ravel(state.initial)]).reshape(joined.output.shape)
    window = Op("window", [new], [joined.output], attrs, joined.name)
    graph.ops = [window if op is joined else op for op in graph.ops]
    cut = graph.producer(state.next)
    graph.states.remove(state)
    if not graph.consumers(cut.output) and cut.output not in graph.outputs and all(s.next is not cut.output for s in graph.states):
        rewire.remove(graph, [cut])
