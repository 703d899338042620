"""Keras models as graphs: the same outputs as Keras 3.15.1 gives, before and after the passes on float graphs."""

import keras
import keras_models
import numpy as np
import pytest
from keras import layers as L

import upyml
from host_tools import verify
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.passes.normalise import normalise
from host_tools.quality import sqnr
from host_tools.readers import keras_reader


def assert_same_outputs(model, inputs=None):
    """The graph, and the graph after normalise, compute what the model computes."""
    inputs = inputs or keras_models.samples(model)
    expected = keras_models.outputs(model, inputs)
    graph = verify.graph(keras_reader.read(model), "read")
    for stage in (graph, normalise(graph, verify.graph)):
        made = run(stage, inputs)
        for want, got in zip(expected, made, strict=True):
            assert got.shape == (want.shape if want.ndim > 1 else (*want.shape, 1))
            np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-4, atol=2e-5)
    return graph


@pytest.mark.parametrize("name", keras_models.CASES)
def test_layer(name):
    assert_same_outputs(keras_models.single(name))


def test_branches_and_two_outputs():
    graph = assert_same_outputs(keras_models.residual())
    assert [tensor.name for tensor in graph.outputs] == ["kind", "sure"]


def test_shared_layers_and_nested_models():
    graph = assert_same_outputs(keras_models.shared())
    assert [tensor.name for tensor in graph.inputs] == ["a", "b"]
    assert sum(op.kind == "conv2d" for op in graph.ops) == 2


def test_transposed_convolutions_and_extremes_of_branches():
    graph = assert_same_outputs(keras_models.decoder())
    assert sum(op.kind == "conv2d_transpose" for op in normalise(graph).ops) == 3
    assert not any(op.kind == "batch_norm" for op in normalise(graph).ops)


def test_a_dilated_transposed_convolution_has_zeros_between_its_weights():
    """TensorFlow cannot run one on this computer; the same with the zeros written out it can."""
    dilated, written = (
        keras.Sequential([keras.Input((7, 3)), L.Conv1DTranspose(4, size, dilation_rate=rate)])
        for size, rate in ((3, 2), (5, 1))
    )
    keras_models.randomize(dilated)
    kernel = np.zeros((5, 4, 3), np.float32)
    kernel[::2] = dilated.layers[0].kernel.numpy()
    written.layers[0].kernel.assign(kernel)
    written.layers[0].bias.assign(dilated.layers[0].bias)
    inputs = keras_models.samples(written)
    (made,) = run(keras_reader.read(dilated), inputs)
    np.testing.assert_allclose(made, keras_models.outputs(written, inputs)[0], rtol=1e-4, atol=2e-5)


def test_a_shrinking_activation():
    inputs = keras.Input((40,))
    assert_same_outputs(keras.Model(inputs, L.Activation("hard_shrink")(inputs)))


def test_operators_on_tensors():
    a, b = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    assert_same_outputs(keras.Model([a, b], L.ReLU()((a + b) * 0.5 - a * b)))


def test_operators_with_numbers_and_arrays():
    x = keras.Input((4, 4, 3))
    gains = np.array([1.0, -2.0, 0.5], np.float32)
    assert_same_outputs(keras.Model(x, 1 - (x * gains + np.float32(0.3)) * 2))


