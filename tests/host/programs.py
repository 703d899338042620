"""Random programs for the tests of ordering and planning: graphs of steps with branches, in-place ops and views.

Their PAD steps stand for any op that needs its output apart from its input; nothing runs them.
"""

import numpy as np

from host_tools.graph import Tensor
from host_tools.program import Program, Step
from upyml.format import layout


def tensor(name, size):
    """An int8 activation of so many bytes."""
    return Tensor(name, (size,), "int8", 0.1, 0)


def random_program(seed, steps=12):
    """Steps that read one or two earlier tensors; some keep the size and may work in place, some outputs are viewed."""
    chance = np.random.default_rng(seed)
    inputs = [tensor(f"in{i}", int(chance.integers(1, 200))) for i in range(chance.integers(1, 3))]
    program, made = Program(inputs, [], []), list(inputs)
    for number in range(steps):
        recent = made[-4:] if chance.random() < 0.8 else made
        x = recent[chance.integers(len(recent))]
        kind = chance.integers(4)
        if kind == 0:
            step = Step(layout.TABLE, [x], [tensor(f"t{number}", x.size)], {}, f"s{number}")
        elif kind == 1:
            other = recent[chance.integers(len(recent))]
            step = Step(layout.ADD, [x, other], [tensor(f"t{number}", max(x.size, other.size))], {}, f"s{number}")
        else:
            step = Step(layout.PAD, [x], [tensor(f"t{number}", int(chance.integers(1, 300)))], {}, f"s{number}")
        program.steps.append(step)
        made.append(step.outputs[0])
        if chance.random() < 0.2:
            made.append(program.view(made[-1], (1, made[-1].size)))
    program.outputs = made[-1:] + ([made[len(made) // 2]] if chance.random() < 0.3 else [])
    return program


def branches(widths, sizes):
    """One input; a chain of steps with the given output sizes for each branch; a last step that joins them."""
    x = tensor("x", 10)
    program, ends = Program([x], [], []), []
    for b in range(widths):
        last = x
        for i, size in enumerate(sizes):
            y = tensor(f"b{b}_{i}", size)
            program.steps.append(Step(layout.PAD, [last], [y], {}, y.name))
            last = y
        ends.append(last)
    out = tensor("out", sum(t.size for t in ends))
    program.steps.append(Step(layout.CONCATENATE, ends, [out], {"axis": 0}, "join"))
    program.outputs = [out]
    return program


def with_state(program, seed):
    """The same with a state of 40 bytes that some steps read and write; returns the program and the steps that use it."""
    chance = np.random.default_rng(seed)
    state = Tensor("state", (40,), "int8", 0.1, 0)
    program.states.append(state)
    for _ in range(2):
        at = int(chance.integers(len(program.steps) + 1))
        made = program.inputs + [t for step in program.steps[:at] for t in step.outputs if t is not state]
        program.steps.insert(at, Step(layout.PAD, [made[chance.integers(len(made))]], [state], {}, f"write{at}"))
        at = int(chance.integers(len(program.steps) + 1))
        out = tensor(f"read{at}", 40)
        program.steps.insert(at, Step(layout.PAD, [state], [out], {}, out.name))
        program.outputs.append(out)
    return program, [step for step in program.steps if state in step.inputs + step.outputs]
