"""The samples of a report: x as the model takes it, and y, what is right, from one .npz file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_tools import samples
from host_tools.errors import ConversionError

_PAIRS = (("x_test", "y_test"), ("x", "y"), ("X", "y"), ("samples", "labels"))


@dataclass(frozen=True)
class Samples:
    """x: an array (n, *shape) of real values for each input; y: (n, ...), or None where the file has none."""

    x: list[np.ndarray]
    y: np.ndarray | None

    def __len__(self) -> int:
        return len(self.x[0])


def read(path: Path, model, needs_y: bool) -> Samples:
    """The samples of a file for a loaded model. What it keeps to test with (x_test, y_test) goes before x and y.

    int16 numbers for an int16 input are the raw values, as microphones give them. Raises ConversionError, in one sentence,
    where something is missing or has another shape, and FileNotFoundError.
    """
    found = samples.arrays(path)
    names = [details.name for details in model.input_details]
    if all(name in found for name in names):
        x, y_name = [found[name] for name in names], "y"
    else:
        x_name, y_name = next((pair for pair in _PAIRS if pair[0] in found), (None, "y"))
        if x_name is None or len(names) != 1:
            wanted = "x" if len(names) == 1 else ", ".join(names)
            raise ConversionError(f"{path} holds the arrays {', '.join(found) or '(none)'}: a report needs {wanted}, and y")
        x = [found[x_name]]
    y = found.get(y_name)
    if y is None and needs_y:
        raise ConversionError(
            f"{path} has no array {y_name}: a report needs what is right for each sample, the number of its class or the "
            "value to be told"
        )
    for name, array, details in zip(names, x, model.input_details):
        _check(path, name, array, details, model)
    counts = {len(array) for array in ([*x] if y is None else [*x, y])}
    if len(counts) != 1:
        sizes = [f"{len(array)} in {name}" for name, array in zip(names if len(names) > 1 else ["x"], x)]
        sizes += [] if y is None else [f"{len(y)} in {y_name}"]
        raise ConversionError(f"{path}: every sample needs its own, and there are {' and '.join(sizes)}")
    return Samples([_real(array, details) for array, details in zip(x, model.input_details)], y)


def _check(path: Path, name: str, array: np.ndarray, details, model) -> None:
    if array.ndim < 1 or not len(array):
        raise ConversionError(f"{path}: there are no samples for the input {name}")
    size = array[0].size
    frames = "streaming" in model.metadata  # of a streaming model each sample is a recording of any length
    hop = int(model.metadata.get("hop") or 1)
    fits = size and size % (details.size // hop) == 0 if frames else size == details.size
    if not fits:
        wanted = "x".join(map(str, details.shape)) + (", or any number of such frames" if frames else "")
        raise ConversionError(
            f"{path}: the samples for {name} have the shape {'x'.join(map(str, array.shape[1:])) or '1'}, and the model takes "
            f"{wanted}: were they made for another model?"
        )


def _real(array: np.ndarray, details) -> np.ndarray:
    if array.dtype == np.int16 and details.dtype == "int16":
        return ((array.astype(np.float32) - details.zero_point) * np.float32(details.scale)).astype(np.float32)
    return array.astype(np.float32)
