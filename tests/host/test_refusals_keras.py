"""Keras models that no board can run stop the conversion with one sentence, as objects, as .keras and as .h5 files."""

import io
import json
import sys
import zipfile

import h5py
import keras
import keras_models
import numpy as np
import pytest
import refusal_keras_models as models
from keras import layers as L
from refusals import assert_tells, refusal

from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.readers import keras_reader
from host_tools.readers.advice import ADVICE, near


def samples(folder):
    """The option with a file of data; refusals come before it is read."""
    path = folder / "samples.npz"
    np.savez(path, np.zeros((4, 8)))
    return "--data", path


def told(source, *data):
    """The sentence with which convert() stops."""
    with pytest.raises(ConversionError) as stopped:
        convert(source, *data)
    return str(stopped.value)


@pytest.fixture
def stranger():
    """Keras as another process has it: without the layers that this one registered."""
    known = dict(keras.saving.get_custom_objects())
    keras.saving.get_custom_objects().clear()
    yield
    keras.saving.get_custom_objects().update(known)


@pytest.mark.parametrize("name", models.CASES)
def test_a_model_that_no_board_runs_gets_a_sentence(tmp_path, name, stranger):
    build, words = models.CASES[name]
    model = build()
    assert_tells(told(model, np.zeros((4, 8))), *words)
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"model{suffix}"
        if name == "a function of keras.ops" and suffix == ".h5":
            words = ("norm", "Norm", "Build the model from layers")
        model.save(path)
        assert_tells(refusal(path, *samples(tmp_path)), *words)


def test_what_cannot_be_saved_gets_a_sentence():
    assert_tells(told(models.changed(), np.zeros((4, 8))), "model changed", "Changed", "subclassed", "Python code")
    complex_layer = models.chain(L.Dense(3, dtype="complex64", kernel_initializer="zeros", name="phase"))
    assert_tells(told(complex_layer, np.zeros((4, 8))), "layer phase", "complex64", "real", "channels")


def test_a_layer_around_a_saved_model_gets_a_sentence(tmp_path):
    model = models.exported(tmp_path / "exported")
    words = ("layer saved", "TFSMLayer", "Use the layers of Keras")
    assert_tells(told(model, np.zeros((4, 8))), *words)
    model.save(tmp_path / "model.keras")
    assert_tells(refusal(tmp_path / "model.keras", *samples(tmp_path)), *words)


@pytest.mark.parametrize("kind", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_models_of_half_precision_convert(tmp_path, kind):
    """The engine is int8 in any case; the float graph equals Keras's outputs within their own precision."""
    model = keras_models.randomize(models.half(kind))
    path = tmp_path / "model.keras"
    model.save(path)
    x = np.random.default_rng(0).normal(size=(16, 8, 2)).astype("f")
    expected = np.asarray(keras.ops.cast(model(x), "float32"))
    (made,) = run(keras_reader.read(path), [x])
    np.testing.assert_allclose(made, expected, atol=0.03 if "bf" in kind else 0.004)
    assert convert(path, [x]).check.sqnr > 25


def test_a_half_precision_file_that_hdf5_lost_gets_a_sentence(tmp_path):
    model = models.half("bfloat16")
    model.save(tmp_path / "model.h5")
    words = ("model.h5", "bfloat16", "Save the model as .keras")
    assert_tells(refusal(tmp_path / "model.h5", *samples(tmp_path)), *words)


def test_a_layer_called_twice_converts():
    x = keras.Input((8,))
    again = L.Dense(8, activation="relu", name="again")
    model = keras_models.randomize(keras.Model(x, L.Dense(2, name="end")(again(again(x)))))
    data = np.random.default_rng(0).normal(size=(64, 8)).astype("f")
    conversion = convert(model, data)
    assert len(conversion.program.steps) == 3
    assert conversion.check.sqnr > 25
    np.testing.assert_allclose(run(keras_reader.read(model), [data])[0], model(data), rtol=1e-4, atol=1e-5)


def later(path, version):
    """The file as a later Keras may write it: with a setting that the installed one does not know."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    parts["metadata.json"] = json.dumps({"keras_version": version}).encode()
    parts["config.json"] = parts["config.json"].replace(b'"units": 3', b'"units": 3, "spline_order": 2')
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    path.write_bytes(content.getvalue())


def test_a_file_of_a_later_keras_says_which_one_is_needed(tmp_path):
    path = tmp_path / "model.keras"
    model = models.chain(L.Dense(3))
    model.save(path)
    later(path, "9.1.0")
    words = ("Keras 9.1.0 wrote it", f"installed Keras {keras.__version__}", "spline_order", "pip install --upgrade keras")
    assert_tells(refusal(path, *samples(tmp_path)), "model.keras", *words)
    later(path, "3.0.0")  # then it is not the version
    sentence = refusal(path, *samples(tmp_path))
    assert_tells(sentence, "Keras cannot load it", "spline_order", "Dense")
    assert "upgrade" not in sentence


def old_file(path):
    """What tf_keras 2.19 writes of a depthwise convolution: Keras 3 refuses its settings."""
    import tf_keras

    layers = [tf_keras.layers.Input((8, 8, 2)), tf_keras.layers.DepthwiseConv2D(3), tf_keras.layers.Flatten()]
    tf_keras.Sequential([*layers, tf_keras.layers.Dense(3)]).save(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_of_an_older_keras_needs_tf_keras(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"old{suffix}"
    old_file(path)
    with pytest.raises(Exception, match="groups"):
        keras.models.load_model(path, compile=False)
    assert [op.kind for op in keras_reader.read(path).ops][:1] == ["depthwise_conv2d"]  # by tf_keras
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    words = (path.name, "Keras 3 refuses", "Keras 2", "tf_keras may load it", "pip install --no-deps tf_keras")
    assert_tells(refusal(path, *samples(tmp_path)), *words)


def test_a_layer_of_an_older_keras_that_nobody_knows_gets_a_sentence(tmp_path):
    path = tmp_path / "old.h5"
    old_file(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"Dense"', '"Blend"')
    words = ("old.h5", "neither Keras 3 nor tf_keras", "Blend", "layer dense", "Build the model from layers")
    assert_tells(refusal(path, *samples(tmp_path)), *words)


def test_advice_names_layers_that_there_are():
    """What the advice says to use can be used, and layers of other dimensions, or with a slip of the pen, are found."""
    known = {*keras_reader.LAYERS, *keras_reader.CALLS}
    for kind, sentence in ADVICE.items():
        for word in sentence.replace(",", " ").replace(".", " ").split():
            if hasattr(L, word) and isinstance(getattr(L, word), type) and word != "Lambda":
                assert word in known, f"{kind}: {word}"
    assert near("GlobalMaxPooling3D", known) == ["GlobalMaxPooling1D", "GlobalMaxPooling2D"]
    assert near("Dens", known) == ["Dense"]
    assert near("Telepathy", known) == []


def test_advice_is_for_layers_of_keras():
    """Of Keras 3, or of Keras 2."""
    import tf_keras

    for kind in ADVICE:
        assert hasattr(L, kind) or hasattr(tf_keras.layers, kind), kind
