"""Copies of Keras models, of Keras 3 and of tf_keras, which reads old .h5 files."""

from __future__ import annotations

import contextlib
import importlib
from types import ModuleType
from typing import Any

from host_tools.errors import ConversionError


def keras_of(model: Any) -> ModuleType:
    """The module that the model is made with: keras or tf_keras."""
    old = any(base.__module__.split(".")[0] == "tf_keras" for base in type(model).__mro__)
    return importlib.import_module("tf_keras" if old else "keras")


def clone(model: Any, compiled: bool = True) -> Any:
    """A model with the same layers and weights that shares nothing with the given one.

    compiled: compile it like the given one, where that is compiled and Keras can tell how. Raises ConversionError for
    a model that Keras cannot build again.
    """
    try:
        copy = keras_of(model).models.clone_model(model)
        copy.set_weights(model.get_weights())
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ConversionError(
            f"model {model.name}: Keras cannot copy it ({str(error).strip().splitlines()[0][:200]}). "
            "Build it with the functional API or as Sequential, each layer in one model."
        ) from error
    if compiled and getattr(model, "optimizer", None) is not None and hasattr(model, "get_compile_config"):
        with contextlib.suppress(Exception):  # a loss of the user's own that Keras cannot name: fit compiles
            copy.compile_from_config(model.get_compile_config())
    return copy
