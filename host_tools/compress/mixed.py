"""Which layers can have weights of 4 bits: those where they save many bytes and cost little.

Each layer is tried alone, then layers are added, the most bytes for the least harm first, as long as the whole model
stays within the budget: each set is quantized and measured, as harms do not simply add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.graph import Graph
from host_tools.passes import rewire
from host_tools.passes.bits import layer_of, set_bits, takes_four
from host_tools.passes.calibrate import calibrate, checked
from host_tools.passes.normalise import normalise
from host_tools.passes.quantize import quantize, spread
from host_tools.passes.search import before_squashing
from host_tools.quality import sqnr

TRIAL = 1000  # samples to measure on, at most
LEAST = 1e-9  # harm


def choose_bits(
    model: Any,
    data: Sequence[np.ndarray] | np.ndarray,
    labels: np.ndarray | Sequence[int] | None = None,
    budget: float = 0.01,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Bits of the weights by name of layer, for convert and quantization_aware: 4 for some, 8 for the others.

    model: a float Keras model, or the path of one. data: samples, one (n, *shape) array for each input. labels: (n,)
    numbers of classes for the model's first output. budget: with labels the most accuracy that may be lost against 8
    bits on these samples (0.01: one in a hundred); without, the most noise that may be added to the outputs, before a
    last softmax, as a part of their power (0.01 is 20 dB below them). `progress(done, total)` is called on the way.
    ConversionError if something given does not fit, as convert says it.
    """
    from host_tools.readers import keras_reader

    if not isinstance(budget, (int, float)) or not 0 <= budget < 1:
        raise ConversionError(f"the budget is the part of accuracy that may be lost, from 0 to below 1, received {budget!r}")
    graph = normalise(keras_reader.read(model))
    inputs = checked(graph, data)
    trial = _Trial(graph, inputs, None if labels is None else _checked_labels(graph, inputs, labels))
    saved = _savings(graph)
    alone: dict[str, float] = {}
    for name in saved:
        alone[name] = trial.harm({name: 4})[1]
        if progress:
            progress(len(alone), 2 * len(saved))
    chosen = dict.fromkeys(saved, 8)
    for done, name in enumerate(sorted(saved, key=lambda name: -saved[name] / max(alone[name], LEAST)), 1):
        if trial.harm({**chosen, name: 4})[0] <= budget:
            chosen[name] = 4
        if progress:
            progress(len(saved) + done, 2 * len(saved))
    return chosen


class _Trial:
    """Measures what bits do to a model."""

    def __init__(self, graph: Graph, inputs: list[np.ndarray], labels: np.ndarray | None):
        self.graph, self.inputs, self.labels = graph, inputs, labels
        self.ranges = calibrate(graph, inputs)
        self.chosen = spread(np.arange(len(inputs[0])), TRIAL)
        self.samples = [x[self.chosen] for x in inputs]
        self.exact = run(before_squashing(graph), self.samples)
        usual = self._outputs({})
        self.noise, self.accuracy = self._noise(usual), self._accuracy(usual)

    def harm(self, bits: Mapping[str, int]) -> tuple[float, float]:
        """What these bits cost against 8: by the measure of the budget, and the noise added, which tells layers apart."""
        outputs = self._outputs(bits)
        noise = self._noise(outputs) - self.noise
        return (noise if self.labels is None else self.accuracy - self._accuracy(outputs)), noise

    def _outputs(self, bits: Mapping[str, int]) -> list[np.ndarray]:
        marked = set_bits(self.graph, bits)
        # The ranges are of the same tensors: copies come in the same order.
        twins = zip(_activations(self.graph), _activations(marked))
        ranges = {twin: self.ranges[tensor] for tensor, twin in twins}
        return run(before_squashing(quantize(marked, ranges, self.inputs)), self.samples)

    def _noise(self, outputs: list[np.ndarray]) -> float:
        return 10 ** (-sqnr(self.exact, outputs) / 10)

    def _accuracy(self, outputs: list[np.ndarray]) -> float:
        if self.labels is None:
            return 0.0
        first = outputs[0].reshape(len(outputs[0]), -1)
        answers = first.argmax(axis=1) if first.shape[1] > 1 else (first[:, 0] > self._middle()).astype(int)
        return float(np.mean(answers == self.labels[self.chosen]))

    def _middle(self) -> float:
        """Where a single output changes its class: of a probability 1/2, which is 0 before a logistic."""
        producer = self.graph.producer(self.graph.outputs[0])
        return 0.0 if producer is not None and producer.kind in ("logistic", "tanh") else 0.5


def _activations(graph: Graph) -> list:
    return [*graph.inputs, *(op.output for op in graph.ops)]


def _savings(graph: Graph) -> dict[str, int]:
    """Bytes that 4 bits save, of each layer that can have them."""
    found: dict[str, int] = {}
    depthwise = {layer_of(op) for op in graph.ops if op.kind in rewire.WEIGHTED and not takes_four(op)}
    for op in graph.ops:
        if op.kind in rewire.WEIGHTED and takes_four(op):
            found[layer_of(op)] = found.get(layer_of(op), 0) + op.inputs[1].size // 2
    if not found:
        raise ConversionError(
            "no layer of the model can have weights of 4 bits"
            + (": " + ", ".join(sorted(depthwise)) + " are depthwise" if depthwise else ", it has none with weights")
        )
    return found


def _checked_labels(graph: Graph, inputs: list[np.ndarray], labels: Any) -> np.ndarray:
    found = np.asarray(labels)
    found = found.reshape(-1) if found.ndim == 2 and found.shape[1] == 1 else found
    if found.shape != (len(inputs[0]),):
        raise ConversionError(f"labels are one class number a sample, ({len(inputs[0])},), received {found.shape}")
    classes = max(graph.outputs[0].size, 2)
    whole = found.dtype.kind in "iub" or (found.dtype.kind == "f" and np.array_equal(found, np.round(found)))
    if not whole or found.min() < 0 or found.max() >= classes:
        raise ConversionError(f"labels are whole numbers from 0 to {classes - 1}, as the model has {classes} classes")
    return found.astype(int)
