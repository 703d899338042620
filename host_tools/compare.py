"""The last step of a conversion: the written file runs on the engine and is compared with its source."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

import upyml
from host_tools import tflm
from host_tools.graph import Graph
from host_tools.passes.streaming import Streamed
from upyml.conversion import own_inputs

SAMPLES = 100  # compared at most


@dataclass(frozen=True)
class Check:
    """What the comparison found. `sqnr` is in dB, inf for equal outputs; `agree` the part of equal best classes."""

    against: str  # "Keras" or "TensorFlow Lite Micro"
    samples: int
    sqnr: float
    agree: float | None  # None where the output is no list of classes
    equal: int  # samples whose outputs are equal to the bit

    def __str__(self) -> str:
        if self.equal == self.samples:
            return f"equal to {self.against} to the bit on {self.samples} samples"
        same = "" if self.agree is None else f", same best class on {100 * self.agree:.1f} %"
        return (
            f"against {self.against} on {self.samples} samples: {self.sqnr:.1f} dB signal to quantization noise{same}"
        )


def best_engine():
    """The C engine where it is built for this Python, else the engine in Python."""
    try:
        return importlib.import_module("_upyml")
    except ImportError:
        return importlib.import_module("upyml._reference")


def check(
    file: bytes, source: str | Graph, data, engine, streamed: Streamed | None = None, given: np.ndarray | None = None
) -> Check | None:
    """Compares a .upm file with the float graph it was made from, or with its .tflite file where tflite-micro is there.

    data: real-valued samples, one (n, *shape) array for each input, or None (a .tflite file is then run on random
    inputs). streamed: the file is a streaming model, which takes each sample hop by hop. given: what
    the file takes instead of data, where it makes these itself. None where there is nothing to compare with.
    """
    model = upyml.load(file, engine)
    own_inputs(model)
    if isinstance(source, Graph):
        return _against_float(model, source, data, streamed, given)
    return _against_tflm(model, source, data, streamed) if tflm.available() else None


def predict(model, sample: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The model's real-valued outputs on one sample, an array for each input."""
    answer = model.predict(sample[0] if len(sample) == 1 else tuple(sample))
    answers = [answer] if len(model.outputs) == 1 else answer
    return [
        np.array(values, np.float32).reshape(details.shape) for values, details in zip(answers, model.output_details)
    ]


def _against_float(model, graph: Graph, data, streamed: Streamed | None, given: np.ndarray | None) -> Check:
    from host_tools import float_runtime

    inputs = [x[:SAMPLES] for x in float_runtime.as_inputs(graph, data)]
    exact = float_runtime.run(graph, inputs, batch=SAMPLES)  # in one go: what a stateful layer remembers goes on
    if streamed:
        found = [_stream(model, x, streamed) for x in (inputs[0] if given is None else given[: len(inputs[0])])]
        exact = [_last(x, details.shape) for x, details in zip(exact, model.output_details)]
    elif given is not None:
        found = [_anew(model, sample) for sample in given[: len(inputs[0])]]
    else:
        found = [predict(model, [x[i] for x in inputs]) for i in range(len(inputs[0]))]
    return _measure("Keras", exact, [np.stack(parts) for parts in zip(*found)], _classifies(model))


def _anew(model, sample: np.ndarray) -> list[np.ndarray]:
    """The outputs of a model that remembers nothing of other samples."""
    model.reset()
    return predict(model, [sample])


def _stream(model, sample: np.ndarray, streamed: Streamed) -> list[np.ndarray]:
    """The outputs of a streaming model when a sample has come in."""
    model.reset()
    for frames in _hops(sample, streamed, 0.0):
        found = predict(model, [frames])
    return found


def _hops(sample: np.ndarray, streamed: Streamed, zero) -> np.ndarray:
    """A whole window as the frames of each run, with zeros before it where it is no multiple of the hop."""
    frames = sample.reshape(streamed.window, -1)
    missing = np.full((-streamed.window % streamed.hop, frames.shape[1]), zero, frames.dtype)
    return np.concatenate([missing, frames]).reshape(-1, streamed.hop * frames.shape[1])


