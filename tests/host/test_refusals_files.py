"""Files, folders and objects of other programs stop the conversion with a sentence that says what to do with them."""

import json
import pickle
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers as L
from refusals import assert_tells, refusal
from test_refusals_tflite import built

from host_tools.convert import convert
from host_tools.errors import ConversionError

INT8 = "int8 .tflite"
SAVE = r'model.save\("model.keras"\)'
HTML = b"<!DOCTYPE html><html>Not Found</html>"

# What the file is called, what it holds, and every word of the sentence.
FILES = {
    "a frozen graph": ("graph.pb", b"\x0a\x10", ("graph.pb", "without layers", ".keras", INT8)),
    "an ONNX model": ("net.onnx", b"\x08\x08", ("net.onnx", "ONNX model", INT8, "onnx2tf", "Keras")),
    "PyTorch .pt": ("net.pt", b"PK\3\4", ("net.pt", "PyTorch model", "copy the weights", INT8)),
    "PyTorch .pth": ("net.pth", b"PK\3\4", ("net.pth", "PyTorch model", "Keras", INT8)),
    "safetensors": ("net.safetensors", b"", ("net.safetensors", "PyTorch model")),
    "a pickle": ("net.pkl", pickle.dumps({}), ("net.pkl", "pickled", "any code", SAVE)),
    "a pickle of joblib": ("net.joblib", b"", ("net.joblib", "pickled", SAVE)),
    "a pickle named .h5": ("net.h5", pickle.dumps([1]), ("net.h5", "named .h5", "pickled", SAVE)),
    "a pickle without a name": ("net", pickle.dumps([1]), ("net", "pickled", SAVE)),
    "a checkpoint": ("net.ckpt", b"", ("net.ckpt", "checkpoint", "without layers", SAVE)),
    "layers as JSON": ("net.json", json.dumps({}).encode(), ("net.json", "without the weights", SAVE)),
    "a C array": ("model.cc", b"const unsigned char", ("model.cc", "C source", ".tflite file")),
    "a program": ("train.py", b"import keras", ("train.py", "program", SAVE)),
    "a converted model": ("m.upm", b"UPYM", ("m.upm", "converted already", "upyml deploy")),
    "a zip archive": ("net.zip", b"PK\3\4", ("net.zip", "archive", "Unpack")),
    "a web page": ("net.tflite", HTML, ("net.tflite", "web page", "download")),
    "a web page as .keras": ("net.keras", HTML, ("net.keras", "web page", "download")),
    "a pointer of Git LFS": ("net.keras", b"version https://git-lfs.github.com/spec/v1\n", ("Git LFS", "git lfs pull")),
    "a .tflite named .keras": ("net.keras", built(), ("net.keras", "named .keras", "TensorFlow Lite", "name it .tflite")),
    "HDF5 named .keras": ("net.keras", b"\x89HDF\r\n\x1a\n", ("net.keras", "HDF5", "name it .h5")),
    "something": ("notes.txt", b"hello", ("notes.txt", "no .keras, .h5 or .tflite file", "save the model")),
    "half a .keras": ("net.keras", b"PK\3\4\5\6", ("net.keras", "Keras cannot load it")),
    "nothing": ("net.keras", b"", ("net.keras", "Keras cannot load it")),
    "an empty .tflite": ("net.tflite", b"", ("not a .tflite file", "TFLiteConverter")),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_of_something_else_gets_a_sentence(tmp_path, what):
    name, content, words = FILES[what]
    (tmp_path / name).write_bytes(content)
    np.save(tmp_path / "x.npy", np.zeros((4, 8)))
    assert_tells(refusal(tmp_path / name, "--data", tmp_path / "x.npy"), *words)


def small():
    return keras.Sequential([keras.Input((8,)), L.Dense(3)])


def test_a_saved_model_gets_a_sentence(tmp_path):
    small().export(str(tmp_path / "exported"), verbose=False)
    words = ("exported", "SavedModel", SAVE, INT8, "from_saved_model")
    assert_tells(refusal(tmp_path / "exported"), *words)


def test_another_folder_gets_a_sentence(tmp_path):
    small().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert_tells(refusal(tmp_path / "unpacked"), "unpacked .keras file", "give the .keras file itself")
    assert_tells(refusal(tmp_path), "is a folder", "one .keras, .h5 or .tflite file")


def test_weights_alone_get_a_sentence(tmp_path):
    """By the name that Keras 3 demands, by what is in the file, and as Keras 2 wrote them."""
    import tf_keras

    small().save_weights(tmp_path / "net.weights.h5")
    (tmp_path / "renamed.h5").write_bytes((tmp_path / "net.weights.h5").read_bytes())
    tf_keras.Sequential([tf_keras.layers.Input((8,)), tf_keras.layers.Dense(3)]).save_weights(tmp_path / "old.h5")
    np.save(tmp_path / "x.npy", np.zeros((4, 8)))
    for name in ("net.weights.h5", "renamed.h5", "old.h5"):
        words = (name, "weights alone", "without layers", "load_weights", SAVE)
        assert_tells(refusal(tmp_path / name, "--data", tmp_path / "x.npy"), *words)


def test_hdf5_of_another_program_gets_a_sentence(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = np.zeros((4, 8))
    np.save(tmp_path / "x.npy", np.zeros((4, 8)))
    assert_tells(refusal(tmp_path / "data.h5", "--data", tmp_path / "x.npy"), "data.h5", "without a Keras", SAVE)


def test_the_end_of_a_name_may_be_in_capitals(tmp_path):
    path = tmp_path / "MODEL.TFLITE"
    path.write_bytes(built())
    assert convert(path).check.equal == 20


def of_module(module, base=object):
    """An object of a class in a module that need not be installed."""
    return type("Net", (base,), {"__module__": module})()


OBJECTS = {
    "PyTorch": (of_module("torch.nn.modules.container"), ("PyTorch model", "torch.nn.modules.container.Net", "Keras")),
    "a subclass of PyTorch's": (of_module("__main__", type(of_module("torch.nn.modules.module"))), ("PyTorch model",)),
    "scikit-learn": (of_module("sklearn.svm._classes"), ("scikit-learn", "neural networks", "Keras")),
    "ONNX": (of_module("onnx.onnx_ml_pb2"), ("ONNX model", "onnx2tf")),
    "JAX": (of_module("flax.linen.module"), ("JAX", "Keras", "weights")),
    "TensorFlow": (of_module("tensorflow.python.saved_model.load"), ("TensorFlow object", "keras.layers", INT8)),
    "bytes": (built(), ("Keras model or the path of a file", "received bytes")),
    "nothing": (None, ("Keras model or the path of a file", "received NoneType")),
    "a layer": (L.Dense(3), ("Keras model or the path of a file", "received Dense")),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_an_object_of_another_package_gets_a_sentence(what):
    source, words = OBJECTS[what]
    with pytest.raises(ConversionError) as stopped:
        convert(source, np.zeros((4, 8)))
    assert_tells(str(stopped.value), *words)
    assert " at 0x" not in str(stopped.value)


def test_mixed_bits_stop_at_the_same_files(tmp_path):
    """--bits mixed reads the model before convert() does."""
    (tmp_path / "net.onnx").write_bytes(b"\x08\x08")
    np.save(tmp_path / "x.npy", np.zeros((4, 8)))
    words = ("net.onnx", "ONNX model", INT8)
    assert_tells(refusal(tmp_path / "net.onnx", "--bits", "mixed", "--data", tmp_path / "x.npy"), *words)


def test_without_tensorflow_a_keras_model_gets_a_sentence(tmp_path, monkeypatch):
    small().save(tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "keras", None)
    np.save(tmp_path / "x.npy", np.zeros((4, 8)))
    words = ("need TensorFlow", r"pip install 'upyml\[keras\]'")
    assert_tells(refusal(tmp_path / "model.keras", "--data", tmp_path / "x.npy"), *words)
