"""What a variant of a model is worth: accuracy of the int8 engine on data that no training saw, bytes, RAM, cycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import upyml
from host_tools.emulators import counts


@dataclass(frozen=True)
class Row:
    """A line of the table. accuracy: 0 to 1. cycles: of a run on an emulated Cortex-M0+, memory without wait states; None
    for the float model, which no board runs, as are its bytes and RAM."""

    variant: str
    accuracy: float
    upm_bytes: int | None = None
    arena_bytes: int | None = None
    cortex_m0_cycles: int | None = None


def of_float(task, variant: str, model) -> Row:
    """A Keras model's accuracy."""
    return Row(variant, _accuracy(model.predict(task.x_test, verbose=0), task.y_test))


def of_file(task, variant: str, file: bytes) -> Row:
    """A .upm file's accuracy as the engine here computes it, and what a run takes on a Cortex-M0+: the outputs there are
    compared with the ones here."""
    model = upyml.load(file)
    answers = np.array([model.predict(x.ravel()) for x in task.x_test])
    counted = counts.count(file)
    return Row(variant, _accuracy(answers, task.y_test), len(file), counted.arena, counted.run)


def _accuracy(answers: np.ndarray, labels: np.ndarray) -> float:
    return float((answers.argmax(axis=1) == labels).mean())
