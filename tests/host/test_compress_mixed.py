"""choose_bits: which layers get weights of 4 bits."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from compress_models import largest, network, stripes, trained
from keras_models import L, keras

from host_tools.cli import main
from host_tools.compress import mixed
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.passes.normalise import normalise
from host_tools.readers import keras_reader

SIZES = {"conv": 72, "point": 96, "dense": 192}  # weights of the layers that can have 4 bits


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return trained(network(), *stripes(640), 0.01, 6)


@pytest.fixture(scope="module")
def fresh():
    return stripes(300, seed=8)


def harm(model, chosen, x, y=None) -> float:
    """What these bits cost against 8, by the measure of the budget."""
    return mixed._Trial(normalise(keras_reader.read(model)), [x], y).harm(chosen)[0]


def test_more_budget_more_layers(model, fresh):
    """Nothing for nothing, all for a budget that never runs out; between them the noise stays within the budget."""
    saved = []
    for budget in (0.0, 0.002, 0.02, 0.99):
        chosen = mixed.choose_bits(model, fresh[0], budget=budget)
        assert set(chosen) == set(SIZES)
        assert harm(model, chosen, fresh[0]) <= budget
        saved.append(sum(SIZES[name] // 2 for name, count in chosen.items() if count == 4))
    assert saved == sorted(saved) and saved[-1] == sum(SIZES.values()) // 2 and saved[0] < saved[-1]


def test_accuracy_is_what_labels_measure(model, fresh):
    """The more may be lost, the more layers; labels that the model never gives leave nothing to lose."""
    x, y = fresh
    chosen = mixed.choose_bits(model, x, y, budget=0.02)
    assert harm(model, chosen, *fresh) <= 0.02 and 4 in chosen.values()
    never = (np.asarray(model(x)).argmax(axis=1) + 1) % 4
    assert set(mixed.choose_bits(model, x, never).values()) == {4}


def test_a_layer_that_suffers_keeps_eight_bits(fresh):
    """Weights that 4 bits cannot tell apart: a large one beside the small ones that matter."""
    x = fresh[0]
    two = keras.Sequential([keras.Input((10, 10, 1)), L.Conv2D(4, 3, name="easy"), L.Flatten(), L.Dense(2, name="hard")])
    chance = np.random.default_rng(3)
    two.get_layer("easy").set_weights([chance.choice([-1.0, 1.0], (3, 3, 1, 4)), np.zeros(4)])
    kernel = chance.normal(size=(256, 2)) * np.where(np.arange(256)[:, None] % 40, 0.1, 3)
    two.get_layer("hard").set_weights([kernel, np.zeros(2)])
    assert mixed.choose_bits(two, x, budget=0.001) == {"easy": 4, "hard": 8}


def test_the_answer_is_for_convert(model, fresh):
    chosen = mixed.choose_bits(model, fresh[0], budget=0.99)
    assert all(found == [7] for name, found in largest(model, fresh[0][:40], bits=chosen).items() if name != "depth")


def test_progress_reaches_the_end(model, fresh):
    calls: list = []
    mixed.choose_bits(model, fresh[0][:20], progress=lambda *call: calls.append(call))
    assert calls == [(i, 6) for i in range(1, 7)]


def test_command(model, fresh, tmp_path):
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", fresh[0][:60])

    def command(*options):
        arguments = ["convert", tmp_path / "m.keras", "-d", tmp_path / "x.npy", "-o", tmp_path / "m.upm", *options]
        return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)

    result = command("--bits", "mixed", "--budget", "0.02", "--json")
    chosen = mixed.choose_bits(tmp_path / "m.keras", fresh[0][:60], budget=0.02)
    assert json.loads(result.output)["bits"] == chosen
    expected = convert(tmp_path / "m.keras", fresh[0][:60], bits=chosen, check=False)
    assert (tmp_path / "m.upm").read_bytes() == expected.file
    assert "4 bits: " in command("--bits", "mixed", "--budget", "0.9").output
    assert "--budget goes with --bits mixed" in command("--budget", "0.1").output


@pytest.mark.parametrize(
    "options, said",
    [
        ({"budget": 1.5}, "from 0 to below 1, received 1.5"),
        ({"budget": "much"}, "received 'much'"),
        ({"labels": np.zeros(7)}, r"one class number a sample, \(20,\), received \(7,\)"),
        ({"labels": np.full(20, 4)}, "from 0 to 3, as the model has 4 classes"),
        ({"labels": np.full(20, 0.5)}, "whole numbers from 0 to 3"),
    ],
)
def test_what_cannot_be(model, fresh, options, said):
    with pytest.raises(ConversionError, match=said):
        mixed.choose_bits(model, fresh[0][:20], **options)


def test_data_and_models_that_cannot_be(model, fresh):
    with pytest.raises(ConversionError, match=r"takes an array of shape \(n, 10, 10, 1\)"):
        mixed.choose_bits(model, fresh[0][:20, :, :9])
    only = keras.Sequential([keras.Input((10, 10, 1)), L.DepthwiseConv2D(3, name="depth")])
    with pytest.raises(ConversionError, match="no layer of the model can have weights of 4 bits: depth are depthwise"):
        mixed.choose_bits(only, fresh[0][:20])