O = keras.ops
OPERATIONS = {
    "max": lambda x: O.max(x, axis=2),
    "min of two axes": lambda x: O.min(x, axis=(1, 3), keepdims=True),
    "sum": lambda x: O.sum(x, axis=-1),
    "maximum": lambda x: O.maximum(x, 0.5) - O.minimum(x, np.array([0.1, -0.2, 0.3, 0.0], np.float32)),
    "absolute": lambda x: O.abs(x) + O.sqrt(O.abs(x) + 1) + O.square(x) - O.sign(x),
    "rounded": lambda x: O.floor(x) + 2 * O.ceil(x),
    "waves": lambda x: O.sin(x) * O.cos(x),
    "logarithm": lambda x: O.log(O.exp(x) + 0.5) + O.rsqrt(O.abs(x) + 0.5) + O.reciprocal(O.abs(x) + 1),
    "powers": lambda x: x**2 + O.power(x, 3.0),
    "quotients": lambda x: x / 3 + 1 / (O.abs(x) + 1) + x / (O.abs(x) + 2),
    "clip": lambda x: O.clip(x, -0.5, 0.7),
    "cumsum": lambda x: O.cumsum(x, axis=1),
    "log softmax": lambda x: O.log_softmax(x, axis=-1),
    "normalize": lambda x: O.normalize(x, axis=-1),
    "flip": lambda x: O.flip(x, axis=(1, 2)),
    "tile": lambda x: O.tile(x, (1, 2, 1, 3)),
    "repeat": lambda x: O.repeat(x, 2, axis=1),
    "roll": lambda x: O.roll(x, 2, axis=2),
    "pad": lambda x: O.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), constant_values=0.5),
    "pad reflect": lambda x: O.pad(x, ((0, 0), (1, 2), (2, 1), (0, 1)), mode="reflect"),
    "stack": lambda x: O.max(O.stack([x, -x], axis=1), axis=1),
    "split": lambda x: O.add(*O.split(x, 2, axis=-1)),
    "unstack": lambda x: O.multiply(O.unstack(x, axis=2)[1], O.unstack(x, axis=2)[4]),
    "moveaxis": lambda x: O.moveaxis(x, 1, 3),
    "activations": lambda x: O.leaky_relu(x, 0.1) + O.elu(x) + O.selu(x) + O.log_sigmoid(x) + O.hard_tanh(x),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_function_of_keras_ops(name):
    x = keras.Input((6, 5, 4))
    model = keras.Model(x, OPERATIONS[name](x))
    assert_same_outputs(model)
    data = keras_models.samples(model, 48)
    loaded = upyml.load(convert(model, data).file)
    got = np.array([loaded.predict(sample.ravel()) for sample in data[0]])
    (exact,) = keras_models.outputs(model, data)
    assert sqnr([exact], [got.reshape(exact.shape)]) > (15 if name == "rounded" else 28)  # steps where a value is on the edge


def test_one_sample_is_broadcast():
    x = keras.Input((1, 5, 1))
    model = keras.Model(x, O.broadcast_to(x * 2, (1, 6, 5, 4)))
    assert_same_outputs(model, keras_models.samples(model, 1))


def test_a_function_of_keras_ops_leaves_the_batch_alone():
    x = keras.Input((4, 3))
    for function in (lambda: O.max(x), lambda: O.sum(x, axis=0), lambda: O.flip(x, axis=0), lambda: O.tile(x, (2, 1, 1))):
        with pytest.raises(ConversionError, match="the batch"):
            keras_reader.read(keras.Model(x, function()))


def test_other_functions_of_keras_ops_are_refused():
    x = keras.Input((4, 4, 3))
    for y in (keras.ops.average(x, axis=-1), keras.ops.cumprod(x, axis=1)):
        with pytest.raises(ConversionError, match="use a layer of Keras"):
            keras_reader.read(keras.Model(x, y))


def test_thresholded_relu():
    inputs = keras.Input((40,))
    assert_same_outputs(keras.Model(inputs, L.ReLU(max_value=2, negative_slope=0.25, threshold=0.5)(inputs)))


