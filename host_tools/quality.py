"""How near an int8 model comes to its float original."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def sqnr(exact: np.ndarray | Sequence[np.ndarray], approximate: np.ndarray | Sequence[np.ndarray]) -> float:
    """Signal-to-quantization-noise ratio in dB: 10 log10(sum exact**2 / sum (exact - approximate)**2).

    Takes one array or a list of them each (a model's outputs; the ratio is taken over all); inf for equal arrays.
    """
    if isinstance(exact, np.ndarray):
        exact, approximate = [exact], [approximate]
    signal = sum(float(np.square(a, dtype=np.float64).sum()) for a in exact)
    noise = sum(float(np.square(np.subtract(a, b, dtype=np.float64)).sum()) for a, b in zip(exact, approximate))
    if noise == 0:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal else float("-inf")
