"""How a fused group runs, as ports/engine/group.c does it: which op makes which rows when, and what rings that takes.

The last op makes its next strip of rows; where an op needs rows that the op in the group which makes them has not made,
that one makes its next strip first.
"""

from __future__ import annotations

from dataclasses import dataclass

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


class Demand:
    """The run of a group: `events` in their order, for strips of the given rows."""

    def __init__(self, steps: list[Step], strips: tuple[int, ...]):
        self.steps = steps
        self.shapes = [window(step) for step in steps]
        self.heights = [image(step.outputs[0].shape)[0] for step in steps]
        self.makers = {step.outputs[0]: place for place, step in enumerate(steps)}
        self.events = self._run(strips)

    def reads(self, event: Event) -> list[tuple[Tensor, int, int]]:
        """Each input that is no constant, with the rows [first, end) of it that the event reads."""
        shape = self.shapes[event.place]
        rows = shape.rows_read(event.first, event.end) if shape else (event.first, event.end)
        return [(x, *rows) for x in self.steps[event.place].inputs if x.data is None]

    def _run(self, strips: tuple[int, ...]) -> list[Event]:
        made, events, last = [0] * len(self.steps), [], len(self.steps) - 1
        while made[last] < self.heights[last]:
            place = last
            while True:
                event = Event(place, made[place], min(made[place] + strips[place], self.heights[place]))
                waits = [m for m, end in self._makers(event) if made[m] < end]
                if not waits:
                    break
                place = waits[0]
            made[place] = event.end
            events.append(event)
        return events

    def _makers(self, event: Event) -> list[tuple[int, int]]:
        """(place of the op in the group that makes an input, rows of it that must be there)."""
        shape = self.shapes[event.place]
        needed = event.end
        if shape:
            needed = max(0, min(shape.in_h, (event.end - 1) * shape.stride_h - shape.pad_top + shape.reach))
        steps = self.steps[event.place]
        return [(self.makers[x], needed) for x in steps.inputs if self.makers.get(x, event.place) < event.place]

    def _later(self, tensor: Tensor) -> list[int]:
        """For each event, the first row of the tensor that it or a later one reads; the height where none does."""
        rows, out = image(tensor.shape)[0], []
        for event in reversed(self.events):
            rows = min([rows] + [first for x, first, end in self.reads(event) if x is tensor and first < end])
            out.append(rows)
        return out[::-1]

    def rings(self) -> dict[Tensor, int]:
        """The rows that each tensor between the ops needs room for."""
        found = {}
        for place, step in enumerate(self.steps[:-1]):
            later = self._later(step.outputs[0]) + [self.heights[place]]
            rows = [event.end - later[i + 1] for i, event in enumerate(self.events) if event.place == place]
            found[step.outputs[0]] = max(1, *rows)
        return found

    def limit(self, tensor: Tensor) -> int:
        """The greatest distance at which the group's output may lie over an input that dies with the group."""
        last, height = len(self.steps) - 1, image(tensor.shape)[0]
        in_row, out_row = (x.size // image(x.shape)[0] for x in (tensor, self.steps[last].outputs[0]))
        # Elementwise ops go from the first element to the last, so within an event they may write what they have read.
        elementwise = self.shapes[last] is None
        later = self._later(tensor) + [height]
        high = 0 if elementwise and tensor in self.steps[last].inputs else FREE
        for i, event in enumerate(self.events):
            unread = later[i + elementwise]
            if event.place == last and unread < height:
                high = min(high, unread * in_row - event.end * out_row)
        return high
