"""Fused groups: ops that run together, row by row, so that what lies between them needs room for a few rows only.

Tried are runs of neighbouring ops with nothing but the last one's output used outside, where they need less RAM
together than one by one: the first layers of a vision model, residual blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.graph import Tensor
from host_tools.planner.demand import Demand, During
from host_tools.planner.geometry import WINDOWS, image, window
from host_tools.planner.lives import Life
from host_tools.planner.strips import Strips
from host_tools.program import Program, Step, nbytes
from upyml.format import layout

LONGEST = 8  # ops of a group; the format has 16
MOST_RING = 255  # rows
ROWS = (1, 2, 3, 4, 6, 8, 12, 16)  # that the last op makes at a time
PACES = (1, 2, 0.5, 0)  # rows of the others for those of the last one: in step, twice or half as many, one
MOST_TRIED = 150  # choices of strips for the same ops
_ELEMENTWISE = (layout.ADD, layout.SUB, layout.MUL)
EVENT = 2500  # cycles to find out which op of a group is next, to read its record and to begin it


@dataclass
class Group:
    """Steps [first, first + len(strips)) as a group; rings: rows there is room for of the tensors between.

    The tensors between and the scratch lie above everything that is live outside: `places` and `tops` count from there.
    A tensor of which no row waits while an op runs does not stand in the way of that op's scratch: what a depthwise
    convolution hands to the 1x1 convolution behind it, say, is there for neither of the other ops.
    """

    first: int
    strips: tuple[int, ...]
    demand: Demand
    rings: dict[Tensor, int]
    costs: list[Strips]

    def __post_init__(self):
        self._best: dict[int, tuple[int, float] | None] = {}
        self.orders = [layout.DISJOINT] * len(self.strips)
        self._place()
        self.rooms = [self._rooms(step) for step in self.demand.steps]

    def _place(self) -> None:
        """The tensors that wait for the most ops at the bottom, each as low as those there at the same time allow."""
        during = self.demand.during()
        ends: dict[Tensor, int] = {}
        self.places: dict[Tensor, int] = {}
        over = self._write_over(during)
        alone = [tensor for tensor in self.rings if tensor not in over]
        for tensor in sorted(alone, key=lambda t: (-len(during[t].ops), -self.size(t))):
            apart = [(self.places[t], ends[t]) for t in ends if during[t].events & during[tensor].events]
            at = 0
            for start, end in sorted(apart):
                if start < at + self.size(tensor) and at < end:
                    at = end
            self.places[tensor], ends[tensor] = at, at + self.size(tensor)
        for x, y in over.items():
            self.places[x], ends[x] = self.places[y], ends[y]
        self.tops = [
            max((end for t, end in ends.items() if place in during[t].ops), default=0) for place in range(len(self.strips))
        ]

    def _write_over(self, during: dict[Tensor, During]) -> dict[Tensor, Tensor]:
        """Inputs of 1x1 convolutions whose rows lie in the slots that the output's rows are to have: input to output.

        Where that takes no larger ring, and rows of both are of one size.
        """
        found: dict[Tensor, Tensor] = {}
        for place, (step, shape) in enumerate(zip(self.demand.steps, self.demand.shapes)):
            x, y = step.inputs[0], step.outputs[0]
            if step.opcode != layout.CONV2D or not shape.pointwise or shape.in_c != shape.out_c:
                continue
            if x not in self.rings or y not in self.rings or x in found.values():
                continue
            alone = sum(x in other.inputs for other in self.demand.steps) == 1
            if alone and self.demand.slots(x, y) <= self.rings[y]:
                found[x], self.rings[x], self.orders[place] = y, self.rings[y], layout.FORWARD
                during[x] = during[y] = During(during[x].events | during[y].events, during[x].ops | during[y].ops)
        return found

    def size(self, tensor: Tensor) -> int:
        """Bytes there is room for of a tensor between the ops, up to a multiple of 4."""
        size = self.rings[tensor] * (nbytes(tensor) // image(tensor.shape)[0])
        return size + -size % 4

    def _rooms(self, step: Step) -> tuple[int, int]:
        """Rows of input and output there is room for."""
        x, y = step.inputs[0], step.outputs[0]
        return self.rings.get(x, image(x.shape)[0]), self.rings.get(y, image(y.shape)[0])

    def sizes(self, order: int = layout.DISJOINT) -> list[int]:
        """Bytes above what is live outside with which it runs in the least and in the largest strips, and between."""
        largest = max(self.strips)
        return sorted({self._need(rows) for rows in (1, max(1, largest // 2), largest)})

    def _need(self, rows: int) -> int:
        return max(
            top + cost.size(order, min(rows, strip), room)
            for top, cost, order, strip, room in zip(self.tops, self.costs, self.orders, self.strips, self.rooms)
        )

    def best(self, order: int, room: int) -> tuple[int, float] | None:
        """(1, cycles added) with so much room above what is live outside; None where it is too little."""
        if room not in self._best:
            self._best[room] = self._cost(room) if self._need(1) <= room else None
        return self._best[room]

    def _cost(self, room: int) -> tuple[int, float]:
        extra = EVENT * len(self.demand.events)
        for place, cost in enumerate(self.costs):
            strip, _ = cost.best(self.orders[place], room - self.tops[place], self.rooms[place], self.strips[place])
            rows = [event.end - event.first for event in self.demand.events if event.place == place]
            extra += cost.extra(rows, strip)
        return 1, extra


def groups(program: Program, lives: list[Life], costs: list[Strips], bound: int) -> list[Group]:
    """The groups worth trying. bound: bytes that the worst op needs alone, its scratch included."""
    found = []
    for first in range(len(program.steps)):
        for end in range(first + 2, min(first + LONGEST, len(program.steps)) + 1):
            if not _fuses(program, program.steps[end - 1]):
                break
            if _fuses(program, program.steps[first]) and _closed(program, lives, first, end):
                found += _variants(program, lives, costs, first, end, bound)
    return found


def _fuses(program: Program, step: Step) -> bool:
    tensors = step.inputs + step.outputs
    if not program.in_arena(step.outputs[0]):
        return False  # a state
    if any(len(t.shape) != 3 or t.dtype != "int8" or program.base(t) is not t for t in tensors if t.data is None):
        return False
    if step.opcode in _ELEMENTWISE:
        return all(tuple(t.shape) == tuple(step.outputs[0].shape) for t in step.inputs)
    return step.opcode in WINDOWS


def _closed(program: Program, lives: list[Life], first: int, end: int) -> bool:
    """Is the last output all that is used outside, and is there no way past the last op?"""
    made = [life for life in lives if first <= life.first < end - 1]
    return all(first < life.last < end for life in made)


def need(lives: list[Life], cost: Strips, number: int) -> int:
    """Bytes that a step needs alone: what stays live, the larger of input and output, its least scratch."""
    stays = sum(life.size for life in lives if life.first < number < life.last)
    dies = sum(life.size for life in lives if life.first < number == life.last)
    made = sum(life.size for life in lives if life.first == number)
    overlaps = cost.shape is not None or cost.step.opcode in _ELEMENTWISE
    scratch = cost.size(layout.FORWARD if overlaps else layout.DISJOINT, 1)
    return stays + (max(dies, made) if overlaps else dies + made) + scratch


def _variants(program, lives, costs, first: int, end: int, bound: int) -> list[Group]:
    """The group with several strips, where it needs less than its ops alone, and they near the most of all."""
    steps, costs = program.steps[first:end], costs[first:end]
    alone = max(need(lives, cost, first + place) for place, cost in enumerate(costs))
    if alone < bound * 2 // 3:
        return []
    outside = sum(life.size for life in lives if life.first < first and life.last >= end)
    dies = sum(life.size for life in lives if life.first < first <= life.last < end)
    made_bytes = sum(life.size for life in lives if life.first == end - 1)
    heights = [image(step.outputs[0].shape)[0] for step in steps]
    tried: dict[tuple[int, ...], Group | None] = {}

    def tries(wanted) -> list[Group]:
        """The groups with these strips that are new and need less than the ops alone."""
        made = []
        for strips in wanted:
            strips = tuple(min(rows, height, MOST_RING) for rows, height in zip(strips, heights))
            if strips not in tried and len(tried) < MOST_TRIED:
                group = tried[strips] = _group(first, steps, strips, costs)
                if group and outside + max(dies, made_bytes) + group.sizes()[0] < alone:
                    made.append(group)
        return made

    useful = _useful(tries(_paces(_factors(steps))))
    climbed: set[tuple[int, ...]] = set()
    while new := [group for group in useful if group.strips not in climbed]:
        climbed.update(group.strips for group in new)
        useful = _useful(useful + [more for group in new for more in tries(_larger(group.strips))])
    return useful


def _paces(factors: list[int]) -> list[tuple[int, ...]]:
    """Strips for all of the ops in step with each other."""
    return [
        (*(max(1, int(rows * factor * inner)) for factor in factors[:-1]), rows) for rows in ROWS for inner in PACES
    ]


def _larger(strips: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Strips that are larger for one op, or for two or three one behind the other."""
    found = []
    for count in (1, 2, 3):
        for place in range(len(strips) - count + 1):
            grown = [_next(rows) for rows in strips[place : place + count]]
            found.append((*strips[:place], *grown, *strips[place + count :]))
    return found