def _last(whole: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of outputs for whole windows the rows that the last run of a stream makes."""
    size = int(np.prod(shape))
    return whole.reshape(len(whole), -1)[:, -size:]


def _against_tflm(model, source: str, data, streamed: Streamed | None) -> Check | None:
    rows = _raw_windows(model, data, streamed) if streamed else _raw_rows(model, data)
    raw = [np.stack(values) for values in zip(*rows)]
    exact = tflm.run(source, raw, len(model.outputs), 4 * model.arena_size + (1 << 20))
    if exact is None:  # an op, or sizes, that TensorFlow Lite Micro does not take
        return None
    found = []
    for row in rows:
        if streamed:
            model.reset()
        for part in _hops(row[0], streamed, model.input_details[0].zero_point)[:, None] if streamed else [row]:
            for view, values in zip(model.inputs, part):
                view[:] = memoryview(values)
            model.run()
        found.append([np.array(view) for view in model.outputs])
    if streamed:
        exact = [_last(x, details.shape) for x, details in zip(exact, model.output_details)]
    sides = exact, [np.stack(parts) for parts in zip(*found)]
    zero_points = [details.zero_point for details in model.output_details]
    real = ([x.astype(np.float64) - z for x, z in zip(side, zero_points)] for side in sides)
    return _measure("TensorFlow Lite Micro", *real, _classifies(model))


def _classifies(model) -> bool:
    """True where the first output's values are classes: a softmax makes them, or they have labels."""
    details = model.output_details[0]
    softmax = details.dtype == "int8" and details.zero_point == -128 and details.scale == 1 / 256
    return details.size > 1 and (softmax or len(model.labels) > 0)


def _raw_rows(model, data) -> list[list[np.ndarray]]:
    """Raw inputs: the samples quantized, or random ones."""
    if data is None:
        chance = np.random.default_rng(1)
        return [[_random(chance, details) for details in model.input_details] for _ in range(20)]
    arrays = [data] if isinstance(data, np.ndarray) else list(data)
    rows = []
    for i in range(min(SAMPLES, len(arrays[0]))):
        model._fill(arrays[0][i] if len(arrays) == 1 else tuple(x[i] for x in arrays))
        rows.append([np.array(view, details.dtype) for view, details in zip(model.inputs, model.input_details)])
    return rows


def _raw_windows(model, data, streamed: Streamed) -> list[list[np.ndarray]]:
    """Raw whole windows for a model that takes them hop by hop."""
    details = model.input_details[0]
    if data is None:
        chance = np.random.default_rng(1)
        size = details.size // streamed.hop * streamed.window
        return [[_random(chance, SimpleNamespace(dtype=details.dtype, size=size))] for _ in range(20)]
    windows = []
    for sample in (data if isinstance(data, np.ndarray) else data[0])[:SAMPLES]:
        raw = []
        for frames in _hops(np.asarray(sample, np.float32), streamed, 0.0):
            model._fill(frames)
            raw.append(np.array(model.input, details.dtype))
        windows.append([np.concatenate(raw)[-(details.size // streamed.hop * streamed.window) :]])
    return windows


def _random(chance, details) -> np.ndarray:
    if details.dtype == "float32":
        return chance.normal(0, 1, details.size).astype(np.float32)
    limits = np.iinfo(details.dtype)
    return chance.integers(limits.min, limits.max + 1, details.size).astype(details.dtype)


def _measure(against: str, exact: list[np.ndarray], found: list[np.ndarray], classes: bool) -> Check:
    from host_tools.quality import sqnr

    count = len(exact[0])
    exact, found = ([x.reshape(count, -1) for x in side] for side in (exact, found))
    equal = np.all([np.all(a == b, axis=1) for a, b in zip(exact, found)], axis=0)
    same = exact[0].argmax(axis=1) == found[0].argmax(axis=1)
    agree = float(np.mean(same)) if classes else None
    return Check(against, count, sqnr(exact, found), agree, int(equal.sum()))
