"""Recurrent layers of Keras: random models, what they remember, a real task, and what is refused."""

import random
import sys
from pathlib import Path

import keras
import keras_models
import numpy as np
import pytest
from keras import layers as L

import _upyml
import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.quality import sqnr
from host_tools.readers import keras_reader
from upyml import _reference

LEAST, USUAL = 30.0, 42.0  # dB of int8 against float: of any random model, and of the one in the middle
MODELS = 64
# The same with activations of 16 bits: their weights, and so most of their error, still have 8.
LEAST_16, USUAL_16, GAIN_16, MODELS_16 = 44.0, 54.0, 8.0, 24


def layer(r, last):
    """A recurrent layer with any options that have one cell's output after each step, or only the last one's."""
    units, sequences = r.randint(1, 12), not last
    kind = r.choice(["LSTM", "GRU", "SimpleRNN"])
    options = {"use_bias": r.random() < 0.8, "return_sequences": sequences, "go_backwards": r.random() < 0.2}
    if r.random() < 0.15:
        options["activation"] = r.choice(["sigmoid", "relu"])
    if kind != "SimpleRNN" and r.random() < 0.2:
        options["recurrent_activation"] = "hard_sigmoid"
    if kind == "GRU":
        options["reset_after"] = r.random() < 0.6
    made = getattr(L, kind)(units, **options)
    if r.random() < 0.25:
        options.pop("go_backwards")
        return L.Bidirectional(getattr(L, kind)(units, **options), merge_mode=r.choice(["concat", "sum", "ave"]))
    return made


def network(seed):
    """One to three recurrent layers, between and behind them what such networks have."""
    r = random.Random(seed)
    inputs = x = keras.Input((r.randint(2, 16), r.randint(1, 8)))
    if r.random() < 0.3:
        x = L.BatchNormalization()(x)
    if r.random() < 0.3:
        x = L.Conv1D(r.randint(2, 8), 2, activation="relu")(x)
    count = r.randint(1, 3)
    for number in range(count):
        x = layer(r, number == count - 1 and r.random() < 0.7)(x)
        if len(x.shape) == 3 and r.random() < 0.2:
            x = L.TimeDistributed(L.Dense(r.randint(2, 6)))(x)
    if r.random() < 0.5:
        x = L.Dense(r.randint(2, 6))(x)
    return keras_models.randomize(keras.Model(inputs, x), seed)


def predictions(model, samples):
    return np.array([model.predict(sample.ravel()) for sample in samples])


@pytest.fixture(scope="module")
def ratios():
    """dB of the random models that were tried."""
    return []


@pytest.mark.parametrize("seed", range(MODELS))
def test_random_network(seed, ratios):
    """Float as Keras has it, C and Python to the bit, int8 near to float."""
    model = network(seed)
    (data,) = keras_models.samples(model, 24)
    (exact,) = keras_models.outputs(model, [data])
    (ours,) = run(keras_reader.read(model), [data])
    np.testing.assert_allclose(ours.reshape(exact.shape), exact, rtol=1e-5, atol=1e-5 * max(1, np.abs(exact).max()))
    file = convert(model, data, check=False).file
    loaded = upyml.load(file, _upyml)
    assert loaded.selftest() is True
    got = predictions(loaded, data)
    np.testing.assert_array_equal(got[:3], predictions(upyml.load(file, _reference), data[:3]))
    ratios.append(sqnr(exact, got.reshape(exact.shape)))
    assert ratios[-1] > LEAST


def test_random_networks_are_usually_better(ratios, capsys):
    if len(ratios) == MODELS:  # not where some tests were chosen
        with capsys.disabled():
            print(f"\n{MODELS} random recurrent models, int8 against float: {min(ratios):.1f} dB at least, {np.median(ratios):.1f} in the middle")
    assert not ratios or np.median(ratios) > USUAL


@pytest.fixture(scope="module")
def ratios_16():
    """(dB of int8, dB of int16) of the random models that were tried."""
    return []


@pytest.mark.parametrize("seed", range(MODELS_16))
def test_random_network_of_int16(seed, ratios_16):
    """Nearer to float than int8, the same bytes in C and Python."""
    model = network(seed)
    (data,) = keras_models.samples(model, 24)
    (exact,) = keras_models.outputs(model, [data])
    found = []
    for bits in (8, 16):
        file = convert(model, data, check=False, activations=bits).file
        loaded = upyml.load(file, _upyml)
        assert loaded.input_details[0].dtype == f"int{bits}"
        got = predictions(loaded, data)
        found.append(sqnr(exact, got.reshape(exact.shape)))
    np.testing.assert_array_equal(got[:3], predictions(upyml.load(file, _reference), data[:3]))
    assert loaded.selftest() is True
    ratios_16.append(found)
    assert found[1] > max(LEAST_16, found[0])


def test_random_networks_of_int16_are_usually_better(ratios_16, capsys):
    if len(ratios_16) == MODELS_16:
        int8, int16 = np.transpose(ratios_16)
        with capsys.disabled():
            print(f"\n{MODELS_16} random recurrent models, int16 against float: {int16.min():.1f} dB at least, "
                  f"{np.median(int16):.1f} in the middle, {np.median(int16 - int8):.1f} more than int8")  # fmt: skip
        assert np.median(int16) > USUAL_16
        assert np.median(int16 - int8) > GAIN_16


