"""Transformers from Keras: every layer computes what Keras computes, and keeps its signal when it is quantized."""

import attention_models
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

LEAST = 25  # decibels that the outputs keep over the noise of quantization, weights and inputs being random


def converted(model, data):
    """The model in the C engine, after the Python engine has made the same of it."""
    file = convert(model, data, check=False).file
    assert upyml.load(file, _reference).selftest() is True
    loaded = upyml.load(file, _upyml)
    assert loaded.selftest() is True
    return loaded


def predictions(loaded, data):
    """Outputs for samples of one or more inputs."""
    rows = [tuple(x.ravel() for x in sample) for sample in zip(*data)]
    return np.array([loaded.predict(row if len(row) > 1 else row[0]) for row in rows])


def assert_kept(model, data, least=LEAST):
    (exact,) = keras_models.outputs(model, data)
    (read,) = run(keras_reader.read(model), data)
    np.testing.assert_allclose(read.reshape(exact.shape), exact, rtol=1e-3, atol=1e-4 * max(1, np.abs(exact).max()))
    loaded = converted(model, data)
    got = predictions(loaded, data).reshape(exact.shape)
    steps = np.abs(got - exact).max() / loaded.output_details[0].scale
    assert sqnr([exact], [got]) > least or steps < 3, (sqnr([exact], [got]), steps)


@pytest.mark.parametrize("name", attention_models.CASES)
def test_layer(name):
    keras.utils.set_random_seed(1)
    model = keras_models.randomize(attention_models.CASES[name]())
    assert_kept(model, keras_models.samples(model))


@pytest.mark.parametrize("seed", range(64))
def test_random_transformer(seed):
    model = attention_models.network(seed)
    assert_kept(model, keras_models.samples(model, 24))


@pytest.mark.parametrize("words, dtype", [(30, "uint8"), (256, "uint8"), (257, "int16"), (5000, "int16")])
def test_token_ids_are_numbers_from_0_on(words, dtype):
    model = keras_models.randomize(attention_models.tokens(words=words))
    ids = np.random.default_rng(1).integers(0, words, (24, 10))
    assert_kept(model, [ids.astype(np.float32)])
    loaded = converted(model, [ids])
    details = loaded.input_details[0]
    assert (details.dtype, details.scale, details.zero_point) == (dtype, 1, 0)
    loaded.input[:] = ids[0].astype(dtype)
    loaded.run()
    raw = list(loaded.output)
    loaded.predict(ids[0].astype(float))
    assert list(loaded.output) == raw


def test_ids_outside_of_the_table_are_its_ends():
    model = keras_models.randomize(attention_models.tokens(words=20))
    loaded = converted(model, [np.random.default_rng(1).integers(0, 20, (24, 10))])
    assert loaded.predict([19.0] * 10) == loaded.predict([255.0] * 10)


def test_a_product_reads_its_operands_in_place():
    """No transpose is left of a multi-head attention, nor of transposes that the model itself makes."""
    x, y = keras.Input((5, 2, 4)), keras.Input((6, 2, 4))
    product = keras.ops.matmul(keras.ops.transpose(x, (0, 2, 1, 3)), keras.ops.transpose(y, (0, 2, 3, 1)))
    model = keras.Model([x, y], keras.ops.transpose(product, (0, 2, 1, 3)))
    data = keras_models.samples(model)
    assert [step.kind for step in convert(model, data).program.steps] == ["BATCH_MATMUL"]
    assert_kept(model, data)
    model = attention_models.CASES["attention"]()
    kinds = [step.kind for step in convert(model, keras_models.samples(model)).program.steps]
    assert kinds.count("FULLY_CONNECTED") == 4 and kinds.count("BATCH_MATMUL") == 2 and len(kinds) == 7


class Loop(L.Layer):
    def call(self, x):
        import tensorflow as tf

        return tf.map_fn(lambda row: row * 2, x)


def masked_by_an_input():
    x, mask = keras.Input((9, 8)), keras.Input((9, 9))
    return keras.Model([x, mask], L.MultiHeadAttention(2, 4, name="look")(x, x, attention_mask=mask))


def masked_with_a_hole():
    x, mask = keras.Input((9, 8)), np.ones((1, 9, 9), bool)
    mask[:, :, 4] = False
    return keras.Model(x, L.MultiHeadAttention(2, 4, name="look")(x, x, attention_mask=mask))


def with_scores():
    x = keras.Input((9, 8))
    return keras.Model(x, L.MultiHeadAttention(2, 4, name="look")(x, x, return_attention_scores=True))


def ids_and_numbers():
    x = keras.Input((9,))
    return keras.Model(x, L.Add()([L.Embedding(20, 8, name="words")(x), L.Reshape((9, 1), name="sum")(x) * 2.0]))


REFUSED = {
    "layer look: takes a mask that is computed": masked_by_an_input,
    "layer look: its attention_mask is none of those": masked_with_a_hole,
    "layer look: gives its attention scores": with_scores,
    "layer words: mask_zero masks": attention_models.of((9,), L.Embedding(20, 8, mask_zero=True, name="words")),
    "layer last: softmax over axis 0, the batch": attention_models.of((9, 8), L.Softmax(axis=0, name="last")),
    "layer loop .*a layer of your own,? whose call cannot be followed": attention_models.of((9, 8), Loop(name="loop")),
    "words: the numbers that choose its rows are also an input of": ids_and_numbers,
    "words: the numbers that choose its rows are computed by": attention_models.of(
        (9,), lambda x: L.Embedding(20, 8, name="words")(x * 2.0)
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_refused_with_a_sentence(sentence):
    model = REFUSED[sentence]()
    with pytest.raises(ConversionError, match=sentence):
        convert(model, keras_models.samples(model))
