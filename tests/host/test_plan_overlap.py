"""Plans where an output lies over its input: they run to the same bytes; the checker catches one that is a byte off."""

import numpy as np
import pytest
from image_programs import Builder, activation, apart, random_images

from host_tools import verify, writer
from host_tools.compare import best_engine
from host_tools.passes.plan import plan
from host_tools.planner.overlap import rules
from host_tools.program import nbytes
from upyml.format import decode, layout

MODES = ("smallest", "balanced", "fastest")


def crcs(program):
    """CRC-32 of every op's output by the op's name, for each of the file's test vectors; a ring has only rows left."""
    verify.plan(program)
    file = writer.write(program, best_engine())
    head = decode.header(file)
    whole = [i for i, step in enumerate(program.steps) if program.base(step.outputs[0]) not in program.ring_rows]
    vectors = [decode.vector(file, head, i)[1] for i in range(head["vector_count"])]
    return {(program.steps[i].name, seed): vector[i] for i in whole for seed, vector in enumerate(vectors)}


@pytest.mark.parametrize("seed", range(40))
def test_every_plan_gives_the_bytes_of_a_plan_without_overlap(seed):
    plain = apart(random_images(seed))
    for ram in MODES:
        program = plan(random_images(seed), ram)
        assert crcs(program).items() <= crcs(plain).items()
        assert program.arena_size <= plain.steps[0].top + 40000


@pytest.mark.parametrize("seed", range(10))
def test_an_input_that_lies_with_the_caller_takes_no_room(seed):
    plain = apart(random_images(seed))
    for ram in MODES[:2]:
        program = random_images(seed)
        program.caller_inputs = True
        plan(program, ram)
        assert program.inputs[0] not in program.offsets
        assert crcs(program).items() <= crcs(plain).items()
    assert program.arena_size <= plan(random_images(seed), ram).arena_size + 8


@pytest.mark.parametrize("seed", range(10))
def test_more_ram_is_never_slower(seed):
    sizes, overheads = zip(*((p.arena_size, p.overhead) for p in (plan(random_images(seed), ram) for ram in MODES)))
    assert list(sizes) == sorted(sizes) and list(overheads) == sorted(overheads, reverse=True)


def one_op(make, shape):
    """The program of one op over an input that dies."""
    b = Builder(1)
    x = activation("x", shape)
    return b.program([x], [make(b, x)])


OPS = {
    "conv 3x3": lambda b, x: b.conv(x, 4, (3, 3), (1, 1)),
    "conv 3x3 wider": lambda b, x: b.conv(x, 9, (3, 3), (1, 1)),
    "conv 2x2 stride 2": lambda b, x: b.conv(x, 4, (2, 2), (2, 2)),
    "conv 1x1": lambda b, x: b.conv(x, 4, (1, 1), (1, 1)),
    "conv 1x1 wider": lambda b, x: b.conv(x, 7, (1, 1), (1, 1)),
    "conv 1x1 narrower": lambda b, x: b.conv(x, 2, (1, 1), (1, 1)),
    "depthwise": lambda b, x: b.depthwise(x),
    "depthwise stride 2": lambda b, x: b.depthwise(x, 1, 2),
    "depthwise doubled": lambda b, x: b.depthwise(x, 2, 1),
    "pool": lambda b, x: b.window("max_pool", x, x.shape[2], (3, 3), (2, 2), True, kernel=(3, 3)),
}