def test_broadcast_gate():
    """Squeeze and excitation: an image times one number a channel."""
    x = keras.Input((6, 6, 8))
    gate = L.Dense(8, activation="sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(x))
    assert_same_outputs(keras_models.randomize(keras.Model(x, L.Multiply()([x, gate]))))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_files(tmp_path, suffix):
    model = keras_models.residual()
    path = tmp_path / f"model{suffix}"
    model.save(path)
    inputs = keras_models.samples(model)
    for want, got in zip(keras_models.outputs(model, inputs), run(keras_reader.read(path), inputs), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("file", ["ad01", "pretrainedResnet", "vww_96", "kws_model_qualcomm_v1.2"])
def test_public_models(models_dir, file):
    """Two of them are of an older Keras and come through tf_keras."""
    model = keras_reader.load(models_dir / "mlperf_tiny" / f"{file}.h5")
    inputs = [np.random.default_rng(1).normal(size=(4, *tensor.shape[1:])).astype("f") for tensor in model.inputs]
    (expected,) = keras_models.outputs(model, inputs)
    graph = keras_reader.read(model)
    for stage in (graph, normalise(graph, verify.graph)):
        np.testing.assert_allclose(run(stage, inputs)[0], expected, rtol=1e-3, atol=1e-4)


class Own(L.Layer):
    def call(self, x):
        return keras_models.tf.map_fn(lambda row: row * 2, x)


REFUSED = {
    "masked": ((10, 3), L.Masking(name="mask"), "layer mask \\(Masking\\).*full length"),
    "group norm": ((8,), L.GroupNormalization(2, name="norm"), "layer norm .*BatchNormalization"),
    "own layer": ((8,), Own(name="mine"), "layer mine .*your own"),
    "own activation": ((8,), L.Dense(3, activation=lambda x: x * x, name="square"), "layer square.*activation"),
    "unknown activation": ((8,), L.Dense(3, activation="mish", name="d"), "layer d.*mish.*relu"),
    "channels first": ((3, 8, 8), L.MaxPooling2D(data_format="channels_first", name="p"), "layer p.*channels_last"),
    "batch norm axis": ((4, 8), L.BatchNormalization(axis=1, name="bn"), "layer bn.*axis"),
    "bicubic": ((4, 4, 1), L.UpSampling2D(interpolation="bicubic", name="u"), "layer u.*bicubic.*nearest"),
    "free time axis": ((None, 3), L.Conv1D(4, 3), "\\(None, 3\\) is not fixed"),
    "five axes": ((2, 2, 2, 4), L.Reshape((2, 2, 2, 2, 2), name="r"), "layer r.*5 axes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(name):
    shape, layer, sentence = REFUSED[name]
    inputs = keras.Input(shape)
    with pytest.raises(ConversionError, match=sentence):
        keras_reader.read(keras.Model(inputs, layer(inputs)))


def test_help_lists_the_layers():
    """Every layer that the reader knows, but those that do nothing, and no other."""
    from host_tools.cli_convert import convert
    from host_tools.readers import keras_layers_attention, keras_layers_math

    listed = convert.callback.__doc__.split("Keras layers:")[1].split(", models")[0]
    names = [name.strip() for name in listed.split(",")]
    names = [name.replace("1D/2D", n) for name in names for n in (("1D", "2D") if "1D/2D" in name else ("",))]
    acting = {name for name, read in keras_reader.LAYERS.items() if read is not keras_layers_math._nothing}
    acting |= keras_layers_attention.CALLS.keys()
    assert {getattr(L, name).__name__ if hasattr(L, name) else name for name in names} == acting


def test_refused_unbuilt():
    with pytest.raises(ConversionError, match="input shape"):
        keras_reader.read(keras.Sequential([L.Dense(3)]))


def test_refused_training_mode():
    inputs = keras.Input((8,))
    with pytest.raises(ConversionError, match="training=True"):
        keras_reader.read(keras.Model(inputs, L.Dropout(0.5)(inputs, training=True)))


def test_refused_files(tmp_path):
    for name in ("model.keras", "model.h5"):
        path = tmp_path / name
        path.write_bytes(b"not a model")
        with pytest.raises(ConversionError, match=name):
            keras_reader.read(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        keras_reader.read(tmp_path / "none.keras")


def test_refused_file_of_an_own_layer(tmp_path):
    @keras.saving.register_keras_serializable()
    class Doubled(Own):
        pass

    inputs = keras.Input((4,))
    keras.Model(inputs, Doubled()(inputs)).save(tmp_path / "own.keras")
    keras.saving.get_custom_objects().clear()
    with pytest.raises(ConversionError, match="it holds Doubled, which is not a part of Keras"):
        keras_reader.read(tmp_path / "own.keras")


def test_old_file_without_tf_keras(tmp_path, monkeypatch):
    import sys

    path = tmp_path / "old.h5"
    path.write_bytes(b"not a model")
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(ConversionError, match="pip install --no-deps tf_keras"):
        keras_reader.read(path)
