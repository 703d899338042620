"""Recurrent layers.

The weights of all gates are one matrix, (gates * units, inputs) for the input and (gates * units, units) for the hidden
state; gates stand in Keras's order: LSTM input, forget, candidate, output; GRU update, reset, candidate. The output is
every step's hidden state, or the last one's where it has no more elements. `function` is of candidates (and of an
LSTM's cell), `gate` of gates; `state` names what a stateful layer remembers. The quantize pass adds the inner scales.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op
from host_tools.op_kind import Kind
from host_tools.unary import FUNCTIONS

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
ACTIVATIONS = ("logistic", "tanh", "hard_sigmoid", "relu", "linear")  # the file's order
BOUNDED = ACTIVATIONS[:3]  # the engine has them with a scale of their own

_ORDER = ("function", "gate", "backwards", "mirrored")
# Scales are powers of two but candidate_scale, of relu and linear; gate_shift: gates' sums are in 2^gate_shift / 4096.
_INNER = ("state", "gate_shift", "candidate_scale", "cell_power", "clip")

KINDS: dict[str, Any] = {
    # x (steps, inputs), weights, recurrent weights, bias
    "lstm": Kind(4, 4, _ORDER, _INNER),
    # the same, and the bias of the recurrent sums
    "gru": Kind(5, 5, (*_ORDER, "reset_after"), _INNER),
    "simple_rnn": Kind(4, 4, _ORDER, _INNER),
}


def _shape(op: Op) -> tuple[int, ...] | None:
    x, w, r = op.inputs[:3]
    channels, units = r.shape
    if len(x.shape) != 2 or w.shape != (channels, x.shape[1]) or channels != GATES[op.kind] * units:
        raise ConversionError(f"weights {w.shape} and {r.shape} do not take {x.shape} to {op.output.shape}")
    return None if op.output.size == units else (x.shape[0], units)


def _activate(name: str, x: np.ndarray) -> np.ndarray:
    return x if name == "linear" else FUNCTIONS[name](x, {})


def run(op: Op, inputs: list[np.ndarray], seen: dict[str, float] | None = None) -> np.ndarray:
    """Every step's hidden state, (n, steps, units) in the output's order.

    seen: takes the greatest magnitude of sums of gates ("gate"), of the candidate's ("candidate") and of the cell
    ("cell"). A stateful layer goes through the samples as if they followed each other.
    """
    x, w, r, bias = inputs[0], inputs[1][0], inputs[2][0], inputs[3][0]
    units = r.shape[1]
    kept = inputs[4][0] if op.kind == "gru" else np.zeros_like(bias)
    brought = x @ w.T + bias
    if op.attrs["backwards"]:
        brought = brought[:, ::-1]
    watch = _Watch(seen)
    rows, steps = len(x), x.shape[1]
    if op.attrs.get("state"):  # one long series
        brought = brought.reshape(1, rows * steps, -1)
    h = cell = np.zeros((len(brought), units), x.dtype)
    hidden = np.empty((*brought.shape[:2], units), x.dtype)
    for t in range(brought.shape[1]):
        h, cell = _CELLS[op.kind](op, brought[:, t], h, cell, r, kept, watch)
        hidden[:, t] = h
    hidden = hidden.reshape(rows, steps, units)
    return hidden[:, ::-1] if op.attrs["mirrored"] else hidden


class _Watch:
    """Notes the greatest magnitudes, where someone wants to know them."""

    def __init__(self, seen: dict[str, float] | None):
        self.seen = seen

    def __call__(self, **values: np.ndarray) -> None:
        if self.seen is not None:
            for name, array in values.items():
                self.seen[name] = max(self.seen.get(name, 0.0), float(np.abs(array).max(initial=0)))


def _lstm(op, brought, h, cell, r, kept, watch):
    sums = h @ r.T
    units = h.shape[1]
    i, f, g, o = np.split(brought + sums, 4, axis=1)
    candidate = slice(2 * units, 3 * units)
    watch(gate=np.delete(np.concatenate([brought, sums]), candidate, axis=1), candidate=g)
    watch(candidate=brought[:, candidate])
    watch(candidate=sums[:, candidate])
    gate, function = op.attrs["gate"], op.attrs["function"]
    cell = _activate(gate, f) * cell + _activate(gate, i) * _activate(function, g)
    watch(cell=cell)
    return _activate(gate, o) * _activate(function, cell), cell


def _gru(op, brought, h, cell, r, kept, watch):
    units = h.shape[1]
    gate, function = op.attrs["gate"], op.attrs["function"]
    sums = h @ r[: 2 * units].T + kept[: 2 * units]
    z, reset = np.split(_activate(gate, brought[:, : 2 * units] + sums), 2, axis=1)
    if op.attrs["reset_after"]:
        more = h @ r[2 * units :].T + kept[2 * units :]
        watch(candidate=more)
        more = reset * more
    else:
        more = (reset * h) @ r[2 * units :].T + kept[2 * units :]
    g = brought[:, 2 * units :] + more
    watch(gate=np.concatenate([brought[:, : 2 * units], sums]), candidate=g)
    watch(candidate=more)
    watch(candidate=brought[:, 2 * units :])
    h = z * h + (1 - z) * _activate(function, g)
    watch(candidate=h) if function not in BOUNDED else None
    return h, cell


def _simple_rnn(op, brought, h, cell, r, kept, watch):
    sums = h @ r.T
    watch(candidate=brought)
    watch(candidate=sums)
    watch(candidate=brought + sums)
    return _activate(op.attrs["function"], brought + sums), cell


_CELLS = {"lstm": _lstm, "gru": _gru, "simple_rnn": _simple_rnn}


def _float(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    hidden = run(op, inputs)
    if op.output.size == hidden.shape[2]:
        hidden = hidden[:, 0 if op.attrs["mirrored"] else -1]
    return hidden.reshape(len(hidden), *op.output.shape)


SHAPES: dict[str, Any] = dict.fromkeys(KINDS, _shape)
FLOAT: dict[str, Any] = dict.fromkeys(KINDS, _float)
SAME: dict[str, Any] = {}  # kinds whose output has the input's scale
FIXED: dict[str, Any] = {}  # kind to the (scale, zero point) that the kernel prescribes
