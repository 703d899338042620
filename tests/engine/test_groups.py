"""Fused groups: the same bytes as their ops one by one, in C and in Python, with rings just large enough."""

import array

import numpy as np
import pytest
from group_models import random_group

import _upyml
import upyml
from host_tools.writer import op_crcs
from upyml import _reference
from upyml.format import check, decode, groups, layout
from upyml.format.encode import seal

ENGINES = pytest.mark.parametrize("engine", [_upyml, _reference], ids=["c", "python"])


def trace(engine, model, inputs, more=0, kernels=None):
    """(op number, what it has written) as the hook is told of it, in an arena with `more` bytes than it takes."""
    head = decode.header(model)
    arena = array.array("b", bytes(engine.check(model) + more))
    view = memoryview(arena).cast("B")
    for number, data in zip(decode.inputs(model, head), inputs):
        at = decode.tensor(model, head, number)["offset"]
        view[at : at + len(data)] = data
    seen = []

    def hook(number):
        at = decode.tensor(model, head, decode.op(model, head, number)["outputs"][0])["offset"]
        seen.append((number, bytes(view[at : at + groups.written(model, head, number)])))

    (engine.Engine(model, arena, kernels) if kernels else engine.Engine(model, arena)).run(hook)
    return seen


def random_inputs(rng, group):
    return [rng.integers(0, 256, group.size(tensor), np.uint8).tobytes() for tensor in group.inputs]


def in_ring(group, number, whole, rows):
    """What a ring of `rows` rows holds of an op's output after the group."""
    made = max(step.end for step in group.steps() if step.op == number)
    size = group.row(group.ops[number].output)
    out = bytearray(min(made, rows) * size)
    for y in range(max(0, made - rows), made):
        out[y % rows * size : (y % rows + 1) * size] = whole[y * size : (y + 1) * size]
    return bytes(out)


def expected(group, inputs, rings):
    """The trace of the group's ops one by one, as a group with these rings would show it."""
    alone = trace(_upyml, group.encode(fused=False), inputs)
    heights = {number: group.height(op.output) for number, op in group.grouped.items()}
    return [(number, in_ring(group, number, data, rings.get(group.ops[number].output, heights[number]))
             if number in group.grouped else data) for number, data in alone]


def random_rings(rng, group):
    """The least rows for each tensor inside the group, a few more, or all."""
    rings = {}
    for tensor, rows in group.least_rings().items():
        kind = rng.random()
        if kind < 0.8:
            rings[tensor] = rows if kind < 0.6 else int(rng.integers(rows, group.height(tensor) + 1))
    return rings


@pytest.mark.parametrize("seed", range(8))
def test_a_group_gives_the_bytes_of_its_ops_one_by_one(seed):
    rng = np.random.default_rng(seed)
    over = 0
    for _ in range(200):
        group = random_group(rng)
        rings, inputs = random_rings(rng, group), random_inputs(rng, group)
        answer = expected(group, inputs, rings)
        for under in [None, *group.may_lie_under_the_last()]:
            model = group.encode(rings=rings, under=under, gap=int(rng.integers(0, 5)))
            assert _upyml.check(model) == check.check(model) >= 0
            assert trace(_upyml, model, inputs, more=int(rng.choice([0, 1, 1000]))) == answer, (group, rings, under)
            assert trace(_reference, model, inputs) == answer, (group, rings, under)
            over += under is not None
    assert over > 100, "the last output lies over what the group reads"


def test_a_1x1_convolution_writes_over_what_it_has_read():
    """In the ring of its input, which is as small as can be: of neither is anything left that the hook could show."""
    rng = np.random.default_rng(50)
    cases = rows = 0
    while cases < 150:
        group = random_group(rng)
        for over, ring in group.may_write_over().items():
            rings, inputs = group.least_rings(), random_inputs(rng, group)
            gone = [number for number, op in group.grouped.items()
                    if op.output in (group.ops[over].inputs[0], group.ops[over].output)]  # fmt: skip
            answer = [(number, b"" if number in gone else data) for number, data in expected(group, inputs, rings)]
            model = group.encode(rings=rings, over=over, gap=int(rng.integers(0, 5)))
            assert _upyml.check(model) == check.check(model) >= 0
            assert trace(_upyml, model, inputs, more=int(rng.choice([0, 1, 1000]))) == answer, (group, over)
            assert trace(_reference, model, inputs) == answer, (group, over)
            cases += 1
            rows += ring > 1
    assert rows > 20


def test_plain_python_too():
    rng = np.random.default_rng(100)
    for _ in range(20):
        group = random_group(rng, most=5)
        rings, inputs = group.least_rings(), random_inputs(rng, group)
        assert trace(_reference, group.encode(rings=rings), inputs, kernels="plain") == expected(group, inputs, rings)


