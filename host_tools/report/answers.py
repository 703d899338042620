"""What a model answers on samples: its first output, one run or one stream a sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from host_tools import compare
from host_tools.report.data import Samples


def of(model: Any, samples: Samples, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """(n, *shape) real values of the first output. A streaming model takes each sample hop by hop, and its last answer
    counts; nothing is remembered from sample to sample."""
    made = []
    for number in range(len(samples)):
        model.reset()
        parts = [array[number] for array in samples.x]
        for part in hops(model, parts[0]) if "streaming" in model.metadata else [parts]:
            found = compare.predict(model, part)
        made.append(found[0])
        if progress:
            progress(number + 1, len(samples))
    return np.stack(made)


def hops(model: Any, recording: np.ndarray) -> list[list[np.ndarray]]:
    """A recording as the inputs of a streaming model's runs, with zeros before it where it is no multiple of the hop."""
    details = model.input_details[0]
    flat = recording.ravel()
    padded = np.concatenate([np.zeros(-flat.size % details.size, np.float32), flat])
    return [[part] for part in padded.reshape(-1, details.size)]
