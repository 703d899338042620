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


def load(path: str | Path) -> Any:
    """The Keras model in a file, by Keras 3 or, for old .h5 files, by tf_keras."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with quiet():
            import keras

            from host_tools.compress import qat_layers  # noqa: F401  Keras finds the layers of such models by it
    except ImportError as error:
        raise ConversionError("Keras models need TensorFlow: pip install 'upyml[keras]'.") from error
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as refused:  # Keras raises many kinds for a file it does not understand
        if Path(path).suffix.lower() not in (".h5", ".hdf5"):
            raise ConversionError(f"{path}: Keras cannot load it: {_first_line(refused)}") from refused
        try:
            import tf_keras
        except ImportError:
            raise ConversionError(
                f"{path}: Keras 3 refuses this file of an older Keras. Install its reader: "
                "pip install --no-deps tf_keras==2.19.0."
            ) from refused
        try:
            return tf_keras.models.load_model(path, compile=False)
        except Exception as error:
            raise ConversionError(f"{path}: neither Keras 3 nor tf_keras can load it: {_first_line(error)}") from error


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
    return text.splitlines()[0].split(" using config=")[0][:200]
