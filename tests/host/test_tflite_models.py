"""The public .tflite models: TensorFlow Lite Micro's bytes, file size and arena within what they must be."""

import engines
import numpy as np
import pytest
from oracle import Tflm, raw_inputs, run_raw

import upyml
from host_tools.convert import convert

# file: (.upm bytes / .tflite bytes, arena bytes / TFLM's arena bytes) at most, TFLM's arena
MODELS = {
    "mlperf_tiny/kws_ref_model.tflite": (0.60, 0.64, 24272),
    "mlperf_tiny/vww_96_int8.tflite": (0.75, 0.33, 103680),
    "mlperf_tiny/pretrainedResnet_quant.tflite": (0.90, 0.56, 55984),
    "mlperf_tiny/ad01_int8.tflite": (1.00, 0.25, 3984),
    "tflm/hello_world_int8.tflite": (1.00, 1.00, 1504),
    "tflm/micro_speech_quantized.tflite": (1.00, 0.90, 7584),
    "tflm/network_tester.tflite": (1.00, 1.00, 2400),
}
MACS = {
    "mlperf_tiny/kws_ref_model.tflite": 2656768,
    "mlperf_tiny/vww_96_int8.tflite": 7489664,
    "mlperf_tiny/pretrainedResnet_quant.tflite": 12501632,
    "mlperf_tiny/ad01_int8.tflite": 264192,
}
RANDOM_INPUTS = 200


@pytest.fixture(scope="module")
def converted(models_dir):
    """Each model's file, converted once."""
    made = {}

    def get(path):
        if path not in made:
            made[path] = convert(models_dir / path, check=False).file
        return made[path]

    return get


@pytest.mark.slow
@engines.both
@pytest.mark.parametrize("path", MODELS)
def test_a_model_equals_tflm(path, name, converted, models_dir, require):
    model = upyml.load(converted(path), engines.engine(name, require))
    right = Tflm((models_dir / path).read_bytes())
    for inputs in raw_inputs(model, np.random.default_rng(0), RANDOM_INPUTS):
        found = run_raw(model, inputs)
        for a, b in zip(found, right(inputs, len(found))):
            np.testing.assert_array_equal(a, b)
    assert model.selftest() is True


@pytest.mark.parametrize("path", MODELS)
def test_a_model_is_small(path, converted, models_dir):
    file_ratio, arena_ratio, tflm_arena = MODELS[path]
    file = converted(path)
    assert len(file) <= file_ratio * (models_dir / path).stat().st_size
    assert upyml.load(file).arena_size <= arena_ratio * tflm_arena


@pytest.mark.parametrize("path", MACS)
def test_the_report_counts_every_multiplication(path, models_dir):
    from host_tools.report import costs

    assert costs(convert(models_dir / path, check=False, keep_channels=True).file)["macs"] == MACS[path]


def test_dead_channels_cost_nothing(converted):
    """Most of the person detector's: 1,870 of its channels no input can change."""
    from host_tools.report import costs

    path = "mlperf_tiny/vww_96_int8.tflite"
    assert costs(converted(path))["macs"] < 0.6 * MACS[path]
    assert len(converted(path)) < 70_000


def test_the_same_model_gives_the_same_bytes(converted, models_dir):
    path = "mlperf_tiny/pretrainedResnet_quant.tflite"
    assert convert(models_dir / path, check=False).file == converted(path)
