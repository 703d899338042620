"""One scale for all weights of a dense layer: what `convert(weight_scales=...)` makes of a Keras model."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from keras_models import L, keras
from test_tflite_reader import dense

from host_tools.cli import main
from host_tools.convert import convert
from host_tools.errors import ConversionError
from upyml.format import layout

INPUTS, OUTPUTS = 64, 96
SAVED = 6 * (OUTPUTS - 2)  # by the wide layer: one multiplier, shift and number of bits, a word each


def model_of(factors, spread=0.0):
    """A wide layer whose outputs' weights are uneven by these factors, and a small one that reads it.

    spread: 1 makes up for the factors there, so that all of the wide layer's outputs count alike in the model's."""
    random = np.random.default_rng(5)
    made = keras.Sequential([keras.Input((INPUTS,)), L.Dense(OUTPUTS, "relu", name="wide"), L.Dense(3, name="last")])
    wide, last = made.layers[-2:]
    wide.set_weights([random.normal(size=(INPUTS, OUTPUTS)) * factors, random.normal(size=OUTPUTS) * factors])
    last.set_weights([random.normal(size=(OUTPUTS, 3)) / np.reshape(factors, (-1, 1)) ** spread, np.zeros(3)])
    return made


@pytest.fixture(scope="module")
def data():
    return np.random.default_rng(6).normal(size=(80, INPUTS)).astype(np.float32)


@pytest.fixture(scope="module")
def even():
    return model_of(np.random.default_rng(7).uniform(0.7, 1.4, OUTPUTS))


def per_channel(conversion) -> dict[str, int]:
    steps = conversion.program.steps
    return {step.name: step.params["per_channel"] for step in steps if step.opcode == layout.FULLY_CONNECTED}


def saved(before, after) -> int:
    """Bytes of what the file holds of channels; the file itself is filled up to words here and there."""
    own, one = (sum(len(step.params["channels"]) for step in made.program.steps) for made in (before, after))
    assert abs(len(before.file) - len(after.file) - (own - one)) < 16
    return own - one


def noise(conversion) -> float:
    """As a part of the outputs' power."""
    return 10 ** (-conversion.check.sqnr / 10)


def test_one_scale_saves_six_bytes_a_channel(even, data):
    own, one = (convert(even, data, weight_scales=scales) for scales in ("channel", "layer"))
    assert per_channel(own) == {"wide": 1, "last": 1} and per_channel(one) == {"wide": 0, "last": 0}
    assert saved(own, one) == SAVED + 6 * (4 - 2)
    assert noise(one) < 2 * noise(own)


def test_a_layer_takes_one_where_it_saves_a_page_of_flash(even, data):
    auto, own = convert(even, data), convert(even, data, weight_scales="channel")
    assert per_channel(auto) == {"wide": 0, "last": 1}
    assert saved(own, auto) == SAVED
    assert noise(auto) < noise(own) + 2e-4


def test_uneven_channels_keep_their_scales_where_all_of_them_count(data):
    factors = np.geomspace(1, 1000, OUTPUTS)
    assert per_channel(convert(model_of(factors, spread=1), data)) == {"wide": 1, "last": 1}
    assert per_channel(convert(model_of(factors), data)) == {"wide": 0, "last": 1}


def test_one_scale_is_what_its_weights_and_bias_are_quantized_with(even, data):
    """Each row of the integers is the float one by the same factor, and the outputs are those of the float model."""
    shown = {}
    made = convert(even, data, weight_scales="layer", method="minmax", show=lambda stage, made: shown.update({stage: made}))
    wide = next(op for op in shown["quantize"].ops if op.name == "wide")
    real = even.get_layer("wide").get_weights()[0].T
    assert isinstance(wide.inputs[1].scale, float) and isinstance(wide.inputs[2].scale, float)
    assert np.abs(wide.inputs[1].data * wide.inputs[1].scale - real).max() <= wide.inputs[1].scale / 2 + 1e-6
    assert np.abs(wide.inputs[1].data).max() == 127
    assert made.check.sqnr > 30


def test_four_bits_may_share_a_scale_too(even, data):
    made = convert(even, data, bits=4, weight_scales="layer")
    assert per_channel(made) == {"wide": 0, "last": 0} and made.check.sqnr > 10


def test_what_cannot_be_done_is_told(even, data, tmp_path):
    with pytest.raises(ConversionError, match="weight_scales 'row' is not known; use one of auto, channel, layer"):
        convert(even, data, weight_scales="row")
    (tmp_path / "m.tflite").write_bytes(dense())
    with pytest.raises(ConversionError, match="weight_scales needs the float Keras model"):
        convert(tmp_path / "m.tflite", weight_scales="layer")


def test_the_command_has_the_choice(even, data, tmp_path):
    even.save(tmp_path / "m.keras")
    np.savez(tmp_path / "m.npz", x=data)
    sizes = {}
    for scales in ("channel", "layer"):
        call = ["convert", str(tmp_path / "m.keras"), "--data", str(tmp_path / "m.npz"), "--weight-scales", scales, "--json"]
        told = CliRunner().invoke(main, [*call, "--output", str(tmp_path / "m.upm")])
        sizes[scales] = json.loads(told.output)["file_bytes"]
    model = tmp_path / "m.keras"
    assert sizes == {scales: len(convert(model, data, weight_scales=scales, check=False).file) for scales in sizes}
    assert sizes["layer"] < sizes["channel"]
