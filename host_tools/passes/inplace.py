"""Which steps may write their output over an input, element by element (order FORWARD at the same offset)."""

from __future__ import annotations

from host_tools.graph import Tensor
from host_tools.program import Program, Step, nbytes
from upyml.format import layout

_ELEMENTWISE = (layout.ADD, layout.SUB, layout.MUL, layout.TABLE, layout.SOFTMAX, layout.REQUANTIZE, layout.RESHAPE)


def candidates(program: Program, step: Step) -> list[Tensor]:
    """Tensors (owners of bytes) whose place the output may take, if nothing reads them later."""
    if step.opcode not in _ELEMENTWISE:
        return []
    out = program.base(step.outputs[0])
    found = []
    for tensor in step.inputs:
        base = program.base(tensor)
        # Of the same size, so an operand that broadcasts is not among them.
        if (
            tensor.data is None
            and nbytes(base) == nbytes(out)
            and tensor.size == step.outputs[0].size
            and base not in found
        ):
            found.append(base)
    return found
