"""Models whose input lies in a buffer of the caller's, as a camera's frame."""

from array import array

import image_programs
import numpy as np
import pytest
import small_models

import _upyml
import upyml
import upyml._reference
from host_tools import verify, writer
from host_tools.passes.plan import plan
from upyml.format import decode, encode, layout

ENGINES = pytest.mark.parametrize("engine", [_upyml, upyml._reference], ids=["c", "python"])


@ENGINES
def test_a_bound_buffer_gives_the_same_answer_and_stays_as_it_is(engine):
    file = small_models.gesture()
    inside, outside = upyml.load(file, engine), upyml.load(small_models.with_callers_input(file), engine)
    assert outside.caller_inputs == (True,) and inside.caller_inputs == (False,)
    assert outside.input is None
    random = np.random.default_rng(3)
    frame = bytearray(len(inside.input))
    outside.bind(frame)
    for _ in range(3):
        values = random.integers(-128, 128, len(frame), np.int8)
        inside.input[:] = memoryview(values)
        inside.run()
        frame[:] = values.tobytes()  # the buffer itself changes: it is read anew by each run
        outside.run()
        assert bytes(outside.output) == bytes(inside.output)
        assert bytes(frame) == values.tobytes()


@ENGINES
def test_without_a_buffer_predict_makes_one(engine):
    file = small_models.gesture()
    inside, outside = upyml.load(file, engine), upyml.load(small_models.with_callers_input(file), engine)
    x = np.random.default_rng(4).normal(0, 1, inside.input_details[0].size)
    assert outside.predict(x) == inside.predict(x)
    assert len(outside.profile()) == len(inside.profile())


@ENGINES
def test_what_is_wrong_is_said(engine):
    file = small_models.gesture()
    model = upyml.load(small_models.with_callers_input(file), engine)
    with pytest.raises(ValueError, match="no buffer"):
        model.run()
    size = model.input_details[0].size
    with pytest.raises(upyml.ModelError, match=f"takes a buffer of {size} bytes, received one of {size - 1}"):
        model.bind(bytes(size - 1))
    with pytest.raises(upyml.ModelError, match="takes a buffer, received list"):
        model.bind([0] * size)
    with pytest.raises(upyml.ModelError, match="there is no input 1"):
        model.bind(bytes(size), 1)
    with pytest.raises(upyml.ModelError, match="lies in the model's arena"):
        upyml.load(file, engine).bind(bytes(size))


@ENGINES
def test_the_arena_is_smaller_by_the_input(engine):
    """An Engine without the Model around it, whose buffers are checked again at each run."""
    file = small_models.with_callers_input(small_models.gesture())
    arena = array("b", bytes(engine.check(file)))
    runner = engine.Engine(file, arena)
    runner.bind(0, bytes(7))
    with pytest.raises(ValueError, match="another size"):
        runner.run()
    runner.bind(0, None)
    with pytest.raises(ValueError, match="no buffer"):
        runner.run()
    with pytest.raises(ValueError, match="no such input"):
        runner.bind(layout.MAX_CALLERS, bytes(7))


def test_no_other_place_may_name_a_callers_input():
    """As an output, or under a number that is not its place, it is refused by both checks alike."""
    from upyml.format import check
    from upyml.format.encode import seal

    file = small_models.with_callers_input(small_models.gesture())
    head = decode.header(file)
    (number,) = decode.inputs(file, head)
    at = head["tensors"] + number * decode.TENSOR_SIZE
    for place in (1, 3, 4, 255):
        changed = bytearray(file)
        changed[at + 4] = place
        changed = seal(bytes(changed))
        assert _upyml.check(changed) == check.check(changed) < 0
    changed = bytearray(file)
    output = head["links"] + 2 * head["input_count"]
    changed[output : output + 2] = number.to_bytes(2, "little")
    changed = seal(bytes(changed))
    assert _upyml.check(changed) == check.check(changed) < 0


@ENGINES
def test_a_buffer_of_the_models_own_is_as_long_as_the_input(engine):
    """Five bytes, where an arena would have eight."""
    tensor = {"dtype": layout.INT8, "shape": (5,), "scale": 1.0, "zero_point": 0, "offset": 0}
    op = {"opcode": layout.RESHAPE, "order": layout.DISJOINT, "inputs": [0], "outputs": [1], "top": 5, "params": {}}
    tensors = [{**tensor, "kind": layout.CALLER}, {**tensor, "kind": layout.ARENA}]
    model = upyml.load(encode.encode(tensors, [op], [0], [1], {}), engine)
    assert list(model.predict([1, -2, 3, -4, 5])) == [1, -2, 3, -4, 5]


def test_conversion_leaves_the_input_out_of_the_arena(tmp_path):
    """By the least: 18 x 18 x 3 bytes of an image, which a first layer with few channels cannot make up for."""
    graph = image_programs.Builder(5)
    x = image_programs.activation("x", (18, 18, 3))
    y = graph.op("mean", [graph.conv(x, 2, (3, 3), (2, 2))], (2,), axes=(0, 1))
    inside, outside = graph.program([x], [y]), graph.program([x], [y])
    outside.caller_inputs = True
    models = [upyml.load(writer.write(verify.plan(plan(program, "smallest")), _upyml)) for program in (inside, outside)]
    assert models[1].arena_size <= models[0].arena_size - 18 * 18 * 3 // 2
    frame = bytearray(18 * 18 * 3)
    models[1].bind(frame)
    for seed in range(3):
        frame[:] = np.random.default_rng(seed).integers(0, 256, len(frame), np.uint8).tobytes()
        models[0].input[:] = memoryview(frame).cast("b")
        for model in models:
            model.run()
        assert bytes(models[0].output) == bytes(models[1].output)
    assert models[1].selftest() is True
