"""What must hold of a graph, of a program and of a plan; checked after every pass.

A broken rule is a fault of a pass, not of the user's model: GraphError names the pass, the op and the rule.
"""

from __future__ import annotations

import numpy as np

from host_tools import ops, shapes
from host_tools.errors import ConversionError, GraphError
from host_tools.graph import Graph, Op
from host_tools.planner import symbolic
from host_tools.program import Program, nbytes

_INTEGERS = ("int8", "uint8", "int16", "int32", "int64")  # the last in biases only


def _require(condition, where: str, rule: str) -> None:
    if not condition:
        raise GraphError(f"{where}: {rule}")


def graph(graph: Graph, after: str, quantized: bool = False) -> Graph:
    """The graph itself, if its ops are known, connected, in running order, and of the right shapes and number types."""
    made = {*graph.inputs, *(state.tensor for state in graph.states)}
    for number, op in enumerate(graph.ops):
        where = f"after {after}, op {number} ({op.kind} {op.name!r})"
        _kind(op, where, quantized)
        for tensor in op.inputs:
            _require(tensor.data is not None or tensor in made, where, f"reads {tensor.name!r} before it is made")
        for tensor in op.outputs:
            _require(tensor not in made and tensor.data is None, where, f"makes {tensor.name!r} a second time")
            made.add(tensor)
        for tensor in op.inputs + op.outputs:
            _tensor(tensor, where, quantized)
        try:
            expected = shapes.output_shape(op)
        except ConversionError as error:
            raise GraphError(f"{where}: {error}") from None
        if expected is not None:
            _require(tuple(op.output.shape) == expected, where, f"makes {op.output.shape}, not {expected}")
    for tensor in graph.outputs:
        _require(tensor in made, f"after {after}", f"nothing makes the output {tensor.name!r}")
    for state in graph.states:
        where = f"after {after}, state {state.tensor.name!r}"
        _require(state.next in made or state.next.data is not None, where, "nothing makes its next value")
        same = state.next.size == state.tensor.size and state.next.dtype == state.tensor.dtype
        _require(same, where, "its next value is another kind of tensor")
    return graph


def _kind(op: Op, where: str, quantized: bool) -> None:
    _require(op.kind in ops.KINDS, where, "the kind is not in ops.py")
    kind = ops.KINDS[op.kind]
    _require(not (quantized and kind.float_only), where, "is only for float graphs")
    count = len(op.inputs)
    _require(kind.least <= count and (kind.most is None or count <= kind.most), where, f"has {count} inputs")
    _require(len(op.outputs) == 1, where, f"has {len(op.outputs)} outputs")
    _require(set(kind.attrs) <= set(op.attrs), where, f"lacks {sorted(set(kind.attrs) - set(op.attrs))}")
    unknown = set(op.attrs) - set(kind.attrs) - set(kind.optional)
    _require(not unknown, where, f"has unknown attributes {sorted(unknown)}")


def _tensor(tensor, where: str, quantized: bool) -> None:
    _require(tensor.dtype in _INTEGERS + ("float32",), where, f"{tensor.name!r} is {tensor.dtype}")
    _require(all(int(n) == n and n >= 1 for n in tensor.shape), where, f"{tensor.name!r} has shape {tensor.shape}")
    if tensor.data is not None:
        _require(np.shape(tensor.data) == tuple(tensor.shape), where, f"{tensor.name!r}: its data has another shape")
    if quantized and tensor.dtype in ("int8", "uint8", "int16"):
        _require(
            tensor.scale is not None and np.all(np.asarray(tensor.scale) > 0),
            where,
            f"{tensor.name!r} has scale {tensor.scale}",
        )


def program(program: Program, after: str) -> Program:
    """The program itself, if every step reads what an earlier one made."""
    made = {*program.inputs, *program.states}
    for number, step in enumerate(program.steps):
        where = f"after {after}, step {number} ({step.kind} {step.name!r})"
        for tensor in step.inputs:
            _require(tensor.data is not None or program.base(tensor) in made, where, f"reads {tensor.name!r} too early")
        for tensor in step.outputs:
            base = program.base(tensor)
            _require(base not in made or base in program.states, where, f"makes {tensor.name!r} a second time")
            made.add(base)
    for tensor, base in program.views.items():
        _require(nbytes(tensor) == nbytes(base), f"after {after}", f"the view {tensor.name!r} has another size")
    for tensor in program.outputs:
        _require(program.base(tensor) in made, f"after {after}", f"nothing makes the output {tensor.name!r}")
        _require(program.base(tensor) not in program.states, f"after {after}", f"the output {tensor.name!r} is a state")
    return program


def plan(program: Program) -> Program:
    """The program itself, if its plan is sound; see planner/symbolic.py."""
    return symbolic.check(program)
