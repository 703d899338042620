"""Every TFLite op, with random shapes, strides, paddings and scales, gives TensorFlow Lite Micro's bytes."""

import engines
import numpy as np
import op_cases
import pytest
from oracle import Tflm, raw_inputs, run_raw

import upyml
from host_tools.convert import convert

SEEDS = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ops")


@pytest.mark.parametrize("case", op_cases.CASES)
def test_an_op_equals_tflm(case, folder, require):
    modules = [engines.engine(name, require) for name in engines.ENGINES]
    for seed in range(SEEDS):
        content = op_cases.CASES[case](np.random.default_rng(seed))
        path = folder / f"{case}.tflite"
        path.write_bytes(content)
        file = convert(path).file
        right = Tflm(content)
        for module in modules:
            model = upyml.load(file, module)
            for inputs in raw_inputs(model, np.random.default_rng(1000 + seed), 2):
                found = run_raw(model, inputs)
                expected = right(inputs, len(found))
                for a, b in zip(found, expected):
                    np.testing.assert_array_equal(a, b, f"{case}, seed {seed}, {module.__name__}")
            assert model.selftest() is True
