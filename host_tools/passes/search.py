"""Quantize in a few ways and keep the one that comes nearest to the float model on the calibration data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from host_tools.float_runtime import run
from host_tools.graph import Graph
from host_tools.passes import rewire
from host_tools.passes.calibrate import calibrate, checked
from host_tools.passes.equalize import equalize
from host_tools.passes.quantize import quantize, rounded_adaptively, spread
from host_tools.quality import sqnr

STRENGTHS = (None, 0.5, 0.75)  # of the equalization; None is without
SQUASHING = ("softmax", "logistic", "tanh")
TRIAL = 256  # samples to compare on; the ranges of the chosen way come from all of them


def search(
    graph: Graph,
    data: Sequence[np.ndarray] | np.ndarray,
    method: str = "mse",
    progress: Callable[[int, int], None] | None = None,
    rounding: str | None = None,
    activations: int = 8,
) -> Graph:
    """The int8 graph alone, of the two that `both` gives."""
    return both(graph, data, method, progress, rounding, activations)[1]


def both(
    graph: Graph,
    data: Sequence[np.ndarray] | np.ndarray,
    method: str = "mse",
    progress: Callable[[int, int], None] | None = None,
    rounding: str | None = None,
    activations: int = 8,
) -> tuple[Graph, Graph]:
    """The float graph that quantizes best, which gives what the graph gives, and its int8 graph; op for op the same.

    The int8 graph of a normalised float graph: calibrated, equalized where it helps, quantized.

    data: one (n, *shape) array for each input. method: as in calibrate. rounding, activations: as in quantize. `progress(done,
    total)` is called on the way.
    The measure is the signal-to-quantization-noise ratio before a last softmax, logistic or tanh: behind it the errors
    of sure answers vanish, and a few unsure samples would decide.
    """
    inputs = checked(graph, data)
    few = [spread(x, TRIAL) for x in inputs]
    # Adaptive rounding takes many times as long as all else: the ways are compared without it.
    more = len(inputs[0]) > len(few[0]) or bool(rounded_adaptively(graph, rounding))
    parts = len(STRENGTHS) * len(few[0]) + more * len(inputs[0])  # samples that calibration will see
    done = 0

    def ranges(tried: Graph, samples: list[np.ndarray]):
        nonlocal done

        def step(now: int, total: int) -> None:
            if progress:
                progress(done + now * len(samples[0]) // total, parts)

        found = calibrate(tried, samples, method, step)
        done += len(samples[0])
        return found

    exact = run(before_squashing(graph), few)
    best_ratio, chosen, quantized = -np.inf, graph, None
    for strength in STRENGTHS:
        tried = graph if strength is None else equalize(graph, few, strength)
        made = quantize(tried, ranges(tried, few), few, method == "mse", rounding="nearest", activations=activations)
        ratio = sqnr(exact, run(before_squashing(made), few))
        if quantized is None or ratio > best_ratio:
            best_ratio, chosen, quantized = ratio, tried, made
    if more:
        quantized = quantize(chosen, ranges(chosen, inputs), inputs, method == "mse", rounding=rounding, activations=activations)
    return chosen, quantized


def before_squashing(graph: Graph) -> Graph:
    """The same ops, with the inputs of a last softmax, logistic or tanh as outputs."""
    graph = rewire.copy(graph)
    for index, tensor in enumerate(graph.outputs):
        op = graph.producer(tensor)
        if op is not None and op.kind in SQUASHING:
            graph.outputs[index] = op.inputs[0]
    return graph
