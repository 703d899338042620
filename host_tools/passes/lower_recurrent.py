"""Lowering of the family recurrent: recurrent layers on int8 activations, or on int16 ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools import tables
from host_tools.errors import ConversionError
from host_tools.families.recurrent import ACTIVATIONS, BOUNDED, GATES
from host_tools.graph import Op, Tensor
from host_tools.passes import lower_edges, lower_wide
from host_tools.program import Program, Step
from upyml.format import encode, ops_recurrent

_CODES = {"lstm": ops_recurrent.LSTM, "gru": ops_recurrent.GRU, "simple_rnn": ops_recurrent.SIMPLE_RNN}
_STATES = {"lstm": ("hidden", "cell"), "gru": ("cell",), "simple_rnn": ("hidden",)}


def _sums_scale(op: Op, units: int) -> np.ndarray:
    """The scale of each channel's int16 sums."""
    scales = np.full(GATES[op.kind] * units, 2.0 ** (op.attrs["gate_shift"] - 12))
    if op.attrs["function"] not in BOUNDED:
        first = {"lstm": 2, "gru": 2, "simple_rnn": 0}[op.kind] * units
        scales[first : first + units] = op.attrs["candidate_scale"]
    return scales


def _matrix(op: Op, scale_in: float, zero_point: int, weights: Tensor, bias: np.ndarray | None, sums: np.ndarray):
    """(weights, channels block) as the file has them."""
    rows = weights.data.astype(np.int64)
    folded = (0 if bias is None else bias.astype(np.int64)) - zero_point * rows.sum(axis=1)
    unit = float(np.float32(scale_in))
    scales = np.broadcast_to(np.asarray(weights.scale, np.float32), len(rows)).astype(np.float64)
    pairs = [lower_edges.scaling(op, unit * float(w) / float(s)) for w, s in zip(scales, sums)]
    multipliers, shifts = zip(*pairs)
    if op.output.dtype == "int16":
        lower_wide.demand_shifts(op, shifts)
        return encode.pack_weights(rows), encode.pack_channels_16(folded, multipliers, shifts)
    channels = encode.pack_channels(folded, multipliers, shifts, encode.accumulator_bits(rows, folded))
    return encode.pack_weights(rows), channels


def _recurrent(program: Program, op: Op) -> None:
    x, weights, recurrent, bias = op.inputs[:4]
    y, attrs = op.output, op.attrs
    if x.dtype != y.dtype:
        raise ConversionError(f"{op.kind} {op.name!r} goes from {x.dtype} to {y.dtype}: both are int8, or both int16")
    if x.dtype == "int16" and (x.zero_point or y.zero_point):
        raise ConversionError(f"{op.kind} {op.name!r} has int16 activations with a zero point: theirs is 0")
    units = recurrent.shape[1]
    sums = _sums_scale(op, units)
    params: dict[str, Any] = {
        "table": tables.sigmoid_table().tobytes(),
        "backwards": int(attrs["backwards"]),
        "mirrored": int(attrs["mirrored"]),
        "activation": ACTIVATIONS.index(attrs["function"]),
        "gate": ACTIVATIONS.index(attrs["gate"]),
        "gate_shift": attrs["gate_shift"],
    }
    params["weights"], params["channels"] = _matrix(op, x.scale, x.zero_point, weights, bias.data, sums)
    more = op.inputs[4].data if len(op.inputs) > 4 else None
    packed = _matrix(op, y.scale, y.zero_point, recurrent, more, sums)
    params["recurrent_weights"], params["recurrent_channels"] = packed
    bounded = attrs["function"] in BOUNDED
    made = 2.0**-15 if bounded else attrs["candidate_scale"]  # the scale of a candidate
    scale_out = float(np.float32(y.scale))
    product = made
    if op.kind == "lstm":
        power = attrs["cell_power"]
        product = 2.0**-15 * (2.0**-15 if bounded else 2.0**power)
        params["cell_shift"] = 12 + power
        update = lower_edges.scaling(op, 2.0**-15 * made / 2.0**power)
        params["update_multiplier"], params["update_shift"] = update
        params["clip"] = attrs.get("clip", 0)
    elif op.kind == "gru":
        params["reset_after"] = int(attrs["reset_after"])
    params["hidden_multiplier"], params["hidden_shift"] = lower_edges.scaling(op, product / scale_out)
    states = []
    if attrs.get("state"):
        cell = made if op.kind == "gru" else 2.0 ** attrs.get("cell_power", 0)
        for what in _STATES[op.kind]:
            grid = (y.dtype, scale_out, y.zero_point) if what == "hidden" else ("int16", float(np.float32(cell)), 0)
            states.append(Tensor(f"{attrs['state']}/{what}", (units,), *grid))
        program.states += states
    macs = x.shape[0] * len(sums) * (x.shape[1] + units)
    program.steps.append(Step(_CODES[op.kind], [x, *states], [y], params, op.name, macs))


LOWERINGS: dict[str, Any] = dict.fromkeys(_CODES, _recurrent)
