"""What must hold of a graph, of a program and of a plan; checked after every pass.

A broken rule is a fault of a pass, not of the user's model: GraphError names the pass, the op and the rule.
"""

from __future__ import annotations

import numpy as np

from host_tools import ops, shapes
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op
from host_tools.program import Program, dtype_code, nbytes
from upyml.format import layout

_INTEGERS = ("int8", "uint8", "int16", "int32")


class GraphError(AssertionError):
    """A pass left something that no later pass can trust."""


def _require(condition, where: str, rule: str) -> None:
    if not condition:
        raise GraphError(f"{where}: {rule}")


def graph(graph: Graph, after: str, quantized: bool = False) -> Graph:
    """The graph itself, if its ops are known, connected, in running order, and of the right shapes and number types."""
    made = set(graph.inputs)
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
    made = set(program.inputs)
    for number, step in enumerate(program.steps):
        where = f"after {after}, step {number} ({step.kind} {step.name!r})"
        for tensor in step.inputs:
            _require(tensor.data is not None or program.base(tensor) in made, where, f"reads {tensor.name!r} too early")
        for tensor in step.outputs:
            _require(program.base(tensor) not in made, where, f"makes {tensor.name!r} a second time")
            made.add(program.base(tensor))
    for tensor, base in program.views.items():
        _require(nbytes(tensor) == nbytes(base), f"after {after}", f"the view {tensor.name!r} has another size")
    for tensor in program.outputs:
        _require(program.base(tensor) in made, f"after {after}", f"nothing makes the output {tensor.name!r}")
    return program


def plan(program: Program) -> Program:
    """The program itself, if its plan is sound: run on an arena where each byte knows which tensor it belongs to.

    Every read must find the bytes of its own tensor, whatever was written since; a step in place may overwrite an input
    only element by element at the same offset. `top` must lie above every tensor that is live during the step.
    """
    size = max([program.offsets[t] + nbytes(t) for t in program.activations()], default=0)
    owner = np.full(size, -1, np.int64)
    names = {tensor: i for i, tensor in enumerate(program.activations())}

    def span(tensor):
        base = program.base(tensor)
        start = program.offsets[base]
        return names[base], start, start + nbytes(base)

    for tensor in program.inputs:
        name, start, end = span(tensor)
        _require(np.all(owner[start:end] == -1), "plan", f"the input {tensor.name!r} overlaps another")
        owner[start:end] = name
    last = {}
    for number, step in enumerate(program.steps):
        for tensor in step.inputs:
            last[program.base(tensor)] = number
    for tensor in program.outputs:
        last[program.base(tensor)] = len(program.steps)
    made = {program.base(t) for t in program.inputs}
    for number, step in enumerate(program.steps):
        where = f"plan, step {number} ({step.kind} {step.name!r})"
        made |= {program.base(t) for t in step.outputs}
        live = [t for t in made if last.get(t, -1) >= number or t in map(program.base, step.outputs)]
        _require(step.top >= max(span(t)[2] for t in live), where, f"top {step.top} lies below a live tensor")
        for tensor in step.outputs:
            _, start, end = span(tensor)
            _require(start % min(4, layout.DTYPES[dtype_code(tensor)][1]) == 0, where, "an output is not aligned")
            for other in step.inputs:
                if other.data is None and span(other)[1] < end and start < span(other)[2]:
                    _require(
                        step.order == layout.FORWARD and span(other)[1] == start,
                        where,
                        f"overwrites its input {other.name!r} in order {layout.ORDERS[step.order]}",
                    )
        for tensor in step.inputs:
            if tensor.data is None:
                name, start, end = span(tensor)
                _require(np.all(owner[start:end] == name), where, f"{tensor.name!r} was overwritten before this read")
        for tensor in step.outputs:
            name, start, end = span(tensor)
            owner[start:end] = name
    for tensor in program.outputs:
        name, start, end = span(tensor)
        _require(np.all(owner[start:end] == name), "plan", f"the output {tensor.name!r} does not last to the end")
    return program
