"""Quantization-aware training: the model computes what the board will, learns, and converts with what it learned."""

import keras_models
import numpy as np
import pytest
from click.testing import CliRunner
from compress_models import network, stripes, trained, weights
from keras import ops
from keras_models import L, keras

import upyml
from host_tools.cli import main
from host_tools.compress import qat
from host_tools.compress.qat_layers import FakeQuantize, QuantizedLayer
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.passes.bits import set_bits
from host_tools.passes.normalise import normalise
from host_tools.passes.search import search
from host_tools.readers import keras_reader


@pytest.fixture(scope="module")
def data():
    return stripes(640)


@pytest.fixture(scope="module")
def model(data):
    keras.utils.set_random_seed(1)
    return trained(network(), *data, 0.01, 6)


@pytest.fixture(scope="module")
def learned(model, data):
    """Trained with 4-bit weights."""
    return trained(qat.quantization_aware(model, data[0][:64], bits=4), *data, 0.003, 3)


def in_steps(file: bytes, made: keras.Model, samples: list[np.ndarray]) -> np.ndarray:
    """How far the engine's outputs are from the Keras model's, in steps of the output."""
    loaded = upyml.load(file)
    assert loaded.selftest() is True
    off = []
    for expected, details, given in zip(keras_models.outputs(made, samples), loaded.output_details, range(9)):
        for i in range(len(expected)):
            answer = loaded.predict(tuple(x[i].ravel() for x in samples) if len(samples) > 1 else samples[0][i].ravel())
            answer = answer if isinstance(answer, tuple) else (answer,)
            off.append((np.array(answer[given]) - expected[i].ravel()) / details.scale)
    return np.abs(np.concatenate(off))


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", ["residual", "shared"])
def test_it_begins_as_what_conversion_makes(name, bits):
    """The same whole weights, scales and zero points, and biases within a rounding."""
    source = getattr(keras_models, name)()
    samples = keras_models.samples(source, 48)
    expected = search(set_bits(normalise(keras_reader.read(source)), bits), samples)
    got = qat.read(qat.quantization_aware(source, samples, bits=bits))
    assert [op.kind for op in got.ops] == [op.kind for op in expected.ops]
    assert [op.name for op in got.ops] == [op.name for op in expected.ops]
    for mine, theirs in zip(got.ops, expected.ops):
        assert mine.output.zero_point == theirs.output.zero_point
        assert mine.output.scale == pytest.approx(theirs.output.scale, rel=1e-6)
        if mine.kind in ("conv2d", "depthwise_conv2d", "fully_connected"):
            assert np.mean(mine.inputs[1].data != theirs.inputs[1].data) < 0.002  # ties between two whole numbers
            np.testing.assert_allclose(mine.inputs[1].scale, theirs.inputs[1].scale, rtol=1e-6)
            np.testing.assert_allclose(mine.inputs[2].data, theirs.inputs[2].data, rtol=1e-5, atol=1)
    assert [t.name for t in got.outputs] == [t.name for t in expected.outputs]


CASES = (
    "conv2d strided same, conv2d dilated, conv2d groups, conv1d same, conv1d causal, depthwise2d multiplier, depthwise1d, "
    "separable1d, dense on a series, max pool 2d same, max pool 1d, average pool 2d same, average pool 1d, "
    "global average 1d, batch norm vector, normalization of elements, rescaling, zero padding 1d, cropping 2d, permute, "
    "up 2d nearest, up 2d bilinear, relu slope and max, leaky relu, elu, softmax, activation gelu, activation hard_silu, "
    "transposed 2d, transposed 2d valid, transposed 1d valid, transposed 2d output padding, prelu, activation selu, activation tanh, activation softsign, activation exponential, dropout"
).split(", ")


@pytest.mark.parametrize("name", CASES)
def test_layers_compute_what_the_engine_does(name):
    source = keras_models.single(name)
    samples = keras_models.samples(source, 12)
    made = qat.quantization_aware(source, samples)
    off = in_steps(convert(made, check=False).file, made, samples)
    assert off.max() <= 2.01  # two layers in a row, each with a rounding
    assert np.mean(off > 0.5) < (0.4 if "average" in name or "leaky" in name else 0.1)  # there many values are ties


def test_constants_and_two_inputs():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    joined = L.Concatenate()([L.Average()([a, b]), L.Dense(3, activation="sigmoid")(a), L.Subtract()([a, b])])
    source = keras_models.randomize(keras.Model({"a": a, "b": b}, {"sum": L.Dense(2)(joined), "all": joined}))
    samples = keras_models.samples(source, 24)
    made = qat.quantization_aware(source, samples)
    assert set(made({"a": samples[0], "b": samples[1]})) == {"sum", "all"}
    ordered = keras.Model(made.inputs, made.outputs)
    off = in_steps(convert(made, check=False).file, ordered, samples)
    assert off.max() <= 2.01 and np.mean(off > 0.5) < 0.15


