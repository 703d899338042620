"""Which reader a model is for; what is no Keras model and no .tflite file gets a sentence that says how to make one.

Files are known by the ends of their names. Those that should be read are looked at as well: a download that went wrong,
or a file under a wrong name, is told by its first bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError

KERAS, TFLITE = "Keras", "tflite"
_READERS = {".keras": KERAS, ".h5": KERAS, ".hdf5": KERAS, ".tflite": TFLITE}

_PYTORCH = (
    "a PyTorch model. Build the same layers in Keras, copy the weights and save that as .keras, or export the model to an "
    "int8 .tflite file (litert-torch)"
)
_ONNX = (
    "an ONNX model. Turn it into an int8 .tflite file first (onnx2tf -i model.onnx -oiqt), or build the same layers in Keras"
)
_PICKLE = (
    "a pickled Python object, which could run any code when it is opened: upyml never does. Save the Keras model with "
    'model.save("model.keras")'
)
_GRAPH = (
    "a TensorFlow graph without layers. Save the Keras model it was made from as .keras, or convert the graph to an int8 "
    ".tflite file with tf.compat.v1.lite.TFLiteConverter.from_frozen_graph"
)
_CHECKPOINT = 'a checkpoint: weights without layers. Load it into its Keras model and call model.save("model.keras")'
_SAVED_MODEL = (
    'a SavedModel folder. Load it where it was made and call model.save("model.keras"), or convert it to an int8 .tflite '
    "file with tf.lite.TFLiteConverter.from_saved_model"
)
_WEIGHTS = (
    'weights alone, without layers. Build the model in Python, call model.load_weights(...) and then model.save("model.keras")'
)
_C_ARRAY = "C source. Give the .tflite file that the array was made from"

# Ends of names that other tools give.
_OTHERS = {
    **dict.fromkeys((".pt", ".pth", ".ptl", ".safetensors", ".torchscript"), _PYTORCH),
    ".onnx": _ONNX,
    **dict.fromkeys((".pkl", ".pickle", ".joblib", ".sav"), _PICKLE),
    **dict.fromkeys((".pb", ".pbtxt"), _GRAPH),
    **dict.fromkeys((".ckpt", ".index", ".data-00000-of-00001"), _CHECKPOINT),
    **dict.fromkeys((".c", ".cc", ".cpp", ".h"), _C_ARRAY),
    ".json": 'the layers without the weights. Save both with model.save("model.keras")',
    ".py": 'a program. Run it, and let it call model.save("model.keras")',
    ".zip": "an archive. Unpack it, and give the .keras, .h5 or .tflite file in it",
    ".upm": "converted already: give it to `upyml deploy`, `run` or `report`",
}

# First bytes: (place, bytes), and what such a file is.
_HDF5, _ZIP, _TFL3 = b"\x89HDF\r\n\x1a\n", b"PK\3\4", b"TFL3"
_MARKS = (
    (0, _HDF5, "an HDF5 file: name it .h5"),
    (4, _TFL3, "a TensorFlow Lite model: name it .tflite"),
    (0, _ZIP, "a zip archive: if Keras 3 saved it, name it .keras"),
    (0, b"UPYM", _OTHERS[".upm"]),
    (0, b"\x80\x02", _PICKLE),
    (0, b"\x80\x03", _PICKLE),
    (0, b"\x80\x04", _PICKLE),
    (0, b"\x80\x05", _PICKLE),
    (0, b"version https://git-lfs", "a pointer of Git LFS to the model: fetch the model itself with `git lfs pull`"),
    (0, b"<!DOCTYPE", "a web page: download the file itself"),
    (0, b"<!doctype", "a web page: download the file itself"),
    (0, b"<html", "a web page: download the file itself"),
)
_EXPECTED = {".keras": (_ZIP,), ".h5": (_HDF5,), ".hdf5": (_HDF5,), ".tflite": (_TFL3,)}

# Packages whose models are given as objects.
_OBJECTS = {
    "torch": _PYTORCH,
    "onnx": _ONNX,
    "sklearn": "a scikit-learn model, and upyml converts neural networks. Build one in Keras: Dense layers will do",
    "tensorflow": 'a TensorFlow object without Keras layers. Build the model from keras.layers, or give an int8 .tflite file',
    "jax": "a JAX object. Build the same layers in Keras and copy the weights",
    "flax": "a JAX object. Build the same layers in Keras and copy the weights",
}  # fmt: skip


def reader_of(path: str | Path) -> str:
    """KERAS or TFLITE, by the end of the name of a file or folder that exists. Raises ConversionError for any other."""
    path = Path(path)
    name = path.name.lower()
    if path.is_dir():
        raise ConversionError(_folder(path))
    suffix = path.suffix.lower()
    if name.endswith(".weights.h5"):
        raise without("layers", path)
    if suffix in _OTHERS:
        raise ConversionError(f"{path} is {_OTHERS[suffix]}.")
    if suffix not in _READERS:
        found = _by_content(path)
        raise ConversionError(
            f"{path} is {found}." if found else f"{path} is no .keras, .h5 or .tflite file: save the model as one of these"
        )
    found = _by_content(path, _EXPECTED[suffix])
    if found:
        raise ConversionError(f"{path} is named {suffix}, and is {found}.")
    return _READERS[suffix]


def _folder(path: Path) -> str:
    names = {part.name for part in path.iterdir()}
    if {"saved_model.pb", "saved_model.pbtxt"} & names:
        return f"{path} is {_SAVED_MODEL}."
    if {"config.json", "model.weights.h5"} <= names:
        return f"{path} is an unpacked .keras file: give the .keras file itself, or make one with zip."
    return f"{path} is a folder: give a model saved as one .keras, .h5 or .tflite file"


def _by_content(path: Path, expected: tuple[bytes, ...] = ()) -> str | None:
    """What a file is that has not the expected mark; None where nothing is known about it."""
    with open(path, "rb") as file:
        start = file.read(64)
    for place, mark, what in _MARKS:
        if start[place:].startswith(mark):
            return None if mark in expected else what
    return None


def check_object(source: Any) -> None:
    """Raises ConversionError for a source that is neither a path nor a Keras model."""
    kind = type(source)
    roots = [base.__module__.split(".")[0] for base in kind.__mro__]
    ours = "keras" in roots or "tf_keras" in roots
    if ours and hasattr(source, "layers"):
        return
    for root in roots:
        if not ours and (what := _OBJECTS.get(root)):
            raise ConversionError(f"the source is {what}. Received: {kind.__module__}.{kind.__name__}.")
    raise ConversionError(f"a model is a Keras model or the path of a file, received {kind.__name__}")


def without(what: str, path: str | Path) -> ConversionError:
    """What to say of a file without "layers", whose weights are there, or without a "model" at all."""
    if what == "layers":
        return ConversionError(f"{path} holds {_WEIGHTS}.")
    return ConversionError(f'{path} is an HDF5 file without a Keras model. Save the model with model.save("model.keras").')
