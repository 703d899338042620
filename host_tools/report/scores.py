"""How good a model's answers are: accuracy and confusion matrix of classes, or errors of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools import compare
from host_tools.errors import ConversionError

POINTS = 1000  # of a scatter plot, at most


def of(model: Any, answers: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """answers: (n, *shape) of the model's first output; y: (n,) numbers of classes, one-hot rows, or values.

    Of classes: kind "classes", samples, accuracy, labels, matrix (a row for each true class, a column for each answer), and
    per_class (samples, precision, recall; None where nothing is divided). Of values: kind "values", and for each output
    mae, rmse, r2 (None where y is always the same), and the points of a scatter plot, as (right, answered). Raises
    ConversionError where y does not belong to the output.
    """
    right = classes(model, y)
    if right is None:
        return _values(model, answers, y)
    return _classes(model, chosen(model, answers), right)


def classes(model: Any, y: np.ndarray) -> np.ndarray | None:
    """The numbers of the classes in y, (n,); None where the model tells values. Raises ConversionError."""
    details, flat = model.output_details[0], y.reshape(len(y), -1)
    count = details.size
    if count == 1:
        return flat[:, 0].astype(int) if _is_binary(model, details, flat) else None
    if flat.shape[1] == count and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all():
        return flat.argmax(axis=1)
    if flat.shape[1] == count:
        return None
    if flat.shape[1] != 1:
        raise ConversionError(
            f"y has the shape {'x'.join(map(str, y.shape[1:]))} for each sample, and the model's output has "
            f"{'x'.join(map(str, details.shape))}: give the number of the class, or as many values as the output has"
        )
    numbers = flat[:, 0]
    if not np.all(np.isfinite(numbers)) or np.any(numbers != np.round(numbers)) or numbers.min() < 0 or numbers.max() >= count:
        raise ConversionError(
            f"y goes from {numbers.min():g} to {numbers.max():g}, and the model has {count} classes: they are numbered from 0 "
            f"to {count - 1}"
        )
    return numbers.astype(int)


def _is_binary(model: Any, details: Any, flat: np.ndarray) -> bool:
    """Of an output with one number: is it the score, or the number, of a class?"""
    if flat.shape[1] != 1:
        raise ConversionError(f"y has {flat.shape[1]} values for each sample, and the model's output has one")
    whole = np.isfinite(flat).all() and (flat == np.round(flat)).all() and flat.min() >= 0
    if details.dtype == "int32":
        return bool(whole)
    sigmoid = details.dtype == "int8" and details.scale == 1 / 256 and details.zero_point == -128
    return bool(whole and flat.max() <= 1 and (sigmoid or len(model.labels) == 2))


def chosen(model: Any, answers: np.ndarray) -> np.ndarray:
    """The number of the class that each answer names, as Model.classify() chooses it."""
    flat = answers.reshape(len(answers), -1)
    if flat.shape[1] > 1:
        return flat.argmax(axis=1)
    if model.output_details[0].dtype == "int32":
        return flat[:, 0].astype(int)
    return (flat[:, 0] >= 0.5).astype(int)


def classifies(model: Any) -> bool:
    """Whether the first output is of classes, as far as the file tells."""
    return compare._classifies(model) or model.output_details[0].size == 1 and len(model.labels) == 2


def _classes(model: Any, found: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    count = max(model.output_details[0].size, len(model.labels), int(max(found.max(), right.max())) + 1)
    matrix = np.zeros((count, count), int)
    np.add.at(matrix, (right, found), 1)
    labels = [model.labels[i] if i < len(model.labels) else str(i) for i in range(count)]
    return {
        "kind": "classes",
        "samples": len(right),
        "accuracy": float(np.mean(found == right)),
        "labels": labels,
        "matrix": matrix.tolist(),
        "per_class": [
            {
                "label": labels[i],
                "samples": int(matrix[i].sum()),
                "precision": _part(matrix[i, i], matrix[:, i].sum()),
                "recall": _part(matrix[i, i], matrix[i].sum()),
            }
            for i in range(count)
        ],
    }


def _part(some, whole) -> float | None:
    return float(some / whole) if whole else None


def _values(model: Any, answers: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    found, right = (np.asarray(values, np.float64).reshape(len(values), -1) for values in (answers, y))
    if found.shape != right.shape:
        raise ConversionError(f"y has {right.shape[1]} values for each sample, and the model's output has {found.shape[1]}")
    return {
        "kind": "values",
        "samples": len(right),
        "mae": float(np.mean(np.abs(found - right))),
        "rmse": float(np.sqrt(np.mean(np.square(found - right)))),
        "outputs": [_output(found[:, i], right[:, i], _name(model, found.shape[1], i)) for i in range(min(found.shape[1], 8))],
        "more_outputs": max(0, found.shape[1] - 8),
    }


def _name(model: Any, count: int, i: int) -> str:
    if len(model.labels) == count:
        return model.labels[i]
    return model.output_details[0].name + (f" {i}" if count > 1 else "")


def _output(found: np.ndarray, right: np.ndarray, name: str) -> dict[str, Any]:
    error, spread = found - right, np.square(right - right.mean()).sum()
    some = np.unique(np.linspace(0, len(right) - 1, min(len(right), POINTS)).astype(int))
    return {
        "name": name,
        "mae": float(np.mean(np.abs(error))),
        "rmse": float(np.sqrt(np.mean(np.square(error)))),
        "r2": float(1 - np.square(error).sum() / spread) if spread else None,
        "points": [[float(right[i]), float(found[i])] for i in some],
    }


def confusions(scores: dict[str, Any], most: int) -> list[tuple[str, str, int]]:
    """(true, answered, how many) of the mistakes that are made most, at most so many."""
    labels, matrix = scores["labels"], scores["matrix"]
    found = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j]
    return [(labels[i], labels[j], n) for n, i, j in sorted(found, key=lambda one: (-one[0], one[1:]))[:most]]