def test_training_brings_back_what_four_bits_cost(model, learned, data):
    fresh, kinds = stripes(400, seed=2)
    before = qat.quantization_aware(model, data[0][:64], bits=4)

    def loss(made):
        chosen = np.asarray(made(fresh))[np.arange(len(kinds)), kinds]
        return float(-np.log(np.maximum(chosen, 1e-3)).mean())

    assert loss(learned) < loss(before)
    assert loss(learned) < 1.1 * loss(model)


def test_the_engine_answers_what_was_trained(learned):
    """On samples nobody saw: the same class everywhere, and nearly all outputs within a step."""
    fresh, _ = stripes(200, seed=3)
    done = convert(learned, fresh)
    loaded = upyml.load(done.file)
    got = np.array([loaded.predict(x.ravel()) for x in fresh])
    said = np.asarray(learned(fresh))
    clear = np.diff(np.sort(said, axis=1)[:, -2:]).ravel() > 2 / 256  # two classes that are equally likely have no first
    assert clear.mean() > 0.97
    np.testing.assert_array_equal(got.argmax(axis=1)[clear], said.argmax(axis=1)[clear])
    scores = keras.Model(learned.inputs, next(layer for layer in learned.layers if layer.name.endswith("softmax")).input)
    off = in_steps(convert(scores, check=False).file, scores, [fresh])
    assert np.mean(off <= 1.01) > 0.95 and off.max() <= 3.01  # five ops in a row, each with a rounding of its own
    assert done.check.against == "Keras" and done.check.agree > 0.97


def test_scales_and_weights_are_those_learned(model, learned, data):
    """They differ from those that conversion would have chosen, and are the layers' own."""
    stages: dict = {}
    convert(learned, show=stages.setdefault, check=False)
    found = {op.name: op for op in stages["read"].ops}
    layers = [layer for layer in learned.layers if isinstance(layer, QuantizedLayer)]
    assert [layer.op_name for layer in layers] == ["conv", "depth", "point", "dense"]
    for layer in layers:
        whole, steps, _ = layer.numbers()
        np.testing.assert_array_equal(found[layer.op_name].inputs[1].data, whole)
        np.testing.assert_array_equal(found[layer.op_name].inputs[1].scale, steps)
    assert {name: int(np.abs(q[0]).max()) > 7 for name, q in weights(stages["read"]).items()} == {
        "conv": False, "depth": True, "point": False, "dense": False,
    }  # fmt: skip
    begun = qat.read(qat.quantization_aware(model, data[0][:64], bits=4))
    assert all(mine.output.scale != theirs.output.scale for mine, theirs in zip(stages["read"].ops[:3], begun.ops))


def test_saved_and_loaded(learned, tmp_path):
    fresh, _ = stripes(20, seed=4)
    learned.save(tmp_path / "learned.keras")
    loaded = keras.models.load_model(tmp_path / "learned.keras")
    np.testing.assert_array_equal(np.asarray(loaded(fresh)), np.asarray(learned(fresh)))
    made = convert(tmp_path / "learned.keras", fresh, metadata={"name": "x"}).file
    assert made == convert(learned, metadata={"name": "x"}, check=False).file
    arguments = ["convert", str(tmp_path / "learned.keras"), "-o", str(tmp_path / "learned.upm")]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)  # needs no data
    assert result.exit_code == 0 and "nothing to compare with: give --data" in result.output


def test_pruned_weights_stay_zero(data):
    """Unless they may come back."""
    pruned = network()
    chance = np.random.default_rng(1)
    for layer in pruned.layers:
        if layer.name in ("conv", "point", "dense"):
            kernel, *rest = layer.get_weights()
            layer.set_weights([kernel * (chance.random(kernel.shape) < 0.5), *rest])
    zeros = {op.name: op.inputs[1].data == 0 for op in keras_reader.read(pruned).ops if len(op.inputs) > 1}
    for keep in (True, False):
        begun = qat.quantization_aware(pruned, data[0][:64], keep_zeros=keep)
        made = trained(begun, data[0][:96], data[1][:96], 0.03, 1, eagerly=True)  # a graph would take longer to build
        after = weights(qat.read(made))
        stayed = {name: bool((after[name][0][zeros[name]] == 0).all()) for name in ("conv", "point", "dense")}
        assert set(stayed.values()) == {keep}
        assert np.mean(after["point"][0] != 0) > 0.3


