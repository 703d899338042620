"""Find the range of every activation from sample data.

Two runs over the data: the first takes the least and greatest value of each tensor, the second fills a histogram
between them, from which the range is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from host_tools.errors import ConversionError
from host_tools.float_runtime import as_inputs, run
from host_tools.graph import Graph, Tensor
from host_tools.passes.split_samples import on_samples

Ranges = dict[Tensor, tuple[float, float]]
METHODS = ("mse", "minmax", "percentile")
BINS = 2048
PERCENTILE = 99.99
BATCH = 16
STEPS = np.linspace(0.02, 1.0, 50)  # the parts of the full range that the search tries for either end


def calibrate(
    graph: Graph,
    data: Sequence[np.ndarray] | np.ndarray,
    method: str = "mse",
    progress: Callable[[int, int], None] | None = None,
) -> Ranges:
    """The (lowest, highest) real value that each activation shall be able to hold.

    data: one (n, *shape) array for each input. method: "minmax" keeps every value seen, "percentile" lets the outermost
    0.01 % of each side be clipped, "mse" takes the range with the least squared error of rounding and clipping
    together; a model's inputs, and samples (of 16 bits), always keep what was seen. `progress(done, total)` is called as batches are run.
    ConversionError if the data does not fit or holds values that are not numbers.
    """
    if method not in METHODS:
        raise ConversionError(f"calibration method {method!r} is not known; use one of {', '.join(METHODS)}.")
    inputs = checked(graph, data)
    seen: Ranges = {}

    def span(tensor: Tensor, values: np.ndarray) -> None:
        low, high = seen.get(tensor, (np.inf, -np.inf))
        seen[tensor] = (min(low, float(values.min())), max(high, float(values.max())))

    runs = 1 if method == "minmax" else 2
    total = runs * len(inputs[0])
    _each_batch(graph, inputs, span, progress, 0, total)
    if method == "minmax":
        return seen
    counts = {tensor: np.zeros(BINS, np.int64) for tensor in seen}
    zeros = dict.fromkeys(seen, 0)

    def count(tensor: Tensor, values: np.ndarray) -> None:
        if seen[tensor][0] < seen[tensor][1]:
            counts[tensor] += np.histogram(values, BINS, seen[tensor])[0]
            zeros[tensor] += int(values.size - np.count_nonzero(values))

    _each_batch(graph, inputs, count, progress, len(inputs[0]), total)
    choose = best_range if method == "mse" else percentile_range
    kept = {*graph.inputs, *(op.output for op in on_samples(graph))}
    for tensor, (low, high) in seen.items():
        if low < high and tensor not in kept:
            seen[tensor] = choose(counts[tensor], low, high, zeros[tensor])
    return seen


def checked(graph: Graph, data: Sequence[np.ndarray] | np.ndarray) -> list[np.ndarray]:
    """One (n, *shape) array for each input; ConversionError if the data does not fit or holds what are no numbers."""
    try:
        inputs = as_inputs(graph, data)
    except ValueError as error:
        raise ConversionError(f"the calibration data does not fit the model: {error}.") from error
    for tensor, values in zip(graph.inputs, inputs):
        if not np.isfinite(values).all():
            raise ConversionError(
                f"the calibration data for {tensor.name} holds nan or infinity; remove these samples."
            )
    return inputs


def _each_batch(graph, inputs, observe, progress, done, total) -> None:
    for start in range(0, len(inputs[0]), BATCH):
        part = [x[start : start + BATCH] for x in inputs]
        run(graph, part, observe, batch=BATCH)
        if progress:
            progress(done + start + len(part[0]), total)


def best_range(counts: np.ndarray, low: float, high: float, zeros: int = 0) -> tuple[float, float]:
    """The range within (low, high) whose 256 levels give the least mean squared error.

    counts: a histogram from low to high. zeros: how many of the values are exactly 0, which costs nothing as 0 has a
    level of its own. Rounding within the range costs step**2 / 12 a value, clipping the squared distance to its end.
    """
    centers = low + (np.arange(len(counts)) + 0.5) * (high - low) / len(counts)
    lows = np.unique(min(low, 0.0) * STEPS) if low < 0 else np.array([0.0])
    highs = np.unique(max(high, 0.0) * STEPS) if high > 0 else np.array([0.0])
    # The clipping cost of each end, and how many values lie beyond it, do not depend on the other end.
    under = [(_beyond(counts, limit - centers), limit) for limit in lows]
    over = [(_beyond(counts, centers - limit), limit) for limit in highs]
    rounded = max(int(counts.sum()) - zeros, 0)
    best = (np.inf, low, high)
    for (cost_low, out_low), bottom in under:
        for (cost_high, out_high), top in over:
            step = (top - bottom) / 255
            cost = cost_low + cost_high + max(rounded - out_low - out_high, 0) * step * step / 12
            if step > 0 and cost < best[0]:
                best = (cost, bottom, top)
    return float(best[1]), float(best[2])


def _beyond(counts: np.ndarray, distance: np.ndarray) -> tuple[float, int]:
    """Sum of squared distances and number of values for which the distance is positive."""
    outside = distance > 0
    return float((counts[outside] * distance[outside] ** 2).sum()), int(counts[outside].sum())


def percentile_range(counts: np.ndarray, low: float, high: float, zeros: int = 0) -> tuple[float, float]:
    """The range that leaves 0.01 % of the values out at either end."""
    share = np.cumsum(counts) / counts.sum()
    edges = np.linspace(low, high, len(counts) + 1)
    first = int(np.searchsorted(share, 1 - PERCENTILE / 100))
    last = int(np.searchsorted(share, PERCENTILE / 100))
    return float(edges[min(first, last)]), float(edges[min(last, len(counts) - 1) + 1])
