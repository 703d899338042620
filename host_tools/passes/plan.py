"""Arena offsets: tensors that are never live together share bytes; so do an op's output and an input that dies with it.

The planner's parts stand in host_tools/planner; the same program always gets the same plan.
"""

from __future__ import annotations

from host_tools.errors import ConversionError
from host_tools.planner.search import Search
from host_tools.planner.sizes import BALANCED, choose, parse
from host_tools.program import Program

MOST = 1 << 26  # bytes: no board has more, and a file that asks for more was not made for one


def plan(program: Program, ram: str | int = BALANCED, fuse: bool = True) -> Program:
    """The program with offsets, `order` and `top` of each step, and the arena size they were chosen for.

    ram: "smallest", "balanced" (the least that costs at most 3 % more time), "fastest", or bytes ("20k": 20 * 1,024).
    fuse: ops may be joined to fused groups. Raises ConversionError where the model needs more than that, or more than
    MOST bytes.
    """
    ram = parse(ram)
    search = Search(program, fuse)
    if search.least() > MOST:
        raise ConversionError(
            f"the model needs {search.least():,} bytes of RAM, more than any board has: give it smaller inputs or "
            "fewer channels"
        )
    found = choose(search, ram)
    program.offsets = found.offsets
    for step, order, top in zip(program.steps, found.orders, found.tops):
        step.order, step.top, step.fused, step.strip = order, top, 0, 0
    program.ring_rows = {}
    for group in found.groups:
        program.steps[group.first].fused = len(group.strips)
        for step, strip in zip(group.demand.steps, group.strips):
            step.strip = strip
        program.ring_rows |= {t: rows for t, rows in group.rings.items() if rows < t.shape[0]}
    program.arena_size, program.overhead = found.size, found.extra / search.cycles
    return program
