"""The samples of a search: to train and calibrate with, and others, held out, on which candidates are compared."""

from __future__ import annotations

import errno
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from host_tools import samples
from host_tools.errors import ConversionError

HELD_OUT = 0.2  # of (x, y), where no test part is given
_PARTS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Data:
    """x: (n, *shape) float32 as the model takes them; y: (n, ...), what belongs to each."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def about(self) -> list:
        """Shapes and a CRC-32, by which a study knows its data again."""
        arrays = [np.ascontiguousarray(getattr(self, part)) for part in _PARTS]
        crc = 0
        for array in arrays:
            crc = zlib.crc32(array.tobytes(), crc)
        return [*(list(array.shape) for array in arrays), crc]

    def check(self, model: Any) -> None:
        """Raises ConversionError where the model does not take such samples."""
        inputs = model.inputs or []
        if len(inputs) != 1:
            raise ConversionError(f"build() makes a model with {len(inputs)} inputs, and the search knows models with one")
        wanted, found = tuple(inputs[0].shape)[1:], self.x_train.shape[1:]
        if wanted != found:
            raise ConversionError(f"the model takes samples of shape {wanted}, and the data has samples of shape {found}")


def read(path: Path) -> Data:
    """From an .npz with x_train, y_train, x_test, y_test, or x and y. Raises FileNotFoundError, ConversionError."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    found = samples.arrays(path)
    if all(part in found for part in _PARTS):
        return _made((found["x_train"], found["y_train"]), (found["x_test"], found["y_test"]), str(path))
    if "x" in found and "y" in found:
        return _split(found["x"], found["y"], str(path))
    raise ConversionError(f"{path} holds {', '.join(found) or 'nothing'}: a search takes {', '.join(_PARTS)}, or x and y")


def given(value: Any) -> Data:
    """What load_data() gave. Raises ConversionError where it is neither of its two forms."""
    where = "load_data()"
    try:
        first, second = value
        if isinstance(first, (tuple, list)) and isinstance(second, (tuple, list)) and len(first) == len(second) == 2:
            return _made(first, second, where)
        return _split(first, second, where)
    except (TypeError, ValueError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(f"{where} must give (x, y) or ((x_train, y_train), (x_test, y_test)): {error}") from None


def _split(x, y, where: str) -> Data:
    """A part chosen by chance, the same each time, is held out."""
    x, y = np.asarray(x), np.asarray(y)
    _check_pair(x, y, where, "x", "y")
    held = max(1, round(HELD_OUT * len(x)))
    if held == len(x):
        raise ConversionError(f"{where}: {len(x)} samples are too few to hold some out")
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[:held], order[held:]
    return _made((x[train], y[train]), (x[test], y[test]), where)


def _made(train, test, where: str) -> Data:
    x_train, y_train, x_test, y_test = (np.asarray(array) for array in (*train, *test))
    _check_pair(x_train, y_train, where, "x_train", "y_train")
    _check_pair(x_test, y_test, where, "x_test", "y_test")
    if x_train.shape[1:] != x_test.shape[1:] or y_train.shape[1:] != y_test.shape[1:]:
        raise ConversionError(
            f"{where}: samples to train have the shapes {x_train.shape[1:]} and {y_train.shape[1:]}, to test "
            f"{x_test.shape[1:]} and {y_test.shape[1:]}: they must be the same"
        )
    return Data(x_train.astype(np.float32), y_train, x_test.astype(np.float32), y_test)


def _check_pair(x: np.ndarray, y: np.ndarray, where: str, x_name: str, y_name: str) -> None:
    for array, name in ((x, x_name), (y, y_name)):
        if array.dtype.kind not in "fiub":
            raise ConversionError(f"{where}: {name} holds {array.dtype}; numbers are needed")
        if array.ndim < 1 or not len(array):
            raise ConversionError(f"{where}: {name} holds no samples")
    if len(x) != len(y):
        raise ConversionError(f"{where}: {len(x)} samples in {x_name} and {len(y)} in {y_name}")


def classes(y: np.ndarray) -> np.ndarray:
    """Numbers of classes (n,) of labels (n,), (n, 1) or one-hot (n, k). Raises ConversionError where y are no labels."""
    if y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        return y.argmax(axis=1)
    flat = y.reshape(len(y), -1)
    if flat.shape[1] == 1 and np.isfinite(flat).all() and (flat == np.round(flat)).all() and (flat >= 0).all():
        return flat[:, 0].astype(np.int64)
    raise ConversionError(
        f"y of shape {y.shape} holds no classes (whole numbers from 0, or one-hot rows): space.py needs train() and "
        "evaluate() of its own"
    )
