"""Offsets for an arena of a given size that cost the least time.

Step by step over the sets of offsets the live tensors can have: for each, an output is tried at the places where good
plans put one (an end of the arena, with and without room for scratch, beside a live tensor, over an input as near as an
order allows), and the cheapest way to each new set is kept. With at most WIDTH sets at a time that is exact among those
places; beyond it keeps the cheapest (a beam).
"""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.planner.lives import Life, lives
from host_tools.planner.overlap import Rule, rules
from host_tools.planner.strips import Strips
from host_tools.program import Program
from upyml.format import layout

ALIGN = 4  # bytes: floats need it, and word loads of int8 rows profit
WIDTH = 300


def aligned(n: int) -> int:
    """The next multiple of ALIGN."""
    return n + -n % ALIGN


@dataclass
class Found:
    """Offsets of an arena size: where each tensor lies, each step's order and top, and the cycles strips add."""

    size: int
    offsets: dict
    orders: list[int]
    tops: list[int]
    extra: float


class _Placing:
    """One output (or, before the first step, one input) to be placed."""

    def __init__(self, name: int, life: Life, live: list[int], dying: list[int], strips: Strips | None):
        self.name, self.size = name, life.size
        self.live = live  # tensors (by number) that lie in the arena before it
        self.kept = [i for i in live if i not in dying] + [name] * (life.last > life.first)
        self.fixed = [i for i in live if i not in dying]
        self.over: dict[int, list[Rule]] = {}  # inputs that die with the step: how it may lie over them
        self.dying = dying
        self.strips = strips
        self.scratches: list[int] = [0]


class Search:
    """The search for one program; find() answers for an arena size."""

    def __init__(self, program: Program):
        self.program = program
        self.lives = list(lives(program).values())
        self.strips = [Strips(step) for step in program.steps]
        self.cycles = max(1.0, sum(strips.cycles for strips in self.strips))
        self.sizes = [life.size for life in self.lives]
        self.placings = self._placings()

    def _placings(self) -> list[_Placing]:
        names = {life.tensor: i for i, life in enumerate(self.lives)}
        live: list[int] = []
        made = []
        for i, life in enumerate(self.lives):
            if life.first < 0:
                made.append(_Placing(i, life, list(live), [], None))
                made[-1].kept = live = live + [i]  # all inputs are there at once, also those that nothing reads
        if made:
            made[-1].kept = live = [i for i in live if self.lives[i].last >= 0]
        for number, step in enumerate(self.program.steps):
            name = names[self.program.base(step.outputs[0])]
            dying = [i for i in live if self.lives[i].last == number]
            placing = _Placing(name, self.lives[name], live, dying, self.strips[number])
            places = {i: [p for p, t in enumerate(step.inputs) if names.get(self.program.base(t)) == i] for i in dying}
            placing.over = {i: _common([rules(self.program, step, p) for p in ps]) for i, ps in places.items()}
            orders = {layout.DISJOINT} | {rule.order for found in placing.over.values() for rule in found}
            placing.scratches = sorted({0}.union(*(placing.strips.sizes(order) for order in orders)))
            made.append(placing)
            live = placing.kept
        after = [0]
        for placing in reversed(made):  # an output may have to make room for its reader's scratch too
            placing.scratches, after = sorted({*placing.scratches, *after}), placing.scratches
        return made

    def least(self) -> int:
        """Bytes below which there is no plan."""
        return max(
            max(sum(self.sizes[i] for i in p.live), sum(self.sizes[i] for i in p.fixed) + p.size)
            for p in self.placings
        )

    def most(self) -> int:
        """Bytes with which every step has all the scratch it can use."""
        return sum(map(aligned, self.sizes)) + max(max(p.scratches) for p in self.placings)

    def find(self, size: int) -> Found | None:
        """The cheapest plan found for `size` bytes; None where there is none."""
        layers: list[dict] = [{(): (0.0, 0, None, 0, 0, 0)}]
        for placing in self.placings:
            reached: dict = {}
            for state, (extra, high, *_) in layers[-1].items():
                for offset, order, top, more in self._ways(placing, state, size):
                    places = dict(zip(placing.live, state))
                    places[placing.name] = offset
                    new = tuple(places[i] for i in placing.kept)
                    value = (extra + more, max(high, top), state, offset, order, top)
                    if new not in reached or value[:2] < reached[new][:2]:
                        reached[new] = value
            if not reached:
                return None
            if len(reached) > WIDTH:
                reached = dict(sorted(reached.items(), key=lambda item: (item[1][:2], item[0]))[:WIDTH])
            layers.append(reached)
        return self._trace(layers, size)

    def _trace(self, layers: list[dict], size: int) -> Found:
        state, value = min(layers[-1].items(), key=lambda item: (item[1][:2], item[0]))
        extra, offsets, orders, tops = value[0], {}, [], []
        for placing, layer in zip(reversed(self.placings), reversed(layers)):
            _, _, before, offset, order, top = layer[state]
            offsets[self.lives[placing.name].tensor] = offset
            if placing.strips:
                orders.append(order)
                tops.append(top)
            state = before
        return Found(size, offsets, orders[::-1], tops[::-1], extra)

    def _ways(self, placing: _Placing, state: tuple, size: int):
        """(offset, order, top, cycles added) of each place where the output can be put."""
        spans = {i: (at, at + self.sizes[i]) for i, at in zip(placing.live, state)}
        end = max((stop for _, stop in spans.values()), default=0)
        fixed = [spans[i] for i in placing.fixed]
        for offset in self._candidates(placing, spans, size):
            stop = offset + placing.size
            if any(offset < b and a < stop for a, b in fixed):
                continue
            top = max(end, stop)
            if placing.strips is None:
                yield offset, layout.DISJOINT, top, 0.0
                continue
            room, best = max(0, size - aligned(top)), None
            for order in self._orders(placing, spans, offset, stop):
                strip = placing.strips.best(order, room)
                if strip and (best is None or strip[1] < best[1]):
                    best = order, strip[1]
            if best:
                yield offset, best[0], top, best[1]

    def _candidates(self, placing: _Placing, spans: dict, size: int) -> list[int]:
        found = {0}
        for scratch in placing.scratches:
            found.add((size - placing.size - scratch) // ALIGN * ALIGN)
        for i, (start, stop) in spans.items():
            found |= {aligned(stop), (start - placing.size) // ALIGN * ALIGN}
            for rule in placing.over.get(i, ()):
                found.update(start + distance for distance in rule.nearest(ALIGN))
        return sorted(at for at in found if 0 <= at <= size - placing.size)

    def _orders(self, placing: _Placing, spans: dict, offset: int, stop: int) -> list[int]:
        over = [i for i in placing.dying if offset < spans[i][1] and spans[i][0] < stop]
        if not over:
            return [layout.DISJOINT]
        allowed = [
            {rule.order for rule in placing.over.get(i, ()) if rule.allows(offset - spans[i][0])} for i in over
        ]
        return sorted(set.intersection(*allowed))


def _common(sets: list[list[Rule]]) -> list[Rule]:
    """The rules for a tensor that the step reads at several places: those that hold for each."""
    return [rule for rule in sets[0] if all(rule in other for other in sets[1:])] if sets else []
