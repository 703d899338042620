"""What a model is for, told from its outputs and the targets it is given: the loss to train with, the number to watch."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from host_tools.compress.cloning import feed
from host_tools.errors import ConversionError

_PASSING = ("Reshape", "Flatten", "Dropout", "Identity")


@dataclass(frozen=True)
class Task:
    """kind: "labels" (one of several classes), "one-hot" (the same as vectors), "binary" (yes or no, once or for each
    output), "values", or "outputs" (those of the model before it was changed). logits: outputs before softmax or sigmoid.
    """

    kind: str
    logits: bool = False

    @property
    def metric(self) -> str:
        """What measure() gives."""
        return "accuracy" if self.kind in ("labels", "one-hot", "binary") else "mean squared error"

    def loss(self, keras: ModuleType) -> Any:
        """The loss that fits, of Keras 3 or tf_keras."""
        losses = keras.losses
        if self.kind == "labels":
            return losses.SparseCategoricalCrossentropy(from_logits=self.logits)
        if self.kind == "one-hot":
            return losses.CategoricalCrossentropy(from_logits=self.logits)
        if self.kind == "binary":
            return losses.BinaryCrossentropy(from_logits=self.logits)
        return losses.MeanSquaredError()

    def measure(self, outputs: list[np.ndarray], targets: list[np.ndarray]) -> float:
        """Accuracy in [0, 1], or the mean squared error over all outputs' values; lists have an array an output."""
        (y, t), several = (outputs[0], targets[0]), zip(outputs, targets)
        if self.kind == "labels":
            return float((y.argmax(axis=-1) == t).mean())
        if self.kind == "one-hot":
            return float((y.argmax(axis=-1) == t.argmax(axis=-1)).mean())
        if self.kind == "binary":
            return float(((y > (0 if self.logits else 0.5)) == (t > 0.5)).mean())
        error = sum(np.square(np.asarray(y, np.float64) - t).sum() for y, t in several)
        return float(error / sum(y.size for y in outputs))


def task(model: Any, y: np.ndarray | None) -> tuple[Task, np.ndarray | None]:
    """The task of a Keras model, and the targets in the shape that its loss takes.

    y: labels as integers (n,), one-hot vectors (n, classes), 0 and 1, or real values in the outputs' shape; None: the
    model's own outputs are the targets. Raises ConversionError for labels out of range and for a shape that does not
    fit.
    """
    if y is None:
        return Task("outputs"), None
    outputs = list(model.outputs)
    if len(outputs) != 1:
        raise ConversionError(
            f"the model has {len(outputs)} outputs: leave y out, it is then trained to answer what it does now"
        )
    shape, activation = tuple(outputs[0].shape)[1:], _activation(outputs[0])
    whole, classes = bool((y == np.rint(y)).all()), int(shape[-1] or 0) if shape else 1
    one_a_place = _fits(y.shape[1:], shape[:-1])  # a number where the model has a vector of `classes`
    if classes > 1 and (one_a_place or _fits(y.shape[1:], (*shape[:-1], 1))) and whole:
        y = y.reshape(y.shape if one_a_place else y.shape[:-1])
        _require_range(y, classes)
        return Task("labels", activation not in ("softmax", "sigmoid")), y.astype(np.int32)
    if classes == 1 and one_a_place:
        y = y[..., None]
    if not _fits(y.shape[1:], shape):
        raise ConversionError(
            f"y has the shape {y.shape[1:]} a sample; the model's output has {shape}: give whole numbers as labels, or "
            "values in this shape"
        )
    y, bits = y.astype(np.float32), bool(np.isin(y, (0, 1)).all())
    one_hot = classes > 1 and (y >= 0).all() and np.allclose(y.sum(axis=-1), 1, atol=1e-3)
    if one_hot and (activation == "softmax" or bits and activation != "sigmoid"):
        return Task("one-hot", activation != "softmax"), y
    if whole and activation == "sigmoid":
        _require_range(y, 2)
    if bits and (activation == "sigmoid" or classes == 1):
        return Task("binary", activation != "sigmoid"), y
    return Task("values"), y


def predict(model: Any, x: list[np.ndarray], batch: int = 256) -> list[np.ndarray]:
    """The outputs of a Keras model, an array for each."""
    answers = model.predict(feed(model, x), batch_size=batch, verbose=0)
    if isinstance(answers, dict):
        return [np.asarray(answers[key]) for key in sorted(answers)]
    return [np.asarray(part) for part in (answers if isinstance(answers, (list, tuple)) else [answers])]


def _require_range(y: np.ndarray, classes: int) -> None:
    low, high = int(y.min()), int(y.max())
    if low < 0 or high >= classes:
        raise ConversionError(
            f"the labels in y go from {low} to {high}; the model has {classes} classes, 0 to {classes - 1}"
        )


def _fits(found: tuple, expected: tuple) -> bool:
    return len(found) == len(expected) and all(n in (None, m) for n, m in zip(expected, found))


def _activation(tensor: Any) -> str:
    """The name of the activation that makes a model's output; "" where there is none."""
    layer, _, index = tensor._keras_history
    if hasattr(layer, "get_layer"):
        return _activation(list(layer.outputs)[index])
    kind = type(layer).__name__
    if kind in _PASSING:
        return _activation(layer.input)
    if kind.lower() in ("softmax", "sigmoid"):
        return kind.lower()
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))
