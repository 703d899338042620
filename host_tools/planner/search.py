"""Offsets for an arena of a given size that cost the least time.

Step by step over the sets of offsets the live tensors can have: for each, an output is tried at the places where good
plans put one (an end of the arena, with and without room for scratch, beside a live tensor, over an input as near as an
order allows), and the cheapest way to each new set is kept. A fused group is one such step over several ops. With at
most WIDTH sets at a time that is exact among those places; beyond it keeps the cheapest (a beam).
"""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.planner.groups import Group, groups, need
from host_tools.planner.lives import lives
from host_tools.planner.overlap import Rule, rules
from host_tools.planner.strips import Strips
from host_tools.program import Program
from upyml.format import layout

ALIGN = 4  # bytes: floats need it, and word loads of int8 rows profit
WIDTH = 100


def aligned(n: int) -> int:
    """The next multiple of ALIGN."""
    return n + -n % ALIGN


@dataclass
class Found:
    """A plan for an arena size: where each tensor lies, each step's order and top, and the cycles strips add."""

    size: int
    offsets: dict
    orders: list[int]
    tops: list[int]
    groups: list[Group]
    extra: float


@dataclass(eq=False)
class _Move:
    """One output to be placed: of a step, of a group, or (costs is None) an input of the model. Tensors by number; the name
    is None where the output is a state, which has its place."""

    name: int | None
    size: int
    live: list[int]  # lie in the arena before it
    kept: list[int]  # and after it
    end: int  # the stage it leads to
    costs: Strips | Group | None = None

    def __post_init__(self):
        # All inputs are there at once, also those that nothing reads.
        self.dying = [i for i in self.live if i not in self.kept] if self.costs else []
        self.fixed = [i for i in self.live if i not in self.dying]
        self.over: dict[int, list[Rule]] = {}  # how it may lie over those
        self.group = self.costs if isinstance(self.costs, Group) else None
        self.scratches = [0]
        self.least = 0  # bytes of arena below which it need not be tried


