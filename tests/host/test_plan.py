"""The running order and the arena plan: properties that must hold of any of them, and what the checker catches."""

import array
import itertools

import pytest
from programs import branches, random_program, tensor, with_state

import upyml
from host_tools import verify, writer
from host_tools.compare import best_engine
from host_tools.passes.order import order
from host_tools.passes.plan import plan
from host_tools.planner.lives import lives
from host_tools.program import Program, Step, nbytes
from upyml.format import layout

SEEDS = range(60)


def arena(program):
    """Bytes that a planned program needs."""
    return max(program.offsets[t] + nbytes(t) for t in program.offsets)


def peak(program):
    """Most bytes live at any step, without steps in place."""
    pieces = lives(program).values()
    return max(
        sum(nbytes(p.tensor) for p in pieces if p.first <= n <= p.last) for n in range(-1, len(program.steps) + 1)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_no_tensor_is_overwritten_before_it_is_read(seed):
    verify.plan(plan(order(verify.program(random_program(seed), "made"))))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_live_tensors_overlap_but_as_an_order_allows(seed):
    program = plan(random_program(seed))
    for a, b in itertools.combinations(lives(program).values(), 2):
        start = program.offsets[a.tensor], program.offsets[b.tensor]
        overlap = start[0] < start[1] + nbytes(b.tensor) and start[1] < start[0] + nbytes(a.tensor)
        shared = range(max(a.first, b.first), min(a.last, b.last) + 1)
        if overlap and shared:
            assert len(shared) == 1 and a.last == b.first
            assert program.steps[shared[0]].order in (layout.FORWARD, layout.REVERSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_near_the_bytes_that_are_live(seed):
    program = random_program(seed)
    assert arena(plan(program)) <= 1.15 * peak(program) + 64


@pytest.mark.parametrize("seed", SEEDS)
def test_ordering_keeps_all_steps_and_never_costs(seed):
    before, after = random_program(seed), order(random_program(seed))
    assert sorted(s.name for s in before.steps) == sorted(s.name for s in after.steps)
    verify.program(after, "order")
    assert arena(plan(after)) <= 1.1 * arena(plan(before)) + 64


def test_wide_branches_run_one_after_another():
    """Three branches that widen to 1000 bytes and narrow to 10: side by side they would need 3000."""
    program = branches(3, (1000, 10))
    program.steps = [program.steps[i] for i in (0, 2, 4, 1, 3, 5, 6)]  # side by side
    before = peak(program)
    assert before > 3000
    assert arena(plan(order(program))) < 1100


def test_ordering_many_branches_stays_within_the_beam(monkeypatch):
    """Twelve branches of five steps have about 10^40 orders; each step looks at no more than WIDTH times twelve."""
    from host_tools.passes import order as ordering

    tried = []
    monkeypatch.setattr(ordering._Live, "run", lambda *a, run=ordering._Live.run: tried.append(1) or run(*a))
    program = branches(12, (100, 50, 20, 10, 5))
    order(program)
    assert len(program.steps) < len(tried) <= len(program.steps) * 12 * ordering.WIDTH


def test_the_same_program_gets_the_same_plan():
    first, second = (list(plan(order(random_program(7))).offsets.values()) for _ in range(2))
    assert first == second


def test_a_dying_input_gives_its_place_to_an_elementwise_output():
    x, y, z = tensor("x", 100), tensor("y", 100), tensor("z", 100)
    program = Program([x], [z], [Step(layout.TABLE, [x], [y]), Step(layout.ADD, [y, y], [z])])
    plan(program)
    assert arena(program) == 100
    assert all(step.order != layout.DISJOINT for step in program.steps)


def test_an_input_that_is_read_later_keeps_its_place():
    x, y, z = tensor("x", 100), tensor("y", 100), tensor("z", 100)
    program = Program([x], [z], [Step(layout.TABLE, [x], [y]), Step(layout.ADD, [x, y], [z])])
    plan(program)
    assert arena(program) == 200
    assert program.steps[0].order == layout.DISJOINT


def test_the_checker_catches_an_overlap():
    x, y, z = tensor("x", 100), tensor("y", 60), tensor("z", 100)
    program = Program([x], [z], [Step(layout.PAD, [x], [y]), Step(layout.PAD, [x], [z])])
    program.outputs.append(y)
    plan(program)
    verify.plan(program)
    program.offsets[y] = program.offsets[x] + (40 if program.offsets[y] > program.offsets[x] else 1)
    with pytest.raises(verify.GraphError, match="overwrites its input|was overwritten"):
        verify.plan(program)


def test_the_checker_catches_a_low_top():
    x, y = tensor("x", 100), tensor("y", 60)
    program = plan(Program([x], [y], [Step(layout.PAD, [x], [y])]))
    program.steps[0].top -= 1
    with pytest.raises(verify.GraphError, match="top"):
        verify.plan(program)


def test_the_checker_catches_an_output_that_does_not_last():
    x, y, z = tensor("x", 100), tensor("y", 60), tensor("z", 60)
    program = Program([x], [y, z], [Step(layout.PAD, [x], [y]), Step(layout.PAD, [x], [z])])
    plan(program)
    program.offsets[z] = program.offsets[y]
    with pytest.raises(verify.GraphError, match="does not last|top"):
        verify.plan(program)


@pytest.mark.parametrize("seed", range(20))
def test_the_checker_catches_a_step_moved_before_its_source(seed):
    program = random_program(seed)
    program.steps.reverse()
    with pytest.raises(verify.GraphError, match="too early"):
        verify.program(program, "reversed")


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_that_use_a_state_keep_their_order_and_take_no_room_for_it(seed):
    program, users = with_state(random_program(seed), seed)
    state = program.states[0]
    order(verify.program(program, "made"))
    assert [step for step in program.steps if step in users] == users
    verify.plan(plan(verify.program(program, "order")))
    assert state not in program.offsets and state not in lives(program)
    assert program.state_offsets() == ({state: 0}, 48)
    for step in program.steps:
        reading = [t for t in step.inputs if program.in_arena(t)]
        if step.outputs[0] is state:
            assert step.order == layout.DISJOINT
            assert step.top >= max(program.offsets[program.base(t)] + nbytes(t) for t in reading)


def test_a_state_is_read_where_it_is_before_and_after_it_is_written():
    """y0 is the old state, y1 the new one: neither the order search nor the plan may bring the two together."""
    x, state, y0, y1 = tensor("x", 40), tensor("state", 40), tensor("y0", 40), tensor("y1", 40)
    steps = [Step(layout.RESHAPE, [a], [b], {}, b.name) for a, b in ((state, y0), (x, state), (state, y1))]
    program = Program([x], [y0, y1], steps, states=[state])
    verify.plan(plan(order(verify.program(program, "made"))))
    model = upyml.load(writer.write(program, best_engine()))
    for value, before in ((3, 0), (4, 3), (5, 4)):
        model.input[:] = array.array("b", [value] * 40)
        model.run()
        assert [set(view) for view in model.outputs] == [{before}, {value}]
    assert model.selftest() is True


def test_a_state_is_none_of_the_models_outputs():
    x, state = tensor("x", 40), tensor("state", 40)
    program = Program([x], [state], [Step(layout.RESHAPE, [x], [state])], states=[state])
    with pytest.raises(verify.GraphError, match="the output 'state' is a state"):
        verify.program(program, "made")
