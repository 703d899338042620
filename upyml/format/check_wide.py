"""The part of check.py that looks at the ops of the family WIDE, as ports/engine/wide/check_wide.c does."""

from upyml.format import ops_wide as wide
from upyml.format.check_params import check_axis, check_binary_shapes, check_pad_shapes, check_window, image
from upyml.format.check_weights import shift_fits, within
from upyml.format.layout import ALIGN, DISJOINT, INT16, MAX_ELEMENTS, MAX_LEFT_SHIFT, MAX_SHIFT
from upyml.format.ops_recurrent import TABLE_BYTES, TANH

MAX_SHIFT_64 = 7  # of a multiplier of sums of 64 bits
MAX_PLACES = 65535  # of a pool's window
MAX_CLASSES = 65535  # of a softmax: their sum has 31 bits


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs: none; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output.
    """
    code, order, p = op
    binary = code in wide.BINARY
    need(len(tensors) == (3 if binary else 2), "ARITY")
    need(all([tensor["dtype"] == INT16 for tensor in tensors]), "DTYPE")
    need(order == DISJOINT, "ORDER")
    need(all([tensor["zero_point"] == 0 for tensor in tensors]), "PARAMS")
    need(p.get("clamp_min", 0) <= p.get("clamp_max", 0), "PARAMS")
    x, y = tensors[0], tensors[-1]
    if code in (wide.CONV2D_16, wide.DEPTHWISE_CONV2D_16, wide.MAX_POOL_16, wide.AVERAGE_POOL_16):
        _window(buf, data, code, p, x, y, need)
    elif code == wide.FULLY_CONNECTED_16:
        channels = y["shape"][y["rank"] - 1]
        rows = y["elements"] // channels
        need(x["elements"] % rows == 0, "SHAPE")
        need(p["per_channel"] <= 1, "PARAMS")
        weights(buf, data, (1, x["elements"] // rows, channels), p, need)
    elif code == wide.MEAN_16:
        check_axis(p, x, y, need)
        need(p["count"] <= MAX_PLACES and shift_fits(p["shift"]), "PARAMS")
    elif binary:
        _binary(code, p, tensors, need)
    elif code == wide.PAD_16:
        check_pad_shapes(p, x, y, need)
        need(-32768 <= p["value"] <= 32767, "PARAMS")
    elif code == wide.TABLE_16:
        need(x["elements"] == y["elements"], "SHAPE")
        need(within(data, p["table"], 2 * wide.TABLE_16_ENTRIES, 2), "DATA")
    elif code == wide.SIGMOID_16:
        need(x["elements"] == y["elements"], "SHAPE")
        need(0 <= p["multiplier"] <= 32767 and p["shift"] <= 30 and p["activation"] <= TANH, "PARAMS")
        need(within(data, p["table"], TABLE_BYTES, 2), "DATA")
    else:
        classes = x["shape"][x["rank"] - 1]
        need(x["elements"] == y["elements"] and classes == y["shape"][y["rank"] - 1] and classes <= MAX_CLASSES, "SHAPE")
        need(p["multiplier"] >= 0 and -31 <= p["shift"] <= MAX_SHIFT, "PARAMS")
        for table in ("exp", "reciprocal"):
            need(within(data, p[table], 2 * wide.TABLE_16_ENTRIES, 2), "DATA")
    return 0


def _window(buf, data, code, p, x, y, need):
    _, _, in_c = image(x, need)
    _, _, out_c = image(y, need)
    check_window(p, x, y, need)
    if code in (wide.MAX_POOL_16, wide.AVERAGE_POOL_16):
        need(p["dilation_h"] == 1 and p["dilation_w"] == 1 and p["kernel_h"] * p["kernel_w"] <= MAX_PLACES, "PARAMS")
        need(in_c == out_c, "SHAPE")
    elif code == wide.CONV2D_16:
        weights(buf, data, (p["kernel_h"], p["kernel_w"] * in_c, out_c), p, need)
    else:
        need(p["multiplier"] >= 1 and in_c * p["multiplier"] == out_c, "SHAPE")
        weights(buf, data, (1, p["kernel_h"] * p["kernel_w"], out_c), p, need)


def weights(buf, data, shape, p, need):
    """Weights as the coding INT8 of the base ops has them; per channel int64 bias, int32 multiplier, int8 shift."""
    rows, run, count = shape
    need(p["accumulator"] < len(wide.ACCUMULATORS), "PARAMS")
    k = rows * (run + 3 & ~3)
    need(run <= MAX_ELEMENTS and k <= MAX_ELEMENTS, "PARAMS")
    four = count + 3 & ~3
    need(within(data, p["weights"], four * k, ALIGN), "DATA")
    scales = four if p.get("per_channel", 1) else 1
    need(within(data, p["channels"], 8 * four + 4 * scales + (scales + 3 & ~3), 4), "DATA")
    most = MAX_SHIFT if p["accumulator"] == wide.INT32_SUMS else MAX_SHIFT_64
    shifts = p["channels"] + 8 * four + 4 * scales
    for shift in buf[shifts : shifts + scales]:
        need(-31 <= (shift if shift < 128 else shift - 256) <= most, "PARAMS")


def _binary(code, p, tensors, need):
    check_binary_shapes(tensors, need)
    need(shift_fits(p["shift"]), "PARAMS")
    if code in (wide.ADD_16, wide.SUB_16):
        need(shift_fits(p["shift1"]) and shift_fits(p["shift2"]) and 0 <= p["left_shift"] <= MAX_LEFT_SHIFT, "PARAMS")