def test_losses_by_the_outputs_names():
    source = keras_models.residual()
    samples = keras_models.samples(source, 16)
    made = qat.quantization_aware(source, samples)
    assert made.output_names == ["kind", "sure"]
    made.compile("adam", {"kind": "sparse_categorical_crossentropy", "sure": "binary_crossentropy"}, run_eagerly=True)
    history = made.fit(samples[0], {"kind": np.zeros(16), "sure": np.ones((16, 1))}, epochs=2, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


def test_the_slope_of_rounding():
    """1 for values within the range; what is clipped pulls at its end of the range, and what is not does not."""
    import tensorflow as tf

    layer = FakeQuantize(-1.0, 3.0)
    x = tf.constant([[-0.5, 0.013, 2.0, 5.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        total = tf.reduce_sum(y)
    slope, ends = tape.gradient(total, [x, layer.stretch])
    np.testing.assert_allclose(np.asarray(y), [[-0.5, 0.013, 2.0, 3.0]], atol=2.1 / 255)
    np.testing.assert_allclose(np.asarray(slope), [[1, 1, 1, 0]])
    assert abs(ends[1]) > 20 * abs(ends[0])
    scale, zero_point = (float(ops.convert_to_numpy(v)) for v in layer.grid())
    assert scale == pytest.approx(4 / 255) and zero_point == -64
    for _ in range(60):  # wanted: the value that is clipped
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((layer(x) - x) ** 2)
        layer.stretch.assign_sub(tape.gradient(loss, layer.stretch.value))
    assert float(layer(x)[0, 3]) == pytest.approx(5, abs=0.1)


def test_training_sees_the_probabilities_themselves(learned):
    """Rounded, a class of less than 1/512 is 0, and has no logarithm to learn by."""
    fresh, _ = stripes(50, seed=5)
    said, rounded = (np.asarray(learned(fresh, training=mode)) for mode in (True, False))
    assert (said > 0).all() and (rounded == 0).any()
    np.testing.assert_array_equal(rounded * 256, np.round(rounded * 256))
    assert np.abs(said - rounded).max() <= 0.51 / 256 + 1 / 256  # 1 itself is not among the levels


def test_what_cannot_be(model, learned, data):
    x = data[0][:32]
    with pytest.raises(ConversionError, match="no layer 'cnov' with weights"):
        qat.quantization_aware(model, x, bits={"cnov": 4})
    with pytest.raises(ConversionError, match="cannot have 3 bits: give 4 or 8"):
        qat.quantization_aware(model, x, bits=3)
    with pytest.raises(ConversionError, match=r"takes an array of shape \(n, 10, 10, 1\), received \(32, 9, 10, 1\)"):
        qat.quantization_aware(model, x[:, 1:])
    with pytest.raises(ConversionError, match="is quantization-aware already"):
        qat.quantization_aware(learned, x)
    with pytest.raises(ConversionError, match="quantized already; bits needs the float Keras model"):
        convert(learned, x, bits=4)
    with pytest.raises(ConversionError, match="layer extra .Dense. is in a quantization-aware model but not of it"):
        convert(keras.Model(learned.inputs, L.Dense(2, name="extra")(learned.output)), x)


def test_training_that_went_astray(model, data):
    made = qat.quantization_aware(model, data[0][:32])
    layer = next(layer for layer in made.layers if layer.name == "point")
    layer.log_step.assign(np.full(layer.log_step.shape, np.nan))
    with pytest.raises(ConversionError, match="layer point: training left nan or infinity in it"):
        convert(made, data[0][:32])
    made = qat.quantization_aware(model, data[0][:32])
    next(layer for layer in made.layers if isinstance(layer, FakeQuantize)).stretch.assign([np.inf, 0])
    with pytest.raises(ConversionError, match="layer .*_range: training left nan or infinity in it"):
        convert(made, data[0][:32])


def test_a_channel_of_tiny_weights_keeps_its_bias(data):
    """Its accumulator would not hold the bias at the weights' own scale."""
    source = keras.Sequential([keras.Input((10, 10, 1)), L.Conv2D(2, 3, name="conv")])
    kernel, bias = source.layers[0].get_weights()
    source.layers[0].set_weights([kernel * [1, 1e-9], bias + [0, 3]])
    made = qat.quantization_aware(source, data[0][:32])
    layer = next(layer for layer in made.layers if isinstance(layer, QuantizedLayer))
    layer.log_step.assign(layer.log_step - [0.0, 5.0])
    got = np.array(upyml.load(convert(made, check=False).file).predict(data[0][0].ravel())).reshape(-1, 2)
    assert np.abs(got[:, 1] - 3).max() < 0.05
