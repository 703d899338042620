"""Fused groups: what they save, that they run to the same bytes, and that the checker catches one that is a row off."""

import pytest
from image_programs import Builder, activation, apart
from test_plan_overlap import crcs

from host_tools import verify
from host_tools.planner.demand import Demand
from host_tools.passes.plan import plan
from host_tools.program import nbytes
from upyml.format import layout


def residual(seed=1, channels=4, height=12):
    """x + conv(conv(x)): between the ops lies as much as x."""
    b = Builder(seed)
    x = activation("x", (height, 8, channels))
    y = b.conv(b.conv(x, channels, (3, 3), (1, 1)), channels, (3, 3), (1, 1))
    return b.program([x], [b.op("add", [x, y], y.shape)])


def vision(seed=1):
    """The first layers of a vision model: wide in the middle."""
    b = Builder(seed)
    x = activation("x", (24, 24, 2))
    y = b.conv(b.depthwise(b.conv(x, 8, (3, 3), (1, 1)), 1, 1), 12, (1, 1), (1, 1))
    return b.program([x], [b.pool(b.depthwise(y, 1, 2))])


def separable(seed=2):
    """The same where the 1x1 convolution keeps the number of channels."""
    b = Builder(seed)
    x = activation("x", (24, 24, 2))
    y = b.conv(b.depthwise(b.conv(x, 8, (3, 3), (1, 1)), 1, 1), 8, (1, 1), (1, 1))
    return b.program([x], [b.pool(b.depthwise(y, 1, 2))])


MODELS = {"residual": residual, "vision": vision, "separable": separable}


def grouped(name):
    """The smallest plan, which has a group: (program, the group's steps)."""
    program = plan(MODELS[name](), "smallest")
    first = next(number for number, step in enumerate(program.steps) if step.fused)
    return program, program.steps[first : first + program.steps[first].fused]


@pytest.mark.parametrize("name", MODELS)
def test_a_group_needs_less_and_gives_the_same_bytes(name):
    program, steps = grouped(name)
    alone = plan(MODELS[name](), "smallest", fuse=False)
    assert program.arena_size < 0.85 * alone.arena_size
    for ram in ("smallest", "balanced", program.arena_size + 500):
        found = crcs(plan(MODELS[name](), ram))
        assert found.items() <= crcs(apart(MODELS[name]())).items() and found
    assert all(step.strip for step in steps)


def test_what_is_read_at_once_lies_where_other_ops_have_scratch():
    """A depthwise convolution's output, which the 1x1 convolution behind it reads before any other op runs."""
    program, steps = grouped("vision")
    first, depthwise, pointwise = steps[:3]
    handed, kept = depthwise.outputs[0], first.outputs[0]
    end = program.offsets[handed] + nbytes(handed) // handed.shape[0] * program.ring_rows[handed]
    assert first.top < end <= min(depthwise.top, pointwise.top)
    assert program.offsets[kept] < first.top
    verify.plan(program)
    for number, lowered in ((0, program.offsets[kept]), (1, program.offsets[handed])):
        before, steps[number].top = steps[number].top, lowered
        with pytest.raises(verify.GraphError, match="above top"):
            verify.plan(program)
        steps[number].top = before
    steps[-1].top = program.offsets[kept]  # reads and writes none of it, but its scratch would lie over rows that wait
    with pytest.raises(verify.GraphError):
        verify.plan(program)


def test_a_1x1_convolution_writes_over_its_input():
    program, steps = grouped("separable")
    depthwise, pointwise = steps[1:3]
    x, y = depthwise.outputs[0], pointwise.outputs[0]
    assert pointwise.order == layout.FORWARD and program.offsets[x] == program.offsets[y]
    assert program.ring_rows[x] == program.ring_rows[y] == 3, "what the pool behind it reads"
    verify.plan(program)
    pointwise.order = layout.DISJOINT
    with pytest.raises(verify.GraphError, match="overwritten"):
        verify.plan(program)
    pointwise.order = layout.FORWARD
    program.offsets[x] += nbytes(x) // x.shape[0]  # each row where the one before it is still read
    with pytest.raises(verify.GraphError):
        verify.plan(program)


def test_rows_are_made_when_they_are_asked_for():
    """A depthwise convolution with stride 2 asks for three rows, then for two: a ring of three is enough."""
    b = Builder(3)
    x = activation("x", (16, 8, 4))
    y = b.depthwise(b.conv(x, 4, (1, 1), (1, 1)), 1, 2)
    program = b.program([x], [y])
    demand = Demand(program.steps, (2, 1))
    assert [event.end - event.first for event in demand.events if event.place == 0][:4] == [2, 1, 2, 2]
    assert demand.rings() == {program.steps[0].outputs[0]: 3}


def test_a_residual_block_runs_in_place():
    program, steps = grouped("residual")
    x, y = program.inputs[0], program.outputs[0]
    assert len(steps) == 3 and program.offsets[x] == program.offsets[y]
    assert steps[0].top < 1.7 * nbytes(x)


@pytest.mark.parametrize("name", MODELS)
def test_rings_are_no_larger_than_need_be(name):
    """One row less, and a row that is still read would be overwritten."""
    program, _ = grouped(name)
    assert program.ring_rows
    for tensor, rows in program.ring_rows.items():
        if rows > 1:
            program.ring_rows[tensor] = rows - 1
            with pytest.raises(verify.GraphError, match="overwritten"):
                verify.plan(program)
            program.ring_rows[tensor] = rows
    verify.plan(program)


@pytest.mark.parametrize("name", ["residual", "vision"])  # whose group is all that there is
def test_an_output_a_row_too_far_is_caught(name):
    """Over the group's input the output may lie as near as limit() says, and no byte nearer."""
    program, steps = grouped(name)
    x, y = steps[0].inputs[0], steps[-1].outputs[0]
    distance = Demand(steps, tuple(step.strip for step in steps)).limit(x)
    rings = [tensor for tensor in program.ring_rows]
    shift = 4 * nbytes(x)  # rings out of the way
    for tensor in rings:
        program.offsets[tensor] += shift
    for step in program.steps:
        step.top += shift
    for far, sound in ((distance, True), (distance + 1, False), (distance - 7, True)):
        program.offsets[x] = 200
        program.offsets[y] = 200 + far
        program.arena_size = 0
        if sound:
            verify.plan(program)
        else:
            with pytest.raises(verify.GraphError, match="overwritten"):
                verify.plan(program)


def test_a_strip_outside_of_groups_is_caught():
    program = plan(residual(), "smallest", fuse=False)
    verify.plan(program)
    program.steps[0].strip = 1
    with pytest.raises(verify.GraphError, match="stands in none"):
        verify.plan(program)


def test_a_tensor_that_is_read_outside_is_not_between():
    b = Builder(1)
    x = activation("x", (12, 8, 4))
    y = b.conv(x, 4, (3, 3), (1, 1))
    z = b.conv(y, 4, (3, 3), (1, 1))
    program = plan(b.program([x], [z, y]), "smallest")
    assert not program.ring_rows and not any(step.fused for step in program.steps)
    assert crcs(program)
