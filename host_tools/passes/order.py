"""The running order with the lowest peak of live bytes.

A chain has one order; branches can run one after another or side by side, and what each leaves live meanwhile differs.
The search goes step by step over the sets of steps already run, and keeps for each set the order with the lowest peak.
As long as there are at most WIDTH sets at a time that is exact; beyond it keeps the most promising ones (a beam).
"""

from __future__ import annotations

from host_tools.passes import inplace
from host_tools.program import Program, nbytes

WIDTH = 2000


def order(program: Program) -> Program:
    """The program with its steps in the best order found. Steps of equal peak keep the order they came in."""
    steps = program.steps
    count = len(steps)
    made = {program.base(t): i for i, step in enumerate(steps) for t in step.outputs}
    needs = [{made[program.base(t)] for t in step.inputs if program.base(t) in made} for step in steps]
    if all(need == ({i - 1} if i else set()) for i, need in enumerate(needs)):
        return program  # a chain
    model = _Live(program)
    states = {0: (0, 0, (), model.start())}
    for _ in range(count):
        reached: dict[int, tuple] = {}
        for done, (peak, _, sequence, live) in states.items():
            for i in range(count):
                if done >> i & 1 or not all(done >> n & 1 for n in needs[i]):
                    continue
                now, after = model.run(i, done, live)
                state = (max(peak, now), sum(map(nbytes, after)), sequence + (i,), after)
                old = reached.get(done | 1 << i)
                if old is None or state[:3] < old[:3]:
                    reached[done | 1 << i] = state
        kept = sorted(reached.items(), key=lambda item: item[1][:3])[:WIDTH]
        states = dict(kept)
    ((_, _, sequence, _),) = states.values()
    program.steps = [steps[i] for i in sequence]
    return program


class _Live:
    """Which tensors are live before and after a step, and how many bytes that takes during it."""

    def __init__(self, program: Program):
        self.program = program
        self.readers: dict = {}  # steps that read each tensor, as a bit set
        for i, step in enumerate(program.steps):
            for tensor in step.inputs:
                base = program.base(tensor)
                self.readers[base] = self.readers.get(base, 0) | 1 << i
        self.kept = {program.base(t) for t in program.outputs}

    def start(self) -> frozenset:
        """Tensors live before the first step."""
        return frozenset(self.program.base(t) for t in self.program.inputs)

    def run(self, i: int, done: int, live: frozenset) -> tuple[int, frozenset]:
        """Bytes live while step i runs, and the tensors live after it."""
        step = self.program.steps[i]
        outputs = {self.program.base(t) for t in step.outputs}
        during = live | outputs
        done |= 1 << i
        after = frozenset(t for t in during if t in self.kept or self.readers.get(t, 0) & ~done)
        saved = 0
        for tensor in inplace.candidates(self.program, step):
            if tensor not in after:
                saved = nbytes(tensor)
                break
        return sum(map(nbytes, during)) - saved, after
