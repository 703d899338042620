"""Quantized graph -> program of engine ops with integer parameters.

Each kind has one function, in the file of its family; it appends steps to the program. Reshapes become views, constants
stay tensors of the program, weights and tables become bytes among the parameters.
"""

from __future__ import annotations

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import (
    lower_arithmetic,
    lower_attention,
    lower_edges,
    lower_layout,
    lower_math,
    lower_recurrent,
    lower_signal,
    lower_stream,
    lower_wide,
    lower_window,
)
from host_tools.passes.coding import CODINGS
from host_tools.program import Program, Step
from upyml.format import layout


def lower(graph: Graph, codings: tuple[str, ...] = CODINGS) -> Program:
    """The program of a quantized graph. Raises ConversionError where the engine has no op for something.

    codings: those that weights may have instead of int8, where that makes the file smaller.
    """
    program = Program(list(graph.inputs), list(graph.outputs), [], dict(graph.metadata), codings)
    lower_stream.begin_states(program, graph)
    for op in graph.ops:
        if all(tensor.data is not None for tensor in op.inputs):
            _fold(op)
        else:
            wide = op.inputs[0].dtype == "int16" and op.kind in lower_wide.LOWERINGS
            (lower_wide.LOWERINGS if wide else _LOWERINGS)[op.kind](program, op)
    lower_stream.end_states(program, graph)
    _copy_states(program)
    _copy_bare_views(program)
    return program


def _fold(op: Op) -> None:
    """A reshape of a constant is a constant; other arithmetic on constants is the business of earlier passes."""
    if op.kind != "reshape":
        raise ConversionError(
            f"{op.kind} {op.name!r} works on constants alone: compute its result in the model's code and "
            "use that as a constant"
        )
    op.output.data = op.inputs[0].data.reshape(op.output.shape)


def _reshape(program: Program, op: Op) -> None:
    program.views[op.output] = op.inputs[0]


def _copy_states(program: Program) -> None:
    """A model's output lies among the activations: one that is a state is copied."""
    for number, tensor in enumerate(program.outputs):
        if program.base(tensor) in program.states:
            out = Tensor(tensor.name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point)
            program.outputs[number] = out
            program.steps.append(Step(layout.RESHAPE, [tensor], [out], {}, tensor.name))


def _copy_bare_views(program: Program) -> None:
    """A file has at least one op, so a model that only reshapes copies its input."""
    if program.steps:
        return
    for number, tensor in enumerate(program.outputs):
        base = program.base(tensor)
        program.views.pop(tensor, None)
        out = tensor
        if tensor is base:
            out = Tensor(tensor.name, tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point)
            program.outputs[number] = out
        program.steps.append(Step(layout.RESHAPE, [base], [out], {}, tensor.name))


_LOWERINGS = {
    "reshape": _reshape,
    **lower_window.LOWERINGS,
    **lower_arithmetic.LOWERINGS,
    **lower_layout.LOWERINGS,
    **lower_edges.LOWERINGS,
    **lower_math.LOWERINGS,
    **lower_attention.LOWERINGS,
    **lower_recurrent.LOWERINGS,
    **lower_stream.LOWERINGS,
    **lower_signal.LOWERINGS,
}
