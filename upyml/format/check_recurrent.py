"""The part of check.py that looks at the ops of the family RECURRENT, as ports/engine/recurrent/check_recurrent.c does."""

from upyml.format import check_wide, ops_wide
from upyml.format.check_weights import shift_fits, weights, within
from upyml.format.layout import DISJOINT, INT8, INT16, INT8_WEIGHTS, STATE
from upyml.format.ops_recurrent import (
    ACTIVATIONS,
    GATES,
    GRU,
    LSTM,
    MAX_CELL_SHIFT,
    MIN_CELL_SHIFT,
    TABLE_BYTES,
)

_MOST_UNITS = 1 << 26  # so that all gates' channels are a number the weights' check takes


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    code, order, p = op
    x, states, y = tensors[0], tensors[1:-1], tensors[-1]
    # Those of the states that may be among the inputs: hidden state, cell.
    types = {LSTM: (x["dtype"], INT16), GRU: (INT16,)}.get(code, (x["dtype"],))
    need(len(states) in (0, len(types)), "ARITY")
    need(x["dtype"] in (INT8, INT16) and y["dtype"] == x["dtype"], "DTYPE")
    for state, dtype in zip(states, types):
        need(state["dtype"] == dtype and state["kind"] == STATE, "DTYPE")
    need(order == DISJOINT, "ORDER")
    units = y["shape"][y["rank"] - 1]
    need(x["rank"] == 2 and y["rank"] <= 2 and units <= _MOST_UNITS, "SHAPE")
    steps, inputs = x["shape"][:2]
    wide = x["dtype"] == INT16
    need(not wide or x["zero_point"] == y["zero_point"] == 0, "PARAMS")
    need(y["elements"] == units or y["shape"][0] == steps, "SHAPE")
    need(all([state["elements"] == units for state in states]), "SHAPE")
    need(len(states) < 2 or states[0]["end"] <= _start(states[1]) or states[1]["end"] <= _start(states[0]), "SHAPE")
    need(p["backwards"] <= 1 and p["mirrored"] <= 1 and shift_fits(p["hidden_shift"]), "PARAMS")
    need(p["gate_shift"] <= MAX_CELL_SHIFT, "PARAMS")
    need(p["activation"] < len(ACTIVATIONS) and p["gate"] < len(ACTIVATIONS), "PARAMS")
    if code == LSTM:
        need(shift_fits(p["update_shift"]) and MIN_CELL_SHIFT <= p["cell_shift"] <= MAX_CELL_SHIFT, "PARAMS")
        need(p["clip"] <= 32767, "PARAMS")
    need(code != GRU or p["reset_after"] <= 1, "PARAMS")
    need(within(data, p["table"], TABLE_BYTES, 2), "DATA")
    channels = GATES[code] * units
    for name, run in (("", inputs), ("recurrent_", units)):
        fields = {"weights": p[name + "weights"], "channels": p[name + "channels"]}
        if wide:
            fields["accumulator"] = ops_wide.INT64_SUMS
            check_wide.weights(buf, data, (1, run, channels), fields, need)
        else:
            fields["coding"] = INT8_WEIGHTS
            weights(buf, data, (1, run, channels), fields, need)
    return scratch(code, inputs, units, wide)


def _start(tensor):
    return tensor["offset"]


def scratch(code, inputs, units, wide):
    """Bytes: int8 values a matrix is multiplied by, packed; both products of every channel; cell and hidden state."""
    packed = 0 if wide else (max(inputs, units) + 3 & ~3) * 2
    return packed + GATES[code] * units * 4 + units * (4 if wide else 3)