@pytest.mark.parametrize("name", OPS)
def test_the_checker_takes_the_nearest_places_and_none_nearer(name):
    """For each order: the limit of its rule is sound, and one byte beyond (a channel's place for PLANE) is not."""
    program = one_op(OPS[name], (8, 6, 4))
    (step,) = program.steps
    base = program.base(step.inputs[0])
    out = program.base(step.outputs[0])

    def sound(order, distance):
        start = max(0, -distance)
        program.offsets = {base: start, out: start + distance}
        step.order, step.top = order, max(start + nbytes(base), start + distance + nbytes(out))
        try:
            verify.plan(program)
        except verify.GraphError as error:
            assert "overwritten" in str(error)
            return False
        return True

    for rule in rules(program, step, 0):
        if rule.order == layout.REVERSE:
            assert sound(rule.order, rule.low) and not sound(rule.order, rule.low - 1)
            assert sound(rule.order, rule.low + 50)
        elif rule.order == layout.PLANE:
            high = rule.high // rule.step * rule.step
            assert sound(rule.order, high) and not sound(rule.order, high + rule.step)
            assert not sound(rule.order, high - 1)
            assert sound(rule.order, high - 3 * rule.step)
        else:
            assert sound(rule.order, rule.high) and not sound(rule.order, rule.high + 1)
            assert sound(rule.order, rule.high - 50)
    assert len(rules(program, step, 0)) == (3 if name in ("depthwise", "depthwise stride 2") else 2)


@pytest.mark.parametrize("name", sorted(set(OPS) - {"pool"}))  # a pool's scratch can be more than its output
def test_input_and_output_together_take_the_larger_of_both(name):
    program = plan(one_op(OPS[name], (8, 6, 4)), "smallest")
    (step,) = program.steps
    assert step.top <= max(nbytes(step.inputs[0]), nbytes(step.outputs[0])) + (8 if "wider" not in name else 40)
    assert step.order != layout.DISJOINT


def test_an_input_that_is_read_again_is_not_overwritten():
    b = Builder(2)
    x = activation("x", (6, 6, 4))
    y = b.conv(x, 4, (3, 3), (1, 1))
    z = b.op("add", [x, y], y.shape)
    program = plan(b.program([x], [z]), "smallest", fuse=False)
    first, second = program.steps
    assert first.order == layout.DISJOINT and second.order != layout.DISJOINT
    assert first.top == 2 * 144


def test_a_sum_lies_over_both_inputs_in_one_direction():
    b = Builder(3)
    x = activation("x", (6, 6, 4))
    y, z = b.conv(x, 4, (3, 3), (1, 1)), b.conv(x, 4, (1, 1), (1, 1))
    program = plan(b.program([x], [b.op("add", [y, z], y.shape)]), "smallest", fuse=False)
    assert max(step.top for step in program.steps) == 3 * 144 - 144


def test_scratch_over_a_live_tensor_is_caught():
    """A tensor above the `top` of an op between two of its readers: that op's scratch would lie over it."""
    b = Builder(4)
    x = activation("x", (6, 6, 4))
    y = b.conv(x, 4, (3, 3), (1, 1))
    z = b.conv(y, 4, (3, 3), (1, 1))
    program = apart(b.program([x], [b.op("add", [x, z], z.shape)]))
    program.offsets = {program.base(t): at for t, at in ((x, 432), (y, 0), (z, 144), (program.outputs[0], 288))}
    verify.plan(program)
    program.steps[1].top = 288
    with pytest.raises(verify.GraphError, match="overwritten"):
        verify.plan(program)


def test_the_engine_runs_strips_of_every_size_alike():
    """The engine takes larger strips from a larger arena; the bytes stay the same."""
    import upyml

    program = plan(random_images(5), "smallest")
    file = writer.write(program, best_engine())
    head = decode.header(file)
    assert head["arena_size"] == program.arena_size
    least = best_engine().check(file)
    found = set()
    for more in (0, 4, 100, 1000, 100000):
        arena = bytearray(least + more)
        engine = best_engine().Engine(file, arena)
        number = decode.inputs(file, head)[0]
        tensor = decode.tensor(file, head, number)
        values = np.random.default_rng(0).integers(0, 256, decode.nbytes(tensor), np.uint8).tobytes()
        arena[tensor["offset"] : tensor["offset"] + len(values)] = values
        engine.run()
        answer = decode.tensor(file, head, decode.outputs(file, head)[0])
        found.add(bytes(arena[answer["offset"] : answer["offset"] + decode.nbytes(answer)]))
    assert len(found) == 1 and upyml.load(file).selftest()
