"""Who is live when."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.graph import Tensor
from host_tools.program import Program, nbytes


@dataclass(eq=False)
class Life:
    """A tensor's life: from the step that makes it (-1: an input) to its last reader (past the end: an output)."""

    tensor: Tensor
    first: int
    last: int

    @property
    def size(self) -> int:
        """Bytes."""
        return nbytes(self.tensor)


def lives(program: Program) -> dict[Tensor, Life]:
    """The life of each tensor that owns arena bytes, in order of first use."""
    found: dict[Tensor, Life] = {}
    for tensor in program.inputs:
        base = program.base(tensor)
        if program.in_arena(base):
            found[base] = Life(base, -1, -1)
    for number, step in enumerate(program.steps):
        for tensor in step.inputs:
            if program.in_arena(tensor):
                found[program.base(tensor)].last = number
        for tensor in filter(program.in_arena, step.outputs):
            base = program.base(tensor)
            found[base] = Life(base, number, number)
    for tensor in program.outputs:
        found[program.base(tensor)].last = len(program.steps)
    return found
