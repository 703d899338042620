"""Loads a Keras model from a file.

Files of Keras 2 that Keras 3 refuses are read with tf_keras where it is installed.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError
from host_tools.readers import formats, keras_written


def load(path: str | Path) -> Any:
    """The Keras model in a file, by Keras 3 or, where an older Keras wrote it and Keras 3 refuses, by tf_keras."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path}")
    if formats.reader_of(path) != formats.KERAS:
        raise ConversionError(f"{path} is no Keras model: give it to convert() or `upyml convert`")
    try:
        with quiet():
            import keras

            from host_tools.compress import qat_layers  # noqa: F401  Keras finds the layers of such models by it
    except ImportError as error:
        raise ConversionError("Keras models need TensorFlow: pip install 'upyml[keras]'.") from error
    written = keras_written.look(path)
    if written.missing:
        raise formats.without(written.missing, path)
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as refused:  # Keras raises many kinds for a file it does not understand
        if keras_written.is_older(written, path):
            return _load_older(path, written, refused)
        why = keras_written.why(written, keras.layers) or _first_line(refused)
        if keras_written.is_newer(written, keras.__version__):
            raise ConversionError(
                f"{path}: Keras {written.version} wrote it, and the installed Keras {keras.__version__} cannot load it: "
                f"{why} If that is no layer of your own, get the newer one: pip install --upgrade keras."
            ) from refused
        raise ConversionError(f"{path}: Keras cannot load it: {why}") from refused


def _load_older(path: str | Path, written: keras_written.Written, refused: Exception) -> Any:
    """A file of Keras 1 or 2 that Keras 3 refused."""
    try:
        import tf_keras
    except ImportError:
        by = f"Keras {written.version}" if written.version else "an older Keras"
        raise ConversionError(
            f"{path}: Keras 3 refuses this file of {by}. tf_keras may load it: "
            "pip install --no-deps tf_keras==2.19.0."
        ) from refused
    try:
        return tf_keras.models.load_model(path, compile=False)
    except Exception as error:
        why = keras_written.why(written, tf_keras.layers) or _first_line(error)
        raise ConversionError(f"{path}: neither Keras 3 nor tf_keras can load it: {why}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing through to stderr meanwhile: TensorFlow writes alarming lines there when it finds no GPU.

    They come from its C++ side, before any setting of its own could stop them.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with contextlib.suppress(OSError):  # a stderr that is closed needs no silence
        sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _first_line(error: Exception) -> str:
    """The first line of what Keras said, cut where it becomes a dump of settings; a missing class in words."""
    text = str(error).strip() or type(error).__name__
    missing = re.search(r"Could not locate (?:class|function) '([^']+)'", text)
    if missing:
        return f"it holds {missing[1]}, which is not a part of Keras. Build the model from layers of Keras."
    if "No cast function available" in text:
        return "its weights are bfloat16, which an .h5 file does not give back. Save the model as .keras."
    inner = re.findall(r"Exception encountered: (\S.*)", text)  # what it wrapped in a dump of the whole model
    line = (inner[-1] if inner else text.splitlines()[0]).split(" using config=")[0][:200]
    return line.rstrip(".") + "."
