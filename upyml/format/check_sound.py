"""The part of check.py that looks at MEL_ENERGIES and its kin, as ports/engine/signal/check_sound.c does."""

from upyml.format.check_weights import unsigned, within
from upyml.format.layout import DISJOINT, INT8, INT16, INT32, STATE
from upyml.format.ops_sound import DIVIDE_FEATURES, GAINS, LOG_ENERGIES, MEL_ENERGIES, NOISE_REDUCTION

LEAST_POINTS, MOST_POINTS = 16, 2048
_DTYPES = {  # of input and output
    MEL_ENERGIES: (INT16, INT32),
    NOISE_REDUCTION: (INT32, INT32),
    LOG_ENERGIES: (INT32, INT16),
    DIVIDE_FEATURES: (INT16, INT8),
}


def check(buf, data, op, tensors, need):
    """As check_signal.check()."""
    code, order, p = op
    need(len(tensors) == (3 if code == NOISE_REDUCTION else 2), "ARITY")
    x, y = tensors[0], tensors[-1]
    need((x["dtype"], y["dtype"]) == _DTYPES[code], "DTYPE")
    if code == NOISE_REDUCTION:
        need(tensors[1]["dtype"] == INT32 and tensors[1]["kind"] == STATE, "DTYPE")
    need(order == DISJOINT, "ORDER")
    if code == MEL_ENERGIES:
        return _mel_energies(buf, data, p, x, y, need)
    need(x["elements"] == y["elements"], "SHAPE")
    if code == NOISE_REDUCTION:
        channels = x["shape"][x["rank"] - 1]
        need(tensors[1]["elements"] == channels, "SHAPE")
        need(p["bits"] <= 31 and p["smoothing_bits"] <= 31 and p["clamping"] <= 1 and p["snr_shift"] <= 63, "PARAMS")
        need(p["gains"] == 0 or within(data, p["gains"], 2 * GAINS, 2), "DATA")
    elif code == LOG_ENERGIES:
        need(p["correction_bits"] <= 31, "PARAMS")
    else:
        need(p["divisor"] >= 1, "PARAMS")
    return 0


def _mel_energies(buf, data, p, x, y, need):
    """Bytes of a windowed frame and of its spectrum."""
    points, frame, hop, channels = p["points"], p["frame"], p["hop"], p["channels"]
    need(LEAST_POINTS <= points <= MOST_POINTS and points & (points - 1) == 0, "PARAMS")
    need(1 <= frame <= points and hop >= 1 and channels >= 1 and p["window_shift"] <= 31, "PARAMS")
    need(p["first_bin"] <= p["end_bin"] <= points // 2 + 1, "PARAMS")
    need(x["elements"] >= frame and y["elements"] == ((x["elements"] - frame) // hop + 1) * channels, "SHAPE")
    need(within(data, p["window"], 2 * frame, 2), "DATA")
    need(within(data, p["twiddles"], points // 2 * 5, 4), "DATA")
    need(within(data, p["bands"], 4 * (channels + 1) + 4 * p["weight_count"], 4), "DATA")
    total = 0
    for band in range(channels + 1):
        word = unsigned(buf, p["bands"] + 4 * band)
        first, width = word & 0xFFFF, word >> 16
        need(first + width <= points // 2 + 1, "PARAMS")
        total += width
    need(total == p["weight_count"], "PARAMS")
    return 4 * ((frame + 1) // 2) + 4 * (points // 2 + 1)
