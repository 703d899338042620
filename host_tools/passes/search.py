"""Quantize in a few ways and keep the one that comes nearest to the float model on the calibration data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from host_tools.float_runtime import run
from host_tools.graph import Graph
from host_tools.passes import one_scale, rewire
from host_tools.passes.calibrate import Ranges, calibrate, checked
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
    weight_scales: str = "channel",
) -> Graph:
    """The int8 graph alone, of the two that `both` gives."""
    return both(graph, data, method, progress, rounding, activations, weight_scales)[1]


def both(
    graph: Graph,
    data: Sequence[np.ndarray] | np.ndarray,
    method: str = "mse",
    progress: Callable[[int, int], None] | None = None,
    rounding: str | None = None,
    activations: int = 8,
    weight_scales: str = "channel",
) -> tuple[Graph, Graph]:
    """The float graph that quantizes best, which gives what the graph gives, and its int8 graph; op for op the same.

    The int8 graph of a normalised float graph: calibrated, equalized where it helps, quantized.

    data: one (n, *shape) array for each input. method: as in calibrate. rounding, activations: as in quantize.
    weight_scales: of one_scale.CHOICES. `progress(done, total)` is called on the way.
    The measure is the signal-to-quantization-noise ratio before a last softmax, logistic or tanh: behind it the errors
    of sure answers vanish, and a few unsure samples would decide.
    """
    one_scale.check(weight_scales)
    if weight_scales == "layer":
        graph = one_scale.mark(graph)
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

    def outputs(of: Graph) -> list[np.ndarray]:
        return run(before_squashing(of), few)

    exact = outputs(graph)
    ways: list[one_scale.Way] = []
    for strength in STRENGTHS:
        tried = graph if strength is None else equalize(graph, few, strength)
        found = ranges(tried, few)
        made = quantize(tried, found, few, method == "mse", rounding="nearest", activations=activations)
        ways.append(one_scale.Way(tried, made, found, sqnr(exact, outputs(made))))
    chosen, quantized = max(ways, key=lambda way: way.ratio)[:2]
    if weight_scales == "auto" and activations == 8:  # 16 bits are asked for to be more exact than that

        def again(marked: Graph, found: Ranges) -> Graph:
            return quantize(marked, found, few, method == "mse", rounding="nearest", activations=activations)

        chosen, quantized = one_scale.choose(ways, again, exact, outputs)
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