CELLS = {"LSTM": L.LSTM, "GRU": L.GRU, "SimpleRNN": L.SimpleRNN}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("bits, least", [(8, 30), (16, 45)])
def test_a_stateful_layer_goes_on_where_it_was(kind, bits, least):
    """A long series in pieces gives what it gives at once; after a reset it begins anew."""
    steps, pieces = 5, 12
    inputs = keras.Input((steps, 3), batch_size=1)
    model = keras_models.randomize(keras.Model(inputs, CELLS[kind](6, return_sequences=True, stateful=True)(inputs)))
    data = np.random.default_rng(1).normal(size=(pieces, steps, 3)).astype(np.float32)
    whole = keras.Input((steps * pieces, 3))
    alike = CELLS[kind](6, return_sequences=True)
    long = keras.Model(whole, alike(whole))
    alike.set_weights(model.layers[-1].get_weights())
    exact = np.asarray(long(data.reshape(1, -1, 3))).reshape(pieces, -1)
    conversion = convert(model, data, activations=bits)
    assert conversion.check.sqnr > least
    for engine in (_upyml, _reference):
        loaded = upyml.load(conversion.file, engine)
        first = predictions(loaded, data)
        assert sqnr(exact, first) > least
        assert not np.array_equal(first, predictions(loaded, data))
        loaded.reset()
        np.testing.assert_array_equal(first, predictions(loaded, data))
        assert loaded.selftest() is True


def test_a_normalization_is_folded_into_the_layer_behind_it():
    inputs = keras.Input((9, 4))
    normal = L.Normalization(mean=[1.0, -2.0, 0.5, 0.0], variance=[4.0, 1.0, 0.25, 9.0])
    model = keras_models.randomize(keras.Model(inputs, L.GRU(5)(normal(inputs))))
    data = keras_models.samples(model, 64)
    conversion = convert(model, data)
    assert [step.kind for step in conversion.program.steps] == ["GRU"]
    assert conversion.check.sqnr > 30


def test_the_last_step_alone_takes_no_room_for_the_others():
    inputs = keras.Input((100, 2))
    steps = [convert(keras.Model(inputs, L.LSTM(8, return_sequences=all_steps)(inputs)),
                     np.random.default_rng(1).normal(size=(16, 100, 2))).program.steps for all_steps in (False, True)]  # fmt: skip
    assert [len(each) for each in steps] == [1, 1]
    assert [each[0].outputs[0].size for each in steps] == [8, 800]


def test_return_state_of_a_gru_is_its_last_row():
    inputs = keras.Input((7, 3))
    model = keras_models.randomize(keras.Model(inputs, L.GRU(4, return_sequences=True, return_state=True)(inputs)))
    data = keras_models.samples(model, 32)
    loaded = upyml.load(convert(model, data).file)
    for sample in data[0]:
        rows, state = loaded.predict(sample.ravel())
        assert list(rows[-4:]) == list(state)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_accuracy_on_gestures(kind, capsys):
    """Four seconds of a watch's sensors: int8 within one point of float on 280 windows it has not seen."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "gesture"))
    import train

    keras.utils.set_random_seed(1)
    parts = train.load()
    normalise = L.Normalization()
    normalise.adapt(parts["x_train"])
    model = keras.Sequential([keras.Input(parts["x_train"].shape[1:]), normalise, CELLS[kind](24), L.Dense(4, "softmax")])
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(parts["x_train"], parts["y_train"], batch_size=32, epochs=20, verbose=0)
    exact = model.predict(parts["x_test"], verbose=0)
    got = predictions(upyml.load(convert(model, parts["x_train"][:200], check=False).file), parts["x_test"])
    accuracies = [float((answer.argmax(axis=1) == parts["y_test"]).mean()) for answer in (exact, got)]
    with capsys.disabled():
        print(f"\ngestures by {kind}, 280 windows: float {accuracies[0]:.1%}, int8 {accuracies[1]:.1%}, {sqnr(exact, got):.1f} dB")
    assert accuracies[0] > 0.95
    assert accuracies[1] >= accuracies[0] - 0.01


SHAPE = (6, 3)
REFUSED = {
    "activation": (L.LSTM(4, activation="elu", name="m"), "layer m.*activation elu is not known.*tanh"),
    "gates": (L.GRU(4, recurrent_activation="tanh", name="m"), "layer m.*recurrent_activation tanh.*sigmoid or hard_sigmoid"),
    "cell state": (L.LSTM(4, return_state=True, name="m"), "layer m.*return_state.*no cell state"),
    "bidirectional states": (L.Bidirectional(L.GRU(4, return_state=True), name="m"), "layer m.*has states"),
    "copies": (L.TimeDistributed(L.Reshape((3, 1)), name="m"), None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(name):
    made, sentence = REFUSED[name]
    inputs = keras.Input(SHAPE if sentence else (40, 3))
    with pytest.raises(ConversionError, match=sentence or "layer m.*40 steps.*up to 32"):
        keras_reader.read(keras.Model(inputs, made(inputs)))


def test_an_initial_state_is_refused():
    inputs, state = keras.Input(SHAPE), keras.Input((4,))
    with pytest.raises(ConversionError, match="layer m.*initial state"):
        keras_reader.read(keras.Model([inputs, state], L.GRU(4, name="m")(inputs, initial_state=state)))


def test_a_stateful_layer_used_twice_is_refused():
    inputs = keras.Input(SHAPE, batch_size=1)
    twice = L.GRU(3, stateful=True, return_sequences=True, name="m")
    with pytest.raises(ConversionError, match="layer m.*used twice"):
        keras_reader.read(keras.Model(inputs, twice(twice(inputs))))


def test_a_cell_of_ones_own_is_refused():
    class Mine(L.SimpleRNNCell):
        pass

    inputs = keras.Input(SHAPE)
    with pytest.raises(ConversionError, match="layer m.*no op for the cell Mine.*LSTM, GRU or SimpleRNN"):
        keras_reader.read(keras.Model(inputs, L.RNN(Mine(4), name="m")(inputs)))
