"""The running order with the lowest peak of live bytes.

Steps that use the same state keep their order. A chain has one order; branches can run one after another or side by side, and what each leaves live meanwhile differs.
The search goes step by step over the sets of steps already run, and keeps for each set the order with the lowest peak.
As long as there are at most WIDTH sets at a time that is exact; beyond it keeps the most promising ones (a beam).
"""

from __future__ import annotations

from host_tools.planner.overlap import may_overlap
from host_tools.program import Program, nbytes

WIDTH = 500


def order(program: Program) -> Program:
    """The program with its steps in the best order found. Steps of equal peak keep the order they came in."""
    steps = program.steps
    count = len(steps)
    made = {program.base(t): i for i, step in enumerate(steps) for t in step.outputs if program.in_arena(t)}
    sources = [{made[program.base(t)] for t in step.inputs if program.base(t) in made} for step in steps]
    for source, before in zip(sources, _same_state(program)):
        source.update(before)
    if all(i - 1 in source for i, source in enumerate(sources) if i):
        return program  # a chain
    needs = [sum(1 << i for i in source) for source in sources]
    model = _Live(program)
    states = {
        0: (0, model.start(), None)
    }  # steps run, as a bit set: lowest peak, bytes live, last step and those before
    for _ in range(count):
        reached: dict[int, tuple] = {}
        for done, (peak, live, sequence) in states.items():
            for i in range(count):
                if done >> i & 1 or needs[i] & ~done:
                    continue
                now, after = model.run(i, done, live)
                old = reached.get(done | 1 << i)
                if old is None or max(peak, now) < old[0]:
                    reached[done | 1 << i] = (max(peak, now), after, (i, sequence))
        states = dict(sorted(reached.items(), key=lambda item: item[1][:2])[:WIDTH])
    ((_, _, sequence),) = states.values()
    found = []
    while sequence:
        i, sequence = sequence
        found.append(steps[i])
    program.steps = found[::-1]
    return program


def _same_state(program: Program) -> list[set[int]]:
    """For each step those before it that have used the same states last: who reads and who writes keep their order."""
    last: dict = {}
    found = []
    for i, step in enumerate(program.steps):
        used = {program.base(t) for t in step.inputs + step.outputs} & set(program.states)
        found.append({last[state] for state in used if state in last})
        last |= dict.fromkeys(used, i)
    return found


class _Live:
    """How many bytes are live during a step and after it; which tensors those are follows from the steps run."""

    def __init__(self, program: Program):
        self.inputs = [nbytes(t) for t in {program.base(t): None for t in program.inputs} if program.in_arena(t)]
        kept = {program.base(t) for t in program.outputs}
        readers: dict = {}  # steps that read each tensor, as a bit set
        for i, step in enumerate(program.steps):
            for tensor in step.inputs:
                base = program.base(tensor)
                readers[base] = readers.get(base, 0) | 1 << i
        self.made = [nbytes(step.outputs[0]) if program.in_arena(step.outputs[0]) else 0 for step in program.steps]
        # Of each step: (bytes, who reads it) of the tensors that may die with it, and of those it may write over.
        self.dying, self.shared = [], []
        for step in program.steps:
            bases = {program.base(t): None for t in step.inputs + step.outputs if program.in_arena(t)}
            self.dying.append([(nbytes(t), readers.get(t, 0)) for t in bases if t not in kept])
            self.shared.append([(nbytes(t), readers[t]) for t in may_overlap(program, step) if t not in kept])

    def start(self) -> int:
        """Bytes live before the first step."""
        return sum(self.inputs)

    def run(self, i: int, done: int, live: int) -> tuple[int, int]:
        """Bytes live while step i runs after the steps `done`, and after it."""
        done |= 1 << i
        during = live + self.made[i]
        after = during - sum(size for size, readers in self.dying[i] if not readers & ~done)
        covered = [size for size, readers in self.shared[i] if not readers & ~done]
        return during - min(self.made[i], max(covered, default=0)), after
