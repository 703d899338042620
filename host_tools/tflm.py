"""A .tflite file run by TensorFlow Lite Micro, in a process of its own: where it meets something that it does not
allow it ends the whole process, and prints what it has to say past Python.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


PATIENCE = 300  # seconds


def available() -> bool:
    """True where the package tflite-micro is installed."""
    return importlib.util.find_spec("tflite_micro") is not None


def run(path: str | Path, inputs: list[np.ndarray], outputs: int, arena_size: int) -> list[np.ndarray] | None:
    """Raw outputs (n, elements) for raw inputs (n, elements), or None where it cannot run the model.

    arena_size: bytes; give it several times what our plan needs, it overlaps less and keeps data for each op.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.npz", Path(folder) / "found.npz"
        np.savez(given, *inputs)
        arguments = [Path(path).absolute(), given, found, outputs, arena_size]
        root = Path(__file__).parents[1]  # the module is found from any working folder
        command = [sys.executable, "-m", "host_tools.tflm", *map(str, arguments)]
        try:
            subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=PATIENCE)
        except subprocess.SubprocessError:
            return None
        with np.load(found) as arrays:
            return [arrays[f"arr_{i}"] for i in range(outputs)]


def _main(path: str, given: str, found: str, outputs: str, arena_size: str) -> None:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(path, arena_size=int(arena_size))
    with np.load(given) as arrays:
        inputs = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    shapes = [interpreter.get_input_details(i)["shape"] for i in range(len(inputs))]
    rows: list[list[np.ndarray]] = [[] for _ in range(int(outputs))]
    for n in range(len(inputs[0])):
        for i, values in enumerate(inputs):
            interpreter.set_input(values[n].reshape(shapes[i]), i)
        interpreter.invoke()
        for i, row in enumerate(rows):
            row.append(np.ravel(interpreter.get_output(i)))
    np.savez(found, *(np.stack(row) for row in rows))


if __name__ == "__main__":
    _main(*sys.argv[1:])
