"""The proof that a plan is sound: the program runs on an arena where every byte is tagged with what it holds.

A tag is a tensor's number and the byte's place in it. Each op reads and writes unit by unit as SPEC.md allows: a strip's
new input is read before any of its output is written, and nothing consumed is read again. Every read must see its own
tags. That is done with strips of one unit and with one strip for the whole op; what lies above `top` is lost each time.
Fused groups run in the strips they have.
"""

from __future__ import annotations

import numpy as np

from host_tools.errors import GraphError
from host_tools.graph import Tensor
from host_tools.planner.demand import Demand, Event
from host_tools.planner.geometry import Window, window
from host_tools.program import Program, Step, dtype_code, nbytes
from upyml.format import layout

_LOST = -1
_TENSOR = 1 << 40  # tags of one tensor: more than it has bytes


class Arena:
    """Tagged bytes; read() raises GraphError where another tag is found than there should be."""

    def __init__(self, program: Program):
        self.program = program
        self.numbers = {tensor: number for number, tensor in enumerate(program.activations())}
        ends = [self.span(tensor)[1] for tensor in self.numbers]
        self.tags = np.full(max(ends + [program.arena_size]), _LOST, np.int64)
        self.where = "plan"

    def span(self, tensor: Tensor) -> tuple[int, int]:
        """The bytes of the tensor in the arena: there is room for all of it, or for a ring of rows."""
        base = self.program.base(tensor)
        start, ring = self.program.offsets[base], self.program.ring_rows.get(base, 0)
        return start, start + (nbytes(base) // base.shape[0] * ring if ring else nbytes(base))

    def row(self, tensor: Tensor, number: int) -> tuple[int, np.ndarray]:
        """Where a row of the tensor starts in the arena, and its tags."""
        size = nbytes(tensor) // tensor.shape[0]
        slot = number % (self.program.ring_rows.get(tensor, 0) or tensor.shape[0])
        first = self.numbers[tensor] * _TENSOR + number * size
        return self.program.offsets[tensor] + slot * size, np.arange(first, first + size)

    def read_row(self, tensor: Tensor, number: int) -> None:
        """The row must be there."""
        start, tags = self.row(tensor, number)
        if not np.array_equal(self.tags[start : start + len(tags)], tags):
            self.fail(f"row {number} of {tensor.name!r} was overwritten before this read, or not made")

    def _places(self, tensor: Tensor, first: int, end: int, step: int) -> tuple[slice, np.ndarray]:
        start, _ = self.span(tensor)
        number = self.numbers[self.program.base(tensor)]
        return slice(start + first, start + end, step), number * _TENSOR + np.arange(first, end, step)

    def read(self, tensor: Tensor, first: int, end: int, step: int = 1) -> None:
        """Bytes [first, end) of the tensor, every step-th, must be there."""
        places, tags = self._places(tensor, first, end, step)
        if not np.array_equal(self.tags[places], tags):
            self.fail(f"{tensor.name!r} was overwritten before this read")

    def write(self, tensor: Tensor, first: int, end: int, step: int = 1) -> None:
        """Makes these bytes the tensor's."""
        places, tags = self._places(tensor, first, end, step)
        self.tags[places] = tags

    def fail(self, rule: str) -> None:
        """Raises GraphError."""
        raise GraphError(f"{self.where}: {rule}")


def check(program: Program) -> Program:
    """The program itself, if its plan is sound with the smallest and the largest strips; else GraphError."""
    for whole in (False, True):
        _run(program, whole)
    return program


def _run(program: Program, whole: bool) -> None:
    arena = Arena(program)
    for tensor in filter(program.in_arena, program.inputs):
        start, end = arena.span(tensor)
        if np.any(arena.tags[start:end] != _LOST):
            arena.fail(f"the input {tensor.name!r} overlaps another")
        arena.write(tensor, 0, end - start)
    group_end = 0
    for number, step in enumerate(program.steps):
        arena.where = f"plan, step {number} ({step.kind} {step.name!r})"
        _edges(arena, step)
        if step.fused:
            group_end = number + step.fused
            _group(arena, program.steps[number:group_end])
        if (number < group_end) != (step.strip > 0):
            arena.fail("stands in a fused group without a strip, or has a strip and stands in none")
        if number >= group_end:
            arena.tags[step.top :] = _LOST  # scratch may lie there
            _step(arena, step, whole)
    arena.where = "plan"
    for tensor in program.outputs:
        try:
            arena.read(tensor, 0, nbytes(tensor))
        except GraphError:
            arena.fail(f"the output {tensor.name!r} does not last to the end")


def _edges(arena: Arena, step: Step) -> None:
    """Alignment and `top`."""
    for tensor in step.inputs + step.outputs:
        if arena.program.in_arena(tensor):
            start, end = arena.span(tensor)
            if start % min(4, layout.DTYPES[dtype_code(tensor)][1]):
                arena.fail(f"{tensor.name!r} is not aligned")
            if start < 0 or end > step.top:
                arena.fail(f"{tensor.name!r} reaches above top {step.top}")
    if arena.program.arena_size and step.top > arena.program.arena_size:
        arena.fail(f"top {step.top} lies above the arena's {arena.program.arena_size} bytes")


def _step(arena: Arena, step: Step, whole: bool) -> None:
    y = step.outputs[0]
    inputs = [tensor for tensor in step.inputs if arena.program.in_arena(tensor)]
    shape = window(step)
    if not arena.program.in_arena(y):  # a state: it lies apart from all else
        if step.order != layout.DISJOINT:
            arena.fail("makes a state in another order than DISJOINT")
        for x in inputs:
            arena.read(x, 0, nbytes(x))
    elif step.order == layout.DISJOINT:
        _apart(arena, step, inputs)
    elif whole or step.opcode in (layout.FULLY_CONNECTED, layout.RESHAPE):
        for x in inputs:
            arena.read(x, 0, nbytes(x))
        arena.write(y, 0, nbytes(y))
    elif step.order == layout.PLANE:
        for channel in range(shape.in_c):
            _rows(arena, inputs[0], y, shape, layout.FORWARD, channel)
    elif shape is not None:
        pixels = step.opcode == layout.CONV2D and shape.pointwise
        _rows(arena, inputs[0], y, shape.by_pixel() if pixels else shape, step.order)
    elif step.opcode == layout.MEAN:
        inner = step.params["inner"]
        for channel in range(inner):
            arena.read(inputs[0], channel, nbytes(inputs[0]), inner)
            arena.write(y, channel, channel + 1)
    else:
        _elements(arena, inputs, y, step.order)


def _apart(arena: Arena, step: Step, inputs: list[Tensor]) -> None:
    """What is written must leave the inputs as they are, for they may be read at any time."""
    start, end = arena.span(step.outputs[0])
    for x in inputs:
        arena.read(x, 0, nbytes(x))
        if arena.span(x)[0] < end and start < arena.span(x)[1]:
            arena.fail(f"overwrites its input {x.name!r} in order DISJOINT")
    arena.write(step.outputs[0], 0, end - start)


def _rows(arena: Arena, x: Tensor, y: Tensor, shape: Window, order: int, channel: int | None = None) -> None:
    """Output rows one by one; of all channels or of one."""
    first, step = (0, 1) if channel is None else (channel, shape.in_c)
    ahead, behind = 0, shape.in_h  # rows below `ahead` (FORWARD), from `behind` on (REVERSE) are consumed
    for place in range(shape.out_h):
        row = place if order == layout.FORWARD else shape.out_h - 1 - place
        low, high = shape.rows_read(row, row + 1)
        if order == layout.FORWARD:
            low, ahead = max(low, ahead), max(high, ahead)
        else:
            high, behind = min(high, behind), min(low, behind)
        if low < high:
            arena.read(x, low * shape.in_row + first, high * shape.in_row, step)
        arena.write(y, row * shape.out_row + first, (row + 1) * shape.out_row, step)


def _elements(arena: Arena, inputs: list[Tensor], y: Tensor, order: int) -> None:
    """Element by element, all at once: what is read when element i is made must not be written for an earlier one."""
    width = layout.DTYPES[dtype_code(y)][1]
    start, end = arena.span(y)
    for x in inputs:
        arena.read(x, 0, nbytes(x))
        at, stop = arena.span(x)
        if at >= end or start >= stop:
            continue
        if nbytes(x) != end - start:
            arena.fail(f"{x.name!r} broadcasts, and its place is written")
        ahead = (at - start) if order == layout.FORWARD else (start - at)  # how far reads are ahead of writes
        if ahead < 0 or ahead % width:
            arena.fail(f"{x.name!r} was overwritten before this read")
    arena.write(y, 0, end - start)


def _group(arena: Arena, steps: list[Step]) -> None:
    """Ops row by row by demand. All but elementwise ops, which go from the first element to the last, and those in order
    FORWARD leave their input as it is: they may read it at any time."""
    demand = Demand(steps, tuple(step.strip for step in steps))
    for event in demand.events:
        step = steps[event.place]
        arena.where = f"plan, rows {event.first} to {event.end} of {step.kind} {step.name!r}"
        arena.tags[step.top :] = _LOST
        if step.order == layout.FORWARD:
            _group_forward(arena, demand, event)
            continue
        if demand.shapes[event.place] is None:
            for row in range(event.first, event.end):
                _group_elements(arena, step, row)
            continue
        for again in (False, True):
            for x, first, end in demand.reads(event):
                for row in range(first, end) if arena.program.in_arena(x) else ():
                    arena.read_row(x, row)
            if not again:
                _write_rows(arena, step, event)


def _group_forward(arena: Arena, demand: Demand, event: Event) -> None:
    """Row by row: what was read for an earlier row is not read again."""
    read = 0
    for row in range(event.first, event.end):
        single = Event(event.place, row, row + 1)
        for x, first, end in demand.reads(single):
            for number in range(max(first, read), end) if arena.program.in_arena(x) else ():
                arena.read_row(x, number)
            read = max(read, end)
        _write_rows(arena, demand.steps[event.place], single)


def _write_rows(arena: Arena, step: Step, event: Event) -> None:
    for row in range(event.first, event.end):
        start, tags = arena.row(step.outputs[0], row)
        arena.tags[start : start + len(tags)] = tags


def _group_elements(arena: Arena, step: Step, row: int) -> None:
    start, tags = arena.row(step.outputs[0], row)
    for x in step.inputs:
        if arena.program.in_arena(x):
            arena.read_row(x, row)
            if arena.row(x, row)[0] < start < arena.row(x, row)[0] + len(tags):
                arena.fail(f"{x.name!r} was overwritten before this read")
    arena.tags[start : start + len(tags)] = tags
