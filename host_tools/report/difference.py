"""How far a .upm file is from the float model that it was made from: its answers, and layer by layer.

The file has no names of layers, and its ops are not those of the float model: some are one op now, some are gone. So each
op is compared with that tensor of the float model which it comes nearest to, of those with as many values; where channels
were left out (they were constant), with the channels that are most alike. The converter may have given the channels of a
layer other factors, which the next layer undoes (passes/equalize.py): where an op is near only then, they are taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.describe import describe
from host_tools.quality import sqnr
from host_tools.report import original, scores
from host_tools.report.data import Samples
from host_tools.report.trace import Trace

SAMPLES = 32  # of which the layers are compared
_BATCH = 8
_NAMED = 3  # layers that are said to be the worst
EXACT = 999.0  # dB, where nothing differs
_NEAR = 3.0  # dB: what is farther from every tensor of the float model has none that it stands for
_NEAR_SCALED = 10.0  # with factors for the channels, which make unlike things more alike
_NOTHING = 1e-12  # of the signal: what rounding leaves of sums that are equal
_CLEARLY = 6.0  # dB that factors have to bring
_MOST_PAIRS = 1 << 24  # channels of one to be compared with those of another: more are not looked for


def between(
    file: bytes,
    model: Any,
    found: np.ndarray,
    path: Path,
    samples: Samples,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """found: what the .upm model answers on the samples (answers.of).

    sqnr: signal to quantization noise of the outputs in dB (None: no noise); agree: the part of samples with the same class
    (None where they are no classes); accuracy: of the float model on y, where there is one. layers: for each op sqnr and the
    float layer's name, both None where there is nothing near, whether its channels were `scaled`, and `falls`, the dB lost
    between the op's inputs and its output. worst: numbers of the ops with the least sqnr. why_no_layers: a sentence where
    there are none.
    """
    source = original.load(path)
    parts = []
    for start in range(0, len(samples), _BATCH):
        parts.append(source.run([x[start : start + _BATCH] for x in samples.x]))
        if progress:
            progress(min(start + _BATCH, len(samples)), len(samples))
    exact = np.concatenate(parts).reshape(len(samples), -1)
    streaming = "streaming" in model.metadata
    if streaming:  # the rows of the last run
        exact = exact[:, -found[0].size :]
    exact = _as_answers(path, exact, found)
    result = {
        "name": path.name,
        "samples": len(samples),
        "sqnr": _finite(sqnr(exact, found)),
        "agree": None,
        "accuracy": None,
        "layers": [],
        "worst": [],
        "compared": 0,
        "why_no_layers": "A streaming model computes the new frames of a window only, and its layers have no like in the "
        "float model."
        if streaming
        else "",
    }
    right = None if samples.y is None else scores.classes(model, samples.y)
    if right is not None or samples.y is None and scores.classifies(model):
        ours, its = scores.chosen(model, found), scores.chosen(model, exact)
        result["agree"] = float(np.mean(ours == its))
        if right is not None:
            result["accuracy"] = float(np.mean(its == right))
    if not streaming:
        some = np.unique(np.linspace(0, len(samples) - 1, min(len(samples), SAMPLES)).astype(int))
        result["layers"] = layers(file, source, [x[some] for x in samples.x])
        result["compared"] = len(some)
        known = [layer for layer in result["layers"] if layer["sqnr"] is not None]
        named = min(_NAMED, (len(known) + 1) // 2)  # of few layers not all
        result["worst"] = [layer["number"] for layer in sorted(known, key=lambda layer: layer["sqnr"])[:named]]
    return result


def _as_answers(path: Path, exact: np.ndarray, found: np.ndarray) -> np.ndarray:
    if exact[0].size != found[0].size:
        raise ValueError(f"{path} answers {exact[0].size} values, and the model {found[0].size}: it is another model")
    return exact.reshape(found.shape)


def layers(file: bytes, source: Any, x: list[np.ndarray]) -> list[dict[str, Any]]:
    """What between() says of each op."""
    trace, model = Trace(file), describe(file)
    ops, tensors = model["ops"], model["tensors"]
    nearest = [_Nearest() for _ in ops]
    for start in range(0, len(x[0]), _BATCH):
        batch = [array[start : start + _BATCH] for array in x]
        made = _run(trace, batch)

        def seen(number: int, values: np.ndarray, made=made) -> None:
            for one, y in zip(nearest, made):
                if y is not None and len(y) == len(values):
                    one.see(number, values, y)

        source.run(batch, seen)
    found = [one.best() for one in nearest]
    rows, last = [], {}  # by place in the arena: the dB of what was made there last
    for op, (db, counterpart, scaled) in zip(ops, found):
        inputs = [tensors[number] for number in op["inputs"]]
        before = [last.get(one["offset"]) for one in inputs if one["kind"] == "arena"]
        before = [one for one in before if one is not None]
        falls = round(min(before) - db, 3) if before and db is not None else None
        name = None if counterpart is None else source.names[counterpart]
        row = {"number": op["number"], "op": op["op"], "sqnr": db, "counterpart": name, "scaled": scaled, "falls": falls}
        rows.append(row)
        for number in op["outputs"]:
            last[tensors[number]["offset"]] = db
    return rows


def _run(trace: Trace, batch: list[np.ndarray]) -> list[np.ndarray | None]:
    """The real values of each op, (n, *shape); None of those in states, and of numbers of classes."""
    runs = []
    for sample in zip(*batch):
        trace.model.reset()
        trace.model.predict(sample[0] if len(sample) == 1 else sample)
        runs.append(trace.outputs())
    made = []
    for number, raw in enumerate(zip(*runs)):
        usable = raw[0] is not None and raw[0].dtype != np.int32
        made.append(trace.real(number, np.stack(raw)) if usable else None)
    return made


class _Nearest:
    """The float tensor that an op's output is nearest to, over several batches."""

    def __init__(self):
        self.sums: dict[int, np.ndarray] = {}  # by number of the float tensor: float², float x own, own² of each channel
        self.channels: dict[int, np.ndarray] = {}  # of the float tensor, those that the op's channels are most like

    def see(self, number: int, exact: np.ndarray, y: np.ndarray) -> None:
        ours = y.reshape(-1, y.shape[-1] if y.ndim > 1 else 1)
        if exact.size == y.size:
            exact = exact.reshape(ours.shape)
        else:
            exact = self._some_channels(number, exact, ours)
            if exact is None:
                return
        pairs = ((exact, exact), (exact, ours), (ours, ours))
        sums = np.array([np.einsum("ij,ij->j", a, b, dtype=np.float64) for a, b in pairs])
        self.sums[number] = self.sums.get(number, 0) + sums

    def _some_channels(self, number: int, exact: np.ndarray, ours: np.ndarray) -> np.ndarray | None:
        all_channels, own = exact.shape[-1], ours.shape[-1]
        if all_channels <= own or exact.size // all_channels != ours.size // own or all_channels * own > _MOST_PAIRS:
            return None
        flat = exact.reshape(-1, all_channels)
        if number not in self.channels:
            length = np.sqrt(np.square(flat).sum(0))
            alike = (ours.T @ flat / (length + 1e-30)).argmax(axis=1)
            self.channels[number] = np.where(ours.any(axis=0), alike, length.argmin())  # 0 throughout: the one nearest to that
        return flat[:, self.channels[number]]

    def best(self) -> tuple[float | None, int | None, bool]:
        """dB, the number of the float tensor, and whether factors of the channels were taken out."""
        plain, scaled = (0.0, None), (0.0, None)
        for number, (float2, both, own2) in self.sums.items():
            signal, noise = float2.sum(), (float2 - 2 * both + own2).sum()
            with_factors = float2 - np.where(both > 0, both, 0) ** 2 / np.where(own2 > 0, own2, 1)
            plain = max(plain, (_decibels(signal, noise), number), key=lambda one: one[0])  # of equal ones the first
            scaled = max(scaled, (_decibels(signal, with_factors.sum()), number), key=lambda one: one[0])
        if scaled[0] >= _NEAR_SCALED and scaled[0] - plain[0] > _CLEARLY:
            return round(scaled[0], 3), scaled[1], True
        return (round(plain[0], 3), plain[1], False) if plain[0] >= _NEAR else (None, None, False)


def _decibels(signal: float, noise: float) -> float:
    if noise <= signal * _NOTHING:  # what is left of equal sums
        return EXACT
    return float(10 * np.log10(signal / noise)) if signal else -np.inf


def loss(layer: dict[str, Any]) -> str:
    """The dB that one of the `layers` loses, as text; nothing where it loses none, or what it has is exact."""
    falls = layer["falls"]
    return f"{falls:.1f}" if falls is not None and 0.05 <= falls < EXACT / 2 else ""


def _finite(db: float) -> float | None:
    return db if np.isfinite(db) else None
