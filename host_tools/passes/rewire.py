"""What every pass on float graphs needs: which ops read a tensor, copies, renamed constants, removal of an op."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from host_tools.families import recurrent
from host_tools.graph import Graph, Op, State, Tensor

WEIGHTED = ("conv2d", "depthwise_conv2d", "fully_connected", "conv2d_transpose")
# Whose first matrix, and bias, take the factors of what they read; a recurrent layer has a second matrix between the two.
LINEAR = (*WEIGHTED, *recurrent.KINDS)


def copy(graph: Graph) -> Graph:
    """A graph with its own tensors and ops; the numbers of constants are shared and must not be changed in place."""
    twins: dict[int, Tensor] = {}

    def twin(tensor: Tensor) -> Tensor:
        if id(tensor) not in twins:
            fields = (tensor.name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point, tensor.data)
            twins[id(tensor)] = Tensor(*fields)
        return twins[id(tensor)]

    ops = [Op(o.kind, [*map(twin, o.inputs)], [*map(twin, o.outputs)], dict(o.attrs), o.name) for o in graph.ops]
    states = [State(twin(state.tensor), twin(state.next), state.initial) for state in graph.states]
    return Graph([*map(twin, graph.inputs)], [*map(twin, graph.outputs)], ops, dict(graph.metadata), states)


def is_output(graph: Graph, tensor: Tensor) -> bool:
    """Whether the tensor is one that the model gives."""
    return any(tensor is out for out in graph.outputs)


def only_reader(graph: Graph, tensor: Tensor) -> Op | None:
    """The single op that reads the tensor; None where there are more, none, or the model gives the tensor."""
    readers = graph.consumers(tensor)
    return readers[0] if len(readers) == 1 and not is_output(graph, tensor) else None


def replace(graph: Graph, old: Tensor, new: Tensor) -> None:
    """Let every reader of `old` read `new`; a model output passes its name on."""
    for op in graph.ops:
        op.inputs = [new if tensor is old else tensor for tensor in op.inputs]
    if is_output(graph, old):
        new.name = old.name
        graph.outputs = [new if tensor is old else tensor for tensor in graph.outputs]


def remove(graph: Graph, ops: Iterable[Op]) -> None:
    """Take ops out of the running order."""
    gone = {id(op) for op in ops}
    graph.ops = [op for op in graph.ops if id(op) not in gone]


def constant(name: str, values: np.ndarray) -> Tensor:
    """A float32 constant."""
    data = np.ascontiguousarray(values, np.float32)
    return Tensor(name, data.shape, data=data)


def weights(op: Op) -> np.ndarray:
    """The weights of a float op as float64."""
    return op.inputs[1].data.astype(np.float64)


def channels(op: Op) -> int:
    """Number of output channels of an op with weights."""
    return op.inputs[1].shape[-1 if op.kind == "depthwise_conv2d" else 0]


def _bias_place(op: Op) -> int:
    return 3 if op.kind in recurrent.KINDS else 2


def bias(op: Op) -> np.ndarray:
    """The bias of a float op as float64; zeros where it has none."""
    place = _bias_place(op)
    return op.inputs[place].data.astype(np.float64) if len(op.inputs) > place else np.zeros(channels(op))


def by_output(op: Op, factors: np.ndarray) -> np.ndarray:
    """One number per output channel, in a shape that broadcasts to the op's weights."""
    return factors if op.kind == "depthwise_conv2d" else factors.reshape(-1, *[1] * (op.inputs[1].data.ndim - 1))


def by_input(op: Op, factors: np.ndarray) -> np.ndarray:
    """One number per input channel, in a shape that broadcasts to the op's weights."""
    return np.repeat(factors, op.attrs["multiplier"]) if op.kind == "depthwise_conv2d" else factors


def set_weights(op: Op, new_weights: np.ndarray, new_bias: np.ndarray) -> None:
    """Give the op new constants of its own (its old ones may belong to other ops too)."""
    place = _bias_place(op)
    name = op.inputs[place].name if len(op.inputs) > place else f"{op.name}/bias"
    own = [constant(op.inputs[1].name, new_weights), *op.inputs[2:place], constant(name, new_bias)]
    op.inputs = [op.inputs[0], *own, *op.inputs[place + 1 :]]