class Search:
    """The search for one program; find() answers for an arena size. fuse: with fused groups among the steps."""

    def __init__(self, program: Program, fuse: bool = True):
        self.program = program
        self.lives = list(lives(program).values())
        self.strips = [Strips(step) for step in program.steps]
        self.cycles = max(1.0, sum(strips.cycles for strips in self.strips))
        self.sizes = [life.size for life in self.lives]
        self.inputs = [i for i, life in enumerate(self.lives) if life.first < 0]
        self.moves: list[list[_Move]] = [[] for _ in range(len(self.inputs) + len(program.steps))]
        self._place_inputs()
        self._run_steps()
        if fuse:
            self._run_groups()

    def _live(self, done: int) -> list[int]:
        """The tensors that lie in the arena when so many steps are done."""
        return [i for i, life in enumerate(self.lives) if life.first < done <= life.last]

    def _place_inputs(self) -> None:
        for place, name in enumerate(self.inputs):
            kept = self.inputs[: place + 1] if place + 1 < len(self.inputs) else self._live(0)
            self.moves[place].append(_Move(name, self.sizes[name], self.inputs[:place], kept, place + 1))

    def _run_steps(self) -> None:
        names = {life.tensor: i for i, life in enumerate(self.lives)}
        after = [0]
        for number in reversed(range(len(self.program.steps))):
            step = self.program.steps[number]
            name = names.get(self.program.base(step.outputs[0]))
            move = self._move(name, number, 1, self.strips[number])
            for i in move.dying:
                places = [p for p, t in enumerate(step.inputs) if names.get(self.program.base(t)) == i]
                move.over[i] = _common([rules(self.program, step, place) for place in places])
            orders = {layout.DISJOINT} | {rule.order for found in move.over.values() for rule in found}
            own = sorted({0}.union(*(_few(move.costs.sizes(order)) for order in orders)))
            move.scratches, after = sorted({*own, *after}), own  # room for its reader's scratch too
        for moves in self.moves[: len(self.inputs)]:
            moves[0].scratches = after

    def _run_groups(self) -> None:
        names = {life.tensor: i for i, life in enumerate(self.lives)}
        bound = max(need(self.lives, cost, number) for number, cost in enumerate(self.strips))
        for group in groups(self.program, self.lives, self.strips, bound):
            last = group.first + len(group.strips) - 1
            move = self._move(names[self.program.steps[last].outputs[0]], group.first, len(group.strips), group)
            move.over = {
                i: [Rule(layout.DISJOINT, high=group.demand.limit(self.lives[i].tensor))] for i in move.dying
            }
            move.scratches = [0, *group.sizes()]
            move.least = max(sum(self.sizes[i] for i in move.live), sum(self.sizes[i] for i in move.kept)) + sum(
                move.scratches[:2]
            )

    def _move(self, name: int | None, first: int, count: int, costs: Strips | Group) -> _Move:
        stage = len(self.inputs) + first
        size = 0 if name is None else self.sizes[name]
        move = _Move(name, size, self._live(first), self._live(first + count), stage + count, costs)
        self.moves[stage].append(move)
        return move

    def least(self) -> int:
        """Bytes below which there is no plan."""
        return max(sum(self.sizes[i] for i in self.inputs), sum(self.sizes[i] for i in self._live(len(self.strips))))

    def most(self) -> int:
        """Bytes with which every step has all the scratch it can use."""
        return sum(map(aligned, self.sizes)) + max(moves[0].scratches[-1] for moves in self.moves)

    def find(self, size: int, most: float = float("inf"), fuse: bool = True) -> Found | None:
        """The cheapest plan found for `size` bytes; None where none adds less than `most` cycles. fuse: with groups."""
        stages: list[dict] = [{} for _ in range(len(self.moves) + 1)]
        stages[0][()] = (0.0, 0, None, None, 0, 0, 0)
        for stage, moves in enumerate(self.moves):
            if len(stages[stage]) > WIDTH:
                best = sorted(stages[stage].items(), key=lambda item: (item[1][:2], item[0]))[:WIDTH]
                stages[stage] = dict(best)
            for state, (extra, high, *_) in stages[stage].items():
                for move in moves:
                    if move.least > size or (move.group and not fuse):
                        continue
                    reached = stages[move.end]
                    for offset, order, top, more in self._ways(move, state, size):
                        if extra + more > most:
                            continue
                        places = dict(zip(move.live, state))
                        if move.name is not None:
                            places[move.name] = offset
                        new = tuple(places[i] for i in move.kept)
                        value = (extra + more, max(high, top), state, move, offset, order, top)
                        if new not in reached or value[:2] < reached[new][:2]:
                            reached[new] = value
        return self._trace(stages, size) if stages[-1] else None

    def _trace(self, stages: list[dict], size: int) -> Found:
        state, value = min(stages[-1].items(), key=lambda item: (item[1][:2], item[0]))
        found = Found(size, {}, [], [], [], value[0])
        stage = len(self.moves)
        while stage:
            _, _, before, move, offset, order, top = stages[stage][state]
            if move.name is not None:
                found.offsets[self.lives[move.name].tensor] = offset
            orders, tops = [order], [top]
            if move.group:
                orders = move.group.orders
                found.groups.append(move.group)
                found.offsets |= {tensor: top + at for tensor, at in move.group.places.items()}
                tops = [top + above for above in move.group.tops]
            if move.costs:
                found.orders[:0], found.tops[:0] = orders, tops
            stage -= len(tops)
            state = before
        return found

    def _ways(self, move: _Move, state: tuple, size: int):
        """(offset, order, top, cycles added) of each place where the output can be put."""
        spans = {i: (at, at + self.sizes[i]) for i, at in zip(move.live, state)}
        end = max((stop for _, stop in spans.values()), default=0)
        fixed = [spans[i] for i in move.fixed]
        for offset in self._candidates(move, spans, size):
            stop = offset + move.size
            if any(offset < b and a < stop for a, b in fixed):
                continue
            top = aligned(max(end, stop)) if move.group else max(end, stop)
            if move.costs is None:
                yield offset, layout.DISJOINT, top, 0.0
                continue
            if top > size:
                continue
            room, best = max(0, size - aligned(top)), None
            for order in self._orders(move, spans, offset, stop):
                strip = move.costs.best(order, room)
                if strip and (best is None or strip[1] < best[1]):
                    best = order, strip[1]
            if best:
                yield offset, best[0], top, best[1]

    def _candidates(self, move: _Move, spans: dict, size: int) -> list[int]:
        found = {0}
        if move.name is None:
            return [0]
        for scratch in move.scratches:
            found.add((size - move.size - scratch) // ALIGN * ALIGN)
        for i, (start, stop) in spans.items():
            found |= {aligned(stop), (start - move.size) // ALIGN * ALIGN}
            for rule in move.over.get(i, ()):
                found.update(start + distance for distance in rule.nearest(ALIGN))
        return sorted(at for at in found if 0 <= at <= size - move.size)

    def _orders(self, move: _Move, spans: dict, offset: int, stop: int) -> list[int]:
        over = [i for i in move.dying if offset < spans[i][1] and spans[i][0] < stop]
        if not over:
            return [layout.DISJOINT]
        allowed = [
            {rule.order for rule in move.over.get(i, ()) if rule.allows(offset - spans[i][0])} for i in over
        ]
        return sorted(set.intersection(*allowed))


def _few(sizes: list[int]) -> set[int]:
    """The least, the middle and the largest."""
    return {sizes[0], sizes[len(sizes) // 2], sizes[-1]}


def _common(sets: list[list[Rule]]) -> list[Rule]:
    """The rules for a tensor that the step reads at several places: those that hold for each."""
    return [rule for rule in sets[0] if all(rule in other for other in sets[1:])] if sets else []
