"""Filters and neurons that are taken out: the smaller model computes what the old one did without them."""

import filter_models
import keras
import keras_models
import numpy as np
import pytest
from filter_models import SHAPES, answers, deafen, distinct, numbers, perceptron, silence
from keras import layers as L

from host_tools import report
from host_tools.compress.filters import prune_filters, removable, unprunable
from host_tools.convert import convert

EXACT = {"rtol": 1e-4, "atol": 1e-4}


@pytest.mark.parametrize("shape", SHAPES)
def test_without_channels_that_are_zero_nothing_changes(shape):
    model = distinct(SHAPES[shape]())
    small = prune_filters(model, 0.5, multiple=2, minimum=2)
    assert small.count_params() < 0.75 * model.count_params()
    x = numbers(model)
    assert any(np.abs(a - b).max() > 1e-2 for a, b in zip(answers(model, x), answers(small, x)))
    silence(model, small)
    for want, got in zip(answers(model, x), answers(small, x), strict=True):
        np.testing.assert_allclose(got, want, **EXACT)


@pytest.mark.parametrize("seed", range(16))
def test_random_networks_compute_the_same_where_nobody_hears_what_is_gone(seed):
    model = distinct(filter_models.random_network(seed))
    small, x = prune_filters(model, 0.5, multiple=1, minimum=1), numbers(model)
    assert small.count_params() < model.count_params()
    deafen(model, small)
    for want, got in zip(answers(model, x), answers(small, x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4 * max(1, np.abs(want).max()))


def test_models_within_a_model_become_layers_of_one():
    model = distinct(filter_models.nested())
    same, small = prune_filters(model, 0), prune_filters(model, 0.5)
    x = numbers(model)
    np.testing.assert_allclose(answers(same, x)[0], answers(model, x)[0], **EXACT)
    assert not any(isinstance(layer, keras.Model) for layer in small.layers)
    counts = [layer.filters for layer in small.layers if isinstance(layer, L.Conv2D)]
    assert counts == [4, 4, 8]  # 6 of 12 are as near to 8 as to 4
    silence(same, small)
    np.testing.assert_allclose(answers(small, x)[0], answers(same, x)[0], **EXACT)


def test_what_turns_into_other_axes_stays():
    reasons = unprunable(filter_models.turned())
    assert "permute" in reasons["becomes time"] and "reshape" in reasons["is cut"]
    assert "one channel that is spread" in reasons["is spread"]
    assert len(reasons) == 4  # and the output's
    assert ["tied" in group.layers for group in removable(filter_models.turned())] == [True, False, False, False]


def test_what_a_normalisation_has_learnt_is_copied():
    model = perceptron()
    learnt = L.Normalization()
    learnt.adapt(np.random.default_rng(1).normal(3, 5, (50, 10)))
    model = keras.Sequential([model.inputs[0], learnt, *model.layers])
    x = numbers(model)
    np.testing.assert_allclose(answers(prune_filters(model, 0), x)[0], answers(model, x)[0], **EXACT)


def test_a_sequential_model_stays_one_and_settings_stay():
    model = perceptron()
    model.layers[0].trainable = False
    small = prune_filters(model, 0.5)
    assert type(small) is keras.Sequential
    assert [layer.name for layer in small.layers] == [layer.name for layer in model.layers]
    assert [layer.units for layer in small.layers if isinstance(layer, L.Dense)] == [12, 8, 3]
    assert not small.layers[0].trainable and small.layers[2].activation is keras.activations.tanh


@pytest.mark.parametrize("shape", ["resnet", "several outputs", "perceptron"])
def test_the_model_given_stays_and_the_small_one_can_be_kept_in_a_file(shape, tmp_path):
    model = distinct(SHAPES[shape]())
    weights, config = model.get_weights(), model.get_config()
    small = prune_filters(model, 0.4)
    assert all(map(np.array_equal, model.get_weights(), weights)) and model.get_config() == config
    small.save(tmp_path / "small.keras")
    x = numbers(model)
    for want, got in zip(answers(small, x), answers(keras.models.load_model(tmp_path / "small.keras"), x), strict=True):
        np.testing.assert_array_equal(got, want)


def test_a_converted_model_has_the_multiply_accumulates_of_its_filters():
    def model(filters, more, units):
        x = inputs = keras.Input((8, 8, 3))
        x = L.Conv2D(filters, 3, activation="relu")(x)
        x = L.Conv2D(more, 3, strides=2, activation="relu")(L.DepthwiseConv2D(3, padding="same")(x))
        return keras_models.randomize(keras.Model(inputs, L.Dense(5)(L.Dense(units, "relu")(L.Flatten()(x)))))

    def macs(made):
        return report.costs(convert(made, keras_models.samples(made)).file)["macs"]

    def counted(filters, more, units):
        return 36 * filters * (27 + 9) + 4 * more * 9 * filters + 4 * more * units + units * 5

    small = prune_filters(model(16, 24, 32), 0.5)
    assert macs(model(16, 24, 32)) == counted(16, 24, 32)
    assert macs(small) == counted(8, 12, 16)


def test_removable_groups():
    groups = {group.layers: (group.channels, group.macs) for group in removable(filter_models.joined_sum())}
    macs = 9 * 9 * 3 * 2 + 9 * 3  # two convolutions of 3x3x3 to 3x3 pixels, and the dense layer's part
    names = [layer.name for layer in filter_models.joined_sum().layers if isinstance(layer, L.Conv2D)]
    assert len(names) == 3 and list(groups.values()) == [(8, macs), (8, macs)]
    assert [len(layers) for layers in groups] == [2, 2] and len(set.union(*map(set, groups))) == 3
