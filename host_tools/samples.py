"""Sample data as a user keeps it: .npz, .npy, or a folder of .npy files."""

from __future__ import annotations

import errno
import zipfile
import zlib
from pathlib import Path

import numpy as np

from host_tools.errors import ConversionError

_USUAL = ("x", "X", "data", "samples", "inputs", "x_train", "X_train", "x_test", "arr_0")
_TEXTS = ("labels", "channels", "units")  # what may tell, beside the numbers, what they are
_DAMAGE = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)  # what reading an array of an archive may raise


def load(path: str | Path, names: list[str] | None = None) -> list[np.ndarray]:
    """One array (n, *shape) for each input.

    names: the inputs' names, by which the arrays of an .npz are found; a single input also takes the only array, or one
    that has a usual name (x, data, samples, x_train ...). Raises ConversionError where the file holds nothing of use,
    and FileNotFoundError.
    """
    path = Path(path)
    names = names or [""]
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    if path.is_dir():
        arrays = [_folder(path)]
    elif path.suffix == ".npz":
        arrays = _archive(path, names)
    elif path.suffix == ".npy":
        arrays = [_array(path)]
    else:
        raise ConversionError(f"{path}: data comes as .npz, .npy, or a folder of .npy files with one sample each")
    if len(arrays) != len(names):
        raise ConversionError(f"{path} holds {len(arrays)} arrays for {len(names)} inputs ({', '.join(names)})")
    for name, array in zip(names, arrays):
        if array.dtype.kind not in "fiub":
            raise ConversionError(f"{path}: the array for input {name!r} holds {array.dtype}; numbers are needed")
        if array.ndim < 1 or not len(array):
            raise ConversionError(f"{path}: the array for input {name!r} holds no samples")
    return [array.astype(np.float32) for array in arrays]


def arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Everything in an .npz file, by name; a .npy file, or a folder of them, is one array x.

    Texts that tell what the numbers are (labels, channels, units) are left out. Raises ConversionError where the file is none
    of these or holds other things than numbers, and FileNotFoundError.
    """
    path = Path(path)
    if path.suffix != ".npz" or not path.is_file():
        (array,) = load(path)
        return {"x": array}
    archive = _array(path)
    try:
        found = {key: archive[key] for key in archive.files}
    except _DAMAGE as error:
        raise ConversionError(f"{path} is damaged, or holds Python objects instead of numbers: {error}") from None
    found = {key: array for key, array in found.items() if key not in _TEXTS or array.dtype.kind != "U"}
    for key, array in found.items():
        if array.dtype.kind not in "fiub":
            raise ConversionError(f"{path}: the array {key} holds {array.dtype}; numbers are needed")
    return found


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except OSError as error:
        raise ConversionError(f"{path}: cannot be read: {error.strerror or 'it is no NumPy file'}") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConversionError(f"{path} is no NumPy file of plain numbers: {error}") from None


def _folder(path: Path) -> np.ndarray:
    files = sorted(path.glob("*.npy"))
    if not files:
        raise ConversionError(f"{path} holds no .npy files")
    arrays = [_array(file) for file in files]
    for file, array in zip(files, arrays):
        if array.shape != arrays[0].shape:
            raise ConversionError(
                f"{file} has shape {array.shape}, {files[0]} has {arrays[0].shape}: all samples of a folder "
                "need the same shape"
            )
    return np.stack(arrays)


def _archive(path: Path, names: list[str]) -> list[np.ndarray]:
    archive = _array(path)
    try:
        keys = list(archive.files)
        if all(name in keys for name in names):
            return [archive[name] for name in names]
        if len(keys) == len(names):
            return [archive[key] for key in keys]
        usual = [key for key in _USUAL if key in keys]
        if len(names) == 1 and usual:
            return [archive[usual[0]]]
    except _DAMAGE as error:
        raise ConversionError(f"{path} is damaged, or holds Python objects instead of numbers: {error}") from None
    raise ConversionError(
        f"{path} holds the arrays {', '.join(keys) or '(none)'}; name them after the inputs "
        f"({', '.join(names)})" + (", or call the one to use x" if len(names) == 1 else "")
    )