def _next(rows: int) -> int:
    return next((more for more in ROWS if more > rows), 2 * rows)


def _useful(found: list[Group]) -> list[Group]:
    """Those that no other one beats in the least and in the most they take and in what they then cost."""
    marks = {}
    for group in found:
        least, most = group.sizes()[0], group.sizes()[-1]
        marks[id(group)] = least, most, group.best(layout.DISJOINT, most)[1]
    kept = []
    for group in sorted(found, key=lambda group: marks[id(group)]):
        if not any(all(a <= b for a, b in zip(marks[id(other)], marks[id(group)])) for other in kept):
            kept.append(group)
    return kept


def _group(first: int, steps: list[Step], strips: tuple[int, ...], costs: list[Strips]) -> Group | None:
    demand = Demand(steps, strips)
    heights = dict(zip((step.outputs[0] for step in steps), demand.heights))
    rings = {tensor: min(rows, heights[tensor]) for tensor, rows in demand.rings().items()}
    if any(rows > MOST_RING and rows < heights[tensor] for tensor, rows in rings.items()):
        return None
    return Group(first, strips, demand, rings, costs)


def _factors(steps: list[Step]) -> list[int]:
    """Rows that each op makes for a row of the last one: the strides between."""
    readers = {x: place for place, step in enumerate(steps) for x in step.inputs}
    factors = [1] * len(steps)
    for place in range(len(steps) - 2, -1, -1):
        reader = readers[steps[place].outputs[0]]
        shape = window(steps[reader])
        factors[place] = factors[reader] * (shape.stride_h if shape else 1)
    return factors