def test_a_ring_with_one_row_less_is_too_small():
    """Else the rings of the tests above would not be the least."""
    rng = np.random.default_rng(200)
    cases = different = 0
    while cases < 200:
        group = random_group(rng)
        least, inputs = group.least_rings(), random_inputs(rng, group)
        last = group.end - 1
        for tensor, rows in least.items():
            if rows > 1:
                answer = trace(_upyml, group.encode(rings=least), inputs)[last]
                cases += 1
                different += trace(_upyml, group.encode(rings={**least, tensor: rows - 1}), inputs)[last] != answer
    assert different > cases / 2, "clamps, dilated kernels and maxima hide some of it"


@ENGINES
def test_the_hook_is_told_of_a_group_after_it_has_run(engine):
    rng = np.random.default_rng(300)
    for _ in range(30):
        group = random_group(rng)
        inputs, model, last = random_inputs(rng, group), group.encode(rings=group.least_rings()), group.end - 1
        arena = array.array("b", bytes(engine.check(model)))
        view = memoryview(arena).cast("B")
        head = decode.header(model)
        for number, data in zip(group.inputs, inputs):
            at = decode.tensor(model, head, number)["offset"]
            view[at : at + len(data)] = data
        at = decode.tensor(model, head, group.ops[last].output)["offset"]
        told, end = [], at + group.size(group.ops[last].output)
        engine.Engine(model, arena).run(lambda op: told.append((op, bytes(view[at:end]))))
        assert [op for op, _ in told] == list(range(len(group.ops)))
        assert len({data for op, data in told if group.first <= op < group.end}) == 1


@ENGINES
def test_a_hook_that_raises_ends_the_run_between_the_ops_of_a_group(engine):
    group = random_group(np.random.default_rng(301))
    told = []

    def hook(op):
        told.append(op)
        if op == group.first:
            raise KeyboardInterrupt

    model = group.encode()
    with pytest.raises(KeyboardInterrupt):
        engine.Engine(model, array.array("b", bytes(engine.check(model)))).run(hook)
    assert told == list(range(group.first + 1))


def with_vectors(group, seeds=(1, 2)):
    """The group's file with test vectors, which both engines must agree on."""
    rings = group.least_rings()
    model = group.encode(rings=rings)
    vectors = list(zip(seeds, op_crcs(model, _reference, seeds)))
    assert vectors == list(zip(seeds, op_crcs(model, _upyml, seeds)))
    return group.encode(rings=rings, vectors=vectors)


def test_test_vectors_know_what_rings_hold():
    rng = np.random.default_rng(400)
    unasked = 0
    for _ in range(60):
        group = random_group(rng)
        model = with_vectors(group)
        made = {step.op: step.end for step in group.steps()}
        unasked += any(rows < group.height(group.ops[op].output) for op, rows in made.items())
        for engine in (_upyml, _reference):
            loaded = upyml.load(model, engine)
            assert loaded.selftest()
            loaded._arena[:] = array.array("b", [0x55]) * len(loaded._arena)  # rows that are not made stay so
            assert loaded.selftest()
        number = int(rng.integers(group.first, group.end))
        place = decode.header(model)["vectors"] + 4 + 4 * number
        wrong = bytearray(model)
        wrong[place] ^= 1
        failure = upyml.load(seal(bytes(wrong))).selftest()
        assert not failure and f"op {number} (" in str(failure)
    assert unasked > 5, "no group that leaves rows out"


@ENGINES
def test_profile_shows_each_op_of_a_group(engine):
    rng = np.random.default_rng(500)
    for _ in range(10):
        group = random_group(rng)
        model = upyml.load(group.encode(rings=group.least_rings()), engine)
        rows = model.profile()
        assert [row[:2] for row in rows] == [(number, layout.OPS[op.opcode][0]) for number, op in enumerate(group.ops)]
        assert all(time >= 0 and top <= model.arena_size for _, _, time, top in rows)


def test_test_vectors_pass_over_what_lies_in_scratch_or_shares_bytes():
    """Of an inner tensor above the last op's top, and of two at one place, no bytes count; the others' all do."""
    rng = np.random.default_rng(600)
    passed_over = 0
    for _ in range(30):
        group = random_group(rng)
        model = group.encode(rings=group.least_rings())
        head = decode.header(model)
        sizes = {number: groups.written(model, head, number) for number in group.grouped}
        inner = [number for number in group.grouped if number < group.end - 1 and sizes[number]]
        if not inner:
            continue
        number = int(rng.choice(inner))
        tensor = decode.tensor(model, head, group.ops[number].output)
        end = tensor["offset"] + decode.nbytes(tensor)
        lowered = bytearray(model)
        place = head["ops"] + 64 * (group.end - 1) + 8  # the last op's top
        lowered[place : place + 4] = (end - 1).to_bytes(4, "little")
        assert groups.written(bytes(lowered), head, number) == 0
        place = head["tensors"] + 32 * group.ops[group.end - 1].output + 4  # its output's offset
        moved = bytearray(model)
        moved[place : place + 4] = tensor["offset"].to_bytes(4, "little")
        assert groups.written(bytes(moved), head, number) == groups.written(bytes(moved), head, group.end - 1) == 0
        passed_over += 1
    assert passed_over > 15
