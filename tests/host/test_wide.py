"""Keras models with 16-bit activations: nearer to the float model than with 8, the same bytes on every engine here."""

import engines
import numpy as np
import pytest

import upyml
from host_tools.convert import convert
from host_tools.describe import describe
from host_tools.errors import ConversionError
from host_tools.quality import sqnr
from upyml.format import decode, layout


def _model(seed):
    """A small random Keras model of layers that the engine has for int16."""
    import keras

    L, rng = keras.layers, np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    x = y = keras.Input((int(rng.integers(6, 14)), int(rng.integers(6, 14)), int(rng.integers(1, 5))))
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.choice(["conv", "depthwise", "add", "pool", "function"])
        if kind == "conv":
            y = L.Conv2D(int(rng.integers(2, 9)), int(rng.integers(1, 4)), padding="same", activation="relu")(y)
        elif kind == "depthwise":
            y = L.ReLU()(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(y)))
        elif kind == "add":
            y = L.Add()([y, L.Conv2D(y.shape[-1], 1)(y)])
        elif kind == "pool":
            y = rng.choice([L.MaxPooling2D, L.AveragePooling2D])(2)(y)
        else:
            y = L.Activation(str(rng.choice(["tanh", "gelu", "silu", "leaky_relu"])))(y)
    y = L.Flatten()(y) if rng.random() < 0.5 else L.GlobalAveragePooling2D()(y)
    y = L.Dense(4, activation=str(rng.choice(["linear", "softmax"])))(y)
    return keras.Model(x, y)


@pytest.mark.parametrize("seed", range(20))
def test_a_model_comes_nearer_to_the_float_one(seed, require):
    """By 6 dB or more, and to 40 dB at least: its weights still have 8 bits."""
    model = _model(seed)
    data = np.random.default_rng(seed).normal(0, 1, (60, *model.input_shape[1:])).astype(np.float32)
    exact = model.predict(data, verbose=0)
    ratios = {}
    for bits in (8, 16):
        file = convert(model, data, activations=bits).file
        loaded = [upyml.load(file, engines.engine(name, require)) for name in engines.ENGINES]
        found = [np.array([runner.predict(x) for x in data[:10]]) for runner in loaded]
        assert all(np.array_equal(found[0], other) for other in found[1:])
        ratios[bits] = sqnr(exact[:10], found[0].reshape(-1, 4))
    assert ratios[16] >= max(ratios[8] + 6, 40), ratios


def _embedding(L):
    x = L.Input((10,))
    y = L.Dense(3, activation="softmax")(L.LSTM(6)(L.Embedding(300, 8)(x)))
    return x, y, np.random.default_rng(0).integers(0, 300, (60, 10))


def _autoencoder(L):
    x = L.Input((10, 4))
    y = L.LSTM(6, return_sequences=True)(L.RepeatVector(10)(L.LSTM(6)(x)))
    return x, L.TimeDistributed(L.Dense(4))(y), _noise(10, 4)


def _extremes(L):
    x = L.Input((6, 5, 2))
    y = L.Maximum()([L.Conv2D(4, 1)(x), L.Minimum()([L.Conv2D(4, 3, padding="same")(x), L.Conv2D(4, 1)(x)])])
    return x, L.ReLU()(y), _noise(6, 5, 2)


def _enlarged(L):
    x = L.Input((4, 3, 2))
    return x, L.Conv2D(3, 3)(L.UpSampling2D((2, 3))(x)), _noise(4, 3, 2)


def _noise(*shape):
    return np.random.default_rng(0).normal(0, 1, (60, *shape))


@pytest.mark.parametrize("make", [_embedding, _autoencoder, _extremes, _enlarged])
def test_other_layers_that_stand_beside_such(make, require):
    """Look-ups, repetitions, the larger of two, nearest neighbours."""
    import keras

    keras.utils.set_random_seed(1)
    x, y, data = make(keras.layers)
    model, data = keras.Model(x, y), data.astype(np.float32)
    exact = model.predict(data[:10], verbose=0).reshape(10, -1)
    ratios = []
    for bits in (8, 16):
        file = convert(model, data, activations=bits).file
        loaded = [upyml.load(file, engines.engine(name, require)) for name in engines.ENGINES]
        found = [np.array([np.ravel(runner.predict(sample)) for sample in data[:10]]) for runner in loaded]
        assert all(np.array_equal(found[0], other) for other in found[1:])
        ratios.append(sqnr(exact, found[0]))
    assert ratios[1] >= max(ratios[0] + 6, 42), ratios


def test_the_file_says_which_engine_it_needs():
    model = _model(0)
    data = np.random.default_rng(0).normal(0, 1, (20, *model.input_shape[1:])).astype(np.float32)
    file = convert(model, data, activations=16).file
    head = decode.header(file)
    assert head["engine_version"] == layout.FAMILIES_VERSION
    assert decode.tensor(file, head, decode.inputs(file, head)[0])["dtype"] == layout.INT16


def test_the_report_knows_what_int16_layers_cost():
    import keras

    L = keras.layers
    x = keras.Input((9, 4))
    model = keras.Model(x, L.Dense(3, activation="softmax")(L.LSTM(5)(L.Conv1D(6, 2)(x))))
    file = convert(model, np.random.default_rng(0).normal(0, 1, (40, 9, 4)).astype(np.float32), activations=16).file
    conv, lstm, dense, softmax = describe(file)["ops"]
    assert [op["macs"] for op in (conv, lstm, dense, softmax)] == [8 * 6 * 2 * 4, 8 * 20 * (6 + 5), 3 * 5, 0]
    # Weights, filled up to four channels and four k, and 13 bytes a channel; tables of a sigmoid and of 513 numbers.
    assert conv["constant_bytes"] == 8 * (8 + 13)
    assert lstm["constant_bytes"] == 20 * (8 + 8 + 2 * 13) + 512
    assert dense["constant_bytes"] == 4 * 8 + 4 * 8 + (4 * (4 + 1) if dense["params"]["per_channel"] else 8)
    assert softmax["constant_bytes"] == 2 * 1026


def test_what_has_no_int16_version_is_named():
    import keras

    x = keras.Input((4, 4, 2))
    model = keras.Model(x, keras.layers.UpSampling2D(2, interpolation="bilinear", name="larger")(x))
    with pytest.raises(ConversionError, match="larger.*int8 activations only"):
        convert(model, np.zeros((4, 4, 4, 2), np.float32), activations=16)
    with pytest.raises(ConversionError, match="8 or 16 bits, received 12"):
        convert(model, np.zeros((4, 4, 4, 2), np.float32), activations=12)
