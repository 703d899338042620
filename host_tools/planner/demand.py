"""How a fused group runs, as ports/engine/group.c does it: which op makes which rows when, and what rings that takes.

The last op makes its next strip of rows; where an op needs rows that the op in the group which makes them has not made,
that one makes them first, a strip at most at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from host_tools.graph import Tensor
from host_tools.planner.geometry import image, window
from host_tools.planner.overlap import FREE
from host_tools.program import Step


@dataclass(frozen=True)
class Event:
    """Op `place` of the group makes its output rows [first, end)."""

    place: int
    first: int
    end: int


@dataclass(frozen=True)
class During:
    """When rows of a tensor wait, are made or read: numbers of events, and the ops that run then."""

    events: frozenset[int]
    ops: frozenset[int]


class Demand:
    """The run of a group: `events` in their order, for strips of at most the given rows."""

    def __init__(self, steps: list[Step], strips: tuple[int, ...]):
        self.steps = steps
        self.shapes = [window(step) for step in steps]
        self.heights = [image(step.outputs[0].shape)[0] for step in steps]
        self.makers = {step.outputs[0]: place for place, step in enumerate(steps)}
        self.inputs = [[x for x in step.inputs if x.data is None] for step in steps]
        self.events = self._run(strips)

    def reads(self, event: Event) -> list[tuple[Tensor, int, int]]:
        """Each input that is no constant, with the rows [first, end) of it that the event reads."""
        shape = self.shapes[event.place]
        rows = shape.rows_read(event.first, event.end) if shape else (event.first, event.end)
        return [(x, *rows) for x in self.inputs[event.place]]

    def _run(self, strips: tuple[int, ...]) -> list[Event]:
        made, events, last = [0] * len(self.steps), [], len(self.steps) - 1
        makers = [
            [self.makers[x] for x in step.inputs if self.makers.get(x, place) < place]
            for place, step in enumerate(self.steps)
        ]
        while made[last] < self.heights[last]:
            place, asked = last, self.heights[last]
            while True:
                end = min(made[place] + strips[place], asked)
                shape = self.shapes[place]
                needed = shape.rows_read(end - 1, end)[1] if shape else end
                waits = [maker for maker in makers[place] if made[maker] < needed]
                if not waits:
                    break
                place, asked = waits[0], needed
            events.append(Event(place, made[place], end))
            made[place] = end
        return events

    @cached_property
    def _later(self) -> dict[Tensor, list[int]]:
        """Of each tensor, for each event, the first row that it or a later one reads; the height where none does."""
        found = {x: [image(x.shape)[0]] for inputs in self.inputs for x in inputs}
        for event in reversed(self.events):
            read = {x: first for x, first, end in self.reads(event) if first < end}
            for tensor, rows in found.items():
                rows.append(min(rows[-1], read.get(tensor, rows[-1])))
        return {tensor: rows[:0:-1] for tensor, rows in found.items()}

    def rings(self) -> dict[Tensor, int]:
        """The rows that each tensor between the ops needs room for."""
        found = {}
        for place, step in enumerate(self.steps[:-1]):
            later = self._later[step.outputs[0]] + [self.heights[place]]
            rows = [event.end - later[i + 1] for i, event in enumerate(self.events) if event.place == place]
            found[step.outputs[0]] = max(1, *rows)
        return found

    def during(self) -> dict[Tensor, During]:
        """When each tensor between the ops has a row that is still to be read."""
        found = {}
        for place, step in enumerate(self.steps[:-1]):
            tensor, made, events = step.outputs[0], 0, set()
            for i, (event, later) in enumerate(zip(self.events, self._later[tensor])):
                made = event.end if event.place == place else made
                if made > later or event.place == place:
                    events.add(i)
            found[tensor] = During(frozenset(events), frozenset(self.events[i].place for i in events))
        return found

    def slots(self, x: Tensor, y: Tensor) -> int:
        """The rows of a ring in which row n of x may lie where row n of y will: x is read for y row by row."""
        place = self.makers[x]
        return max(event.end - later for event, later in zip(self.events, self._later[y]) if event.place == place)

    def limit(self, tensor: Tensor) -> int:
        """The greatest distance at which the group's output may lie over an input that dies with the group."""
        last, height = len(self.steps) - 1, image(tensor.shape)[0]
        in_row, out_row = (x.size // image(x.shape)[0] for x in (tensor, self.steps[last].outputs[0]))
        # Elementwise ops go from the first element to the last, so within an event they may write what they have read.
        elementwise = self.shapes[last] is None
        later = self._later[tensor] + [height]
        high = 0 if elementwise and tensor in self.steps[last].inputs else FREE
        for i, event in enumerate(self.events):
            unread = later[i + elementwise]
            if event.place == last and unread < height:
                high = min(high, unread * in_row - event.end * out_row)
        return high
