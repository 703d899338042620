"""Copies of Keras models, of Keras 3 and of tf_keras, which reads old .h5 files."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from host_tools.errors import ConversionError


def keras_of(model: Any) -> ModuleType:
    """The module that the model is made with: keras or tf_keras."""
    old = any(base.__module__.split(".")[0] == "tf_keras" for base in type(model).__mro__)
    return importlib.import_module("tf_keras" if old else "keras")


def feed(model: Any, arrays: list[np.ndarray]) -> Any:
    """Arrays, one for each of model.inputs, as the model takes them: alone, in a list, or by name."""
    structure = getattr(model, "_inputs_struct", None)  # Keras 3 warns where it is given another one
    if isinstance(structure, dict):
        return dict(zip(sorted(structure), arrays))
    return arrays if len(arrays) > 1 or isinstance(structure, (list, tuple)) else arrays[0]


def clone(model: Any, compiled: bool = True) -> Any:
    """A model with the same layers and weights, and so the same answers, that shares nothing with the given one.

    compiled: compile it like the given one, where that is compiled and Keras can tell how. Raises ConversionError for
    a model that Keras cannot build again.
    """
    try:
        copy = keras_of(model).models.clone_model(model)
        copy.set_weights(model.get_weights())
        for layer in _layers(copy):
            if hasattr(layer, "finalize_state"):  # Normalization computes with values that it made of its weights
                layer.finalize_state()
        same = _same(model, copy)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ConversionError(_uncopied(model, str(error).strip().splitlines()[0][:200])) from error
    if not same:
        raise ConversionError(_uncopied(model, "the copy answers otherwise"))
    if compiled and getattr(model, "optimizer", None) is not None and hasattr(model, "get_compile_config"):
        with contextlib.suppress(Exception):  # a loss of the user's own that Keras cannot name: fit compiles
            copy.compile_from_config(model.get_compile_config())
    return copy


def _uncopied(model: Any, why: str) -> str:
    return (
        f"model {model.name}: Keras cannot copy it ({why}). Build it with the functional API or as Sequential, each "
        "layer in one model, of layers that are Keras's own."
    )


def _same(model: Any, copy: Any) -> bool:
    """Whether both answer alike to two random samples."""
    rng = np.random.default_rng(0)
    shapes = [(2, *(n or 1 for n in tuple(tensor.shape)[1:])) for tensor in model.inputs]
    x = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    answers = [_leaves(each(feed(each, x), training=False)) for each in (model, copy)]
    return all(
        np.allclose(np.asarray(a).astype(np.float32), np.asarray(b).astype(np.float32), 1e-3, 1e-5, equal_nan=True)
        for a, b in zip(*answers)
    )


def _leaves(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        outputs = [outputs[key] for key in sorted(outputs)]
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [output.numpy() if hasattr(output, "numpy") else output for output in outputs]


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        if hasattr(layer, "get_layer"):  # a model
            yield from _layers(layer)
