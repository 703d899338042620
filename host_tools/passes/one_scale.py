"""Which dense layers have one scale for all their weights instead of one for each output channel.

A scale of its own costs a channel 6 bytes in the file: multiplier, shift, accumulator bits. Beside the weights of a dense
layer that is little, beside what pruning leaves of them it is not. A layer is a candidate where one scale makes it smaller by
LEAST_BYTES and by LEAST_SAVED. Candidates are taken, those that save most first, as long as the noise that they add to the
model's outputs on the calibration data is at most MOST_NOISE of the outputs' power; a last softmax, logistic or tanh is left
out of that. What it does to a layer's own outputs says little: many of those hardly count.

The choice stands in the attribute `one_scale` of float ops until they are quantized.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import coding, rewire
from host_tools.passes.calibrate import Ranges

CHOICES = ("auto", "channel", "layer")
LEAST_BYTES = 256  # a page of flash
LEAST_SAVED = 1 / 64  # of a layer's bytes
MOST_NOISE = 1e-4  # 40 dB below
CHANNEL_BYTES, BIAS_BYTES = 6, 4


def check(given: str) -> None:
    """ConversionError unless it is one of CHOICES."""
    if given not in CHOICES:
        raise ConversionError(f"weight_scales {given!r} is not known; use one of {', '.join(CHOICES)}.")


class Way(NamedTuple):
    """How a model is quantized with a scale for each channel: a float graph that gives what the model gives, its int8 graph, op
    for op the same, the ranges that this was made with, and its signal-to-quantization-noise ratio in dB."""

    graph: Graph
    quantized: Graph
    ranges: Ranges
    ratio: float


def mark(graph: Graph, places: Iterable[int] | None = None) -> Graph:
    """A float graph whose ops at these places have one scale; None: all that can."""
    graph = rewire.copy(graph)
    for place in range(len(graph.ops)) if places is None else places:
        if _can(graph.ops[place]):
            graph.ops[place].attrs["one_scale"] = True
    return graph


def choose(
    ways: Sequence[Way],
    quantize: Callable[[Graph, Ranges], Graph],
    exact: Sequence[np.ndarray],
    outputs: Callable[[Graph], list[np.ndarray]],
) -> tuple[Graph, Graph]:
    """The float graph with the choice for each layer, and its int8 graph.

    All candidates at once are tried in each way, for what is good for a scale a channel may be bad for one; then one
    by one in the best way. exact: the model's outputs on the calibration data; outputs: those of an int8 graph.
    """
    best = max(ways, key=lambda way: way.ratio)
    saved = {place: _saved(op) for place, op in enumerate(best.quantized.ops) if _can(op)}
    candidates = sorted((place for place in saved if saved[place]), key=lambda place: -saved[place])
    if not candidates:
        return best.graph, best.quantized
    most = _noise(exact, outputs(best.quantized)) + MOST_NOISE * sum(map(_power, exact))

    def tried(way: Way, places: list[int]) -> tuple[Graph, Graph] | None:
        marked = mark(way.graph, places)
        twins = zip(_activations(way.graph), _activations(marked))
        made = quantize(marked, {twin: way.ranges[tensor] for tensor, twin in twins})
        return (marked, made) if _noise(exact, outputs(made)) <= most else None

    for way in ways:
        if all_ := tried(way, candidates):
            return all_
    taken: list[int] = []
    found = best.graph, best.quantized
    for place in candidates:
        if more := tried(best, [*taken, place]):
            taken, found = [*taken, place], more
    return found


def _can(op: Op) -> bool:
    return op.kind == "fully_connected" and len(op.inputs[1].data) > 1


def _saved(op: Op) -> int:
    """Bytes that one scale saves an int8 op, 0 where they are not worth it."""
    weights = op.inputs[1].data
    channels = len(weights) + -len(weights) % 4
    saved = CHANNEL_BYTES * (channels - 2)  # the one has a word each for its multiplier, shift and bits
    fields, _ = coding.choose(coding.rows(weights), op.name)
    bytes_ = len(fields["weights"]) + (BIAS_BYTES + CHANNEL_BYTES) * channels
    return saved if saved >= max(LEAST_BYTES, LEAST_SAVED * bytes_) else 0


def _power(y: np.ndarray) -> float:
    return float(np.square(y, dtype=np.float64).sum())


def _noise(exact: Sequence[np.ndarray], given: Sequence[np.ndarray]) -> float:
    return sum(_power(np.subtract(a, b, dtype=np.float64)) for a, b in zip(exact, given))


def _activations(graph: Graph) -> list[Tensor]:
    return [*graph.inputs, *(tensor for op in graph.ops for tensor in op.outputs)]
