"""The part of check.py that looks at the ops of the family SIGNAL, as ports/engine/signal/check_signal.c does."""

from upyml.format import ops_sound
from upyml.format.check_weights import within
from upyml.format.layout import DISJOINT, INT8, INT16, INT32, MAX_ELEMENTS, STATE
from upyml.format.ops_signal import (
    BIQUAD,
    FACTORS,
    FIR,
    KNOWN,
    LEAST_POINTS,
    MAGNITUDE,
    MOST_POINTS,
    MOST_SAMPLES,
    POWER,
    RFFT,
    STATES,
    STATISTICS,
    history,
)


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    code, order, p = op
    if code in ops_sound.OPS:
        from upyml.format import check_sound

        return check_sound.check(buf, data, op, tensors, need)
    remembers = code == BIQUAD or (code == FIR and p["taps"] > p["up"])
    need(len(tensors) == (3 if remembers else 2), "ARITY")
    x, y = tensors[0], tensors[-1]
    if code == STATISTICS:
        need(x["dtype"] in (INT8, INT16) and y["dtype"] in (INT16, INT32), "DTYPE")
    else:
        need(x["dtype"] == INT16 and y["dtype"] == (INT32 if code == POWER else INT16), "DTYPE")
    if remembers:
        need(tensors[1]["dtype"] == INT16 and tensors[1]["kind"] == STATE, "DTYPE")
    need(order == DISJOINT, "ORDER")
    _CHECKS[code](data, p, tensors, need)
    return 0


def _rfft(data, p, tensors, need):
    x, y = tensors
    points, samples = p["points"], x["shape"][x["rank"] - 1]
    need(LEAST_POINTS <= points <= MOST_POINTS and points & (points - 1) == 0, "PARAMS")
    need(samples <= points and y["elements"] == x["elements"] // samples * (points + 2), "SHAPE")
    need(y["offset"] % 4 == 0, "DATA")
    need(within(data, p["twiddles"], points // 2 * 5, 4), "DATA")


def _spectrum(data, p, tensors, need):
    need(tensors[0]["elements"] == 2 * tensors[1]["elements"], "SHAPE")


def _channels(x):
    """The last axis, where there is more than one."""
    return x["shape"][x["rank"] - 1] if x["rank"] > 1 else 1


def _biquad(data, p, tensors, need):
    x, state, y = tensors
    sections = p["sections"]
    need(sections >= 1, "PARAMS")
    need(x["elements"] == y["elements"] and state["elements"] == _channels(x) * sections * STATES, "SHAPE")
    need(within(data, p["factors"], 2 * FACTORS * sections, 4), "DATA")


def _fir(data, p, tensors, need):
    x, y, up, down, taps = tensors[0], tensors[-1], p["up"], p["down"], p["taps"]
    channels = _channels(x)
    need(up >= 1 and down >= 1 and taps >= 1, "PARAMS")
    need(y["elements"] % channels == 0, "SHAPE")
    need(x["elements"] // channels * up == y["elements"] // channels * down, "SHAPE")
    if taps > up:
        need(tensors[1]["elements"] == history(taps, up) * channels, "SHAPE")
    need(within(data, p["coefficients"], 2 * taps, 4), "DATA")


def _statistics(data, p, tensors, need):
    x, y = tensors
    outer, count, inner, which = p["outer"], p["count"], p["inner"], p["which"]
    need(1 <= count <= MOST_SAMPLES and 1 <= which < 1 << len(KNOWN), "PARAMS")
    need(outer <= MAX_ELEMENTS and inner <= MAX_ELEMENTS, "PARAMS")
    wanted = sum([which >> i & 1 for i in range(len(KNOWN))])
    need(x["elements"] % count == 0 and x["elements"] // count == outer * inner, "SHAPE")
    need(y["elements"] == outer * inner * wanted, "SHAPE")


_CHECKS = {
    RFFT: _rfft,
    POWER: _spectrum,
    MAGNITUDE: _spectrum,
    BIQUAD: _biquad,
    FIR: _fir,
    STATISTICS: _statistics,
}
