"""SVDF of .tflite files over long streams: each step is TensorFlow Lite Micro's to the bit."""

import numpy as np
import pytest
from oracle import Tflm
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError
from upyml import _reference

STEPS = 300


def svdf(wide=True, rank=2, units=5, memory=7, inputs=12, bias=True, seed=0, layers=1):
    """One layer, or one behind the other; wide: memories and time weights of int16. bias: False is one of zeros, None is none."""
    chance, b = np.random.default_rng(seed), TfliteBuilder()
    dtype, limit = ("int16", 20000) if wide else ("int8", 127)
    first = x = b.tensor((1, inputs), scale=0.05, zero_point=int(chance.integers(-20, 20)))
    for _ in range(layers):
        filters = rank * units
        state = b.tensor((1, filters * memory), dtype, 0.002 if wide else 0.3, 0, variable=True)
        feature = b.constant(chance.integers(-127, 128, (filters, inputs)), "int8", 0.01)
        time = b.constant(chance.integers(-limit, limit, (filters, memory)), dtype, 2e-5 if wide else 0.004)
        scale = (0.002 * 2e-5) if wide else (0.3 * 0.004)
        offsets = chance.integers(-1000, 1000, units) * (30000 if wide else 1) * (bias is True)
        offset = -1 if bias is None else b.constant(offsets, "int32", scale)
        y = b.tensor((1, units), scale=0.12, zero_point=-128)
        fields = {"Rank": rank, "FusedActivationFunction": 1}
        b.op("SVDF", [x, feature, time, offset, state], [y], "SVDFOptions", **fields)
        x, inputs = y, units
    return b.file([first], [y])


CASES = {
    "int16": {},
    "int8": {"wide": False},
    "rank 1": {"rank": 1},
    "one memory": {"memory": 1},
    "two layers": {"layers": 2},
    "int8, two layers": {"wide": False, "layers": 2, "seed": 4},
}


def converted(content, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    return convert(path)


@pytest.mark.parametrize("name", CASES)
def test_every_step_equals_tflm(name, tmp_path):
    content = svdf(**CASES[name])
    done = converted(content, tmp_path)
    model, slow = upyml.load(done.file), upyml.load(done.file, _reference)
    chance, seen = np.random.default_rng(1), set()
    for _ in range(2):  # a reset is a fresh start
        right = Tflm(content)
        for step in range(STEPS):
            x = chance.integers(-128, 128, model.input_details[0].size).astype(np.int8)
            expected = list(right([x], 1)[0])
            for one in (model, slow) if step < 20 else (model,):
                one.input[:] = memoryview(x)
                one.run()
                assert list(one.output) == expected, step
            seen.add(str(expected))
        model.reset()
        slow.reset()
    assert len(seen) > STEPS
    assert model.selftest() is True
    assert done.check.equal == done.check.samples == 20


def test_no_bias_is_one_of_zeros(tmp_path):
    """TensorFlow Lite Micro crashes without one."""
    models = [upyml.load(converted(svdf(bias=bias), tmp_path).file) for bias in (None, False, True)]
    for _ in range(20):
        for model in models:
            model.input[:] = memoryview(np.random.default_rng(2).integers(-128, 128, 12).astype(np.int8))
            model.run()
        assert list(models[0].output) == list(models[1].output)
    assert list(models[0].output) != list(models[2].output)


def test_memories_of_floats_are_refused(tmp_path):
    b = TfliteBuilder()
    x, y = b.tensor((1, 4), scale=0.1), b.tensor((1, 2), scale=0.1)
    state = b.tensor((1, 6), "float32", variable=True)
    feature = b.constant(np.ones((2, 4)), "int8", 0.1)
    time = b.constant(np.ones((2, 3)), "float32")
    b.op("SVDF", [x, feature, time, -1, state], [y], "SVDFOptions", Rank=1)
    with pytest.raises(ConversionError, match=r"its memories are float32 \(6,\); upyml takes int8 and int16"):
        converted(b.file([x], [y]), tmp_path)
