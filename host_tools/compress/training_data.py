"""Data to train and to measure with, as a user keeps it in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from host_tools import samples
from host_tools.errors import ConversionError

_USUAL = ("x", "X", "data", "samples", "inputs", "x_train", "X_train", "arr_0")
_TARGETS = ("y", "Y", "y_train", "Y_train")


@dataclass(frozen=True)
class TrainingData:
    """x: one (n, *shape) array for each input of a model; y: what it should answer, (n, ...), or None.

    x_val, y_val: the same, to measure with and never to train with.
    """

    x: list[np.ndarray]
    y: np.ndarray | None
    x_val: list[np.ndarray]
    y_val: np.ndarray | None


def load(path: str | Path, model: Any, validation: float = 0.2, seed: int = 0) -> TrainingData:
    """Training data for a Keras model from an .npz file with x and y, or samples alone (.npz, .npy, a folder).

    An .npz with x_val and y_val says itself what to measure with; otherwise that is the part `validation`, in [0, 1),
    of the samples, chosen by the seed. Models with several inputs find their arrays by the inputs' names (NAME, and
    NAME_val). Raises ConversionError where shapes do not fit, values are NaN, or a file holds nothing of use.
    """
    found = samples.arrays(path)
    names = [str(tensor.name).split(":")[0] for tensor in model.inputs]
    y = next((found[key] for key in _TARGETS if key in found and key not in names), None)
    x = _inputs(found, names, path)
    _check(x, y, model, names, path, "")
    if any(key.endswith("_val") and key not in names for key in found):
        given = {key.removesuffix("_val"): array for key, array in found.items() if key.endswith("_val")}
        x_val, y_val = _inputs(given, names, path, "_val"), given.get("y")
        _check(x_val, y_val, model, names, path, "_val")
        if (y is None) != (y_val is None):
            raise ConversionError(f"{path} holds {'y_val but no y' if y is None else 'y but no y_val'}: give both or none")
        return TrainingData(x, y, x_val, y_val)
    order = np.random.default_rng(seed).permutation(len(x[0]))
    count = min(round(validation * len(order)), len(order) - 1)
    if not count:
        return TrainingData(x, y, x, y)
    held, kept = order[:count], order[count:]

    def part(rows, array):
        return None if array is None else array[rows]

    return TrainingData([a[kept] for a in x], part(kept, y), [a[held] for a in x], part(held, y))


def check_inputs(arrays: list[np.ndarray], model: Any, where: str = "data") -> None:
    """Stop at samples whose shape is not that of the model's inputs, found and expected named, and at NaN."""
    inputs = list(model.inputs)
    if len(arrays) != len(inputs):
        raise ConversionError(f"{where}: {len(arrays)} arrays of samples for a model with {len(inputs)} inputs")
    for tensor, array in zip(inputs, arrays):
        expected, name = tuple(tensor.shape)[1:], str(tensor.name).split(":")[0]
        if array.ndim < 1 or not len(array):
            raise ConversionError(f"{where}: the array for input {name!r} holds no samples")
        if array.ndim != 1 + len(expected) or any(n not in (None, m) for n, m in zip(expected, array.shape[1:])):
            raise ConversionError(
                f"{where}: the samples for input {name!r} have shape {array.shape[1:]}; the model expects {expected}"
            )
        finite(array, f"{where}: the samples for input {name!r}")
    if len({len(array) for array in arrays}) != 1:
        raise ConversionError(
            f"{where}: every input needs the same number of samples, received {[len(array) for array in arrays]}"
        )


def finite(array: np.ndarray, what: str) -> None:
    """Stop at NaN and infinity, and say where the first one is."""
    bad = ~np.isfinite(array)
    if bad.any():
        number = int(np.argwhere(bad)[0][0])
        raise ConversionError(f"{what} are not all numbers: number {number} holds NaN or infinity")


def _check(x, y, model, names, path, ending) -> None:
    check_inputs(x, model, str(path))
    if y is None:
        return
    if len(y) != len(x[0]) if y.ndim else True:
        count = len(y) if y.ndim else 1
        raise ConversionError(f"{path}: y{ending} has {count} rows for {len(x[0])} samples")
    finite(y, f"{path}: the values of y{ending}")


def _inputs(found: dict[str, np.ndarray], names: list[str], path, ending: str = "") -> list[np.ndarray]:
    keys = names if all(name in found for name in names) else [key for key in _USUAL if key in found][:1]
    if len(keys) != len(names):
        given = ", ".join(key + ending for key in found) or "(none)"
        wanted = ", ".join(name + ending for name in names)
        raise ConversionError(
            f"{path} holds the arrays {given}; name the samples after the inputs ({wanted})"
            + (f", or call them x{ending}" if len(names) == 1 else "")
        )
    return [found[key].astype(np.float32) for key in keys]
