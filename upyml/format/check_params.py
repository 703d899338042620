"""The part of check.py that looks at each op's own fields, as ports/engine/check_params.c does."""

from upyml.format.check_weights import shift_fits, weights, within
from upyml.format.layout import (
    ADD,
    ARGMAX,
    AVERAGE_POOL,
    CONCATENATE,
    CONV2D,
    DEPTHWISE_CONV2D,
    DEQUANTIZE,
    DISJOINT,
    FULLY_CONNECTED,
    INT8_WEIGHTS,
    MAX_CLASSES,
    MAX_ELEMENTS,
    MAX_LEFT_SHIFT,
    MAX_POOL,
    MAX_RANK,
    MAX_REACH,
    MAX_RESIZED,
    MAX_SHIFT,
    MAX_SUMMED,
    MEAN,
    MUL,
    PAD,
    PLANE,
    QUANTIZE,
    REQUANTIZE,
    RESHAPE,
    RESIZE_BILINEAR,
    RESIZE_NEAREST,
    SOFTMAX,
    STRIDED_SLICE,
    SUB,
    TABLE,
    TRANSPOSE,
)


def check_params(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output.
    """
    code, order, p = op
    if code <= DEPTHWISE_CONV2D or code in (MAX_POOL, AVERAGE_POOL):
        return _window(buf, data, code, order, p, tensors[0], tensors[1], need)
    _OTHERS[code](buf, data, code, p, tensors, need)
    if code == FULLY_CONNECTED and order != DISJOINT:
        return min(tensors[0]["elements"], tensors[1]["elements"])  # the smaller side waits there
    return 0


def image(tensor, need):
    """(height, width, channels) of a tensor of rank 1 to 3."""
    need(tensor["rank"] <= 3, "SHAPE")
    shape = (1, 1) + tensor["shape"][: tensor["rank"]]
    return shape[-3:]


def check_window(p, x, y, need):
    """What every window has to be; answers the rows from its first to its last."""
    in_h, in_w, _ = image(x, need)
    out_h, out_w, _ = image(y, need)
    reach_h = (p["kernel_h"] - 1) * p["dilation_h"] + 1
    reach_w = (p["kernel_w"] - 1) * p["dilation_w"] + 1
    need(
        p["kernel_h"] and p["kernel_w"] and p["stride_h"] and p["stride_w"] and p["dilation_h"] and p["dilation_w"]
        and reach_h <= MAX_REACH and reach_w <= MAX_REACH
        and p["pad_top"] < reach_h and p["pad_left"] < reach_w
        and (out_h - 1) * p["stride_h"] < in_h + p["pad_top"]
        and (out_w - 1) * p["stride_w"] < in_w + p["pad_left"]
        and p["clamp_min"] <= p["clamp_max"],
        "PARAMS",
    )
    return reach_h


def _window(buf, data, code, order, p, x, y, need):
    in_h, in_w, in_c = image(x, need)
    out_h, out_w, out_c = image(y, need)
    reach_h = check_window(p, x, y, need)
    need(code == CONV2D or p["coding"] == INT8_WEIGHTS, "PARAMS")
    if code in (MAX_POOL, AVERAGE_POOL):
        need(p["dilation_h"] == 1 and p["dilation_w"] == 1 and p["kernel_h"] * p["kernel_w"] <= MAX_SUMMED, "PARAMS")
        need(in_c == out_c, "SHAPE")
    elif code == CONV2D:
        weights(buf, data, (p["kernel_h"], p["kernel_w"] * in_c, out_c), p, need)
    else:
        need(p["multiplier"] >= 1 and in_c * p["multiplier"] == out_c, "SHAPE")
        weights(buf, data, (1, p["kernel_h"] * p["kernel_w"], out_c), p, need)
    if order == DISJOINT:
        return 0
    if order == PLANE:
        return min(reach_h, in_h) * in_w  # of one channel
    if code == CONV2D and _pointwise(p, in_h, in_w, out_h, out_w):
        return in_c  # taken pixel by pixel
    return min(reach_h, in_h) * in_w * in_c


def _pointwise(p, in_h, in_w, out_h, out_w):
    return (
        p["kernel_h"] * p["kernel_w"] == 1 and p["stride_h"] * p["stride_w"] == 1
        and in_h == out_h and in_w == out_w
    )


def _fully_connected(buf, data, code, p, tensors, need):
    x, y = tensors
    channels = y["shape"][y["rank"] - 1]
    rows = y["elements"] // channels
    need(x["elements"] % rows == 0, "SHAPE")
    need(p["per_channel"] <= 1 and p["clamp_min"] <= p["clamp_max"], "PARAMS")
    weights(buf, data, (1, x["elements"] // rows, channels), p, need)


def check_axis(p, x, y, need):
    need(
        1 <= p["outer"] <= MAX_ELEMENTS and 1 <= p["count"] <= MAX_ELEMENTS and 1 <= p["inner"] <= MAX_ELEMENTS
        and p["outer"] * p["inner"] == y["elements"]
        and p["outer"] * p["inner"] * p["count"] == x["elements"],
        "SHAPE",
    )


def _mean(buf, data, code, p, tensors, need):
    check_axis(p, tensors[0], tensors[1], need)
    need(p["count"] <= MAX_SUMMED and shift_fits(p["shift"]) and p["clamp_min"] <= p["clamp_max"], "PARAMS")


def _argmax(buf, data, code, p, tensors, need):
    check_axis(p, tensors[0], tensors[1], need)


def check_binary_shapes(tensors, need):
    """Both inputs broadcast to the output's shape."""
    y = tensors[2]
    for x in tensors[:2]:
        need(x["rank"] <= y["rank"], "SHAPE")
        missing = y["rank"] - x["rank"]
        for axis in range(x["rank"]):
            need(x["shape"][axis] in (1, y["shape"][missing + axis]), "SHAPE")


def _binary(buf, data, code, p, tensors, need):
    check_binary_shapes(tensors, need)
    need(shift_fits(p["shift"]) and p["clamp_min"] <= p["clamp_max"], "PARAMS")
    if code != MUL:
        need(shift_fits(p["shift1"]) and shift_fits(p["shift2"]) and 0 <= p["left_shift"] <= MAX_LEFT_SHIFT, "PARAMS")


def _concatenate(buf, data, code, p, tensors, need):
    y, axis, total = tensors[-1], p["axis"], 0
    need(axis < y["rank"], "PARAMS")
    for x in tensors[:-1]:
        need(x["rank"] == y["rank"], "SHAPE")
        for other in range(MAX_RANK):
            need(other == axis or x["shape"][other] == y["shape"][other], "SHAPE")
        total += x["shape"][axis]
    need(total == y["shape"][axis], "SHAPE")


def check_pad_shapes(p, x, y, need):
    """The input lies within the output."""
    need(x["rank"] == y["rank"], "SHAPE")
    for axis in range(MAX_RANK):
        need(p["before"][axis] <= y["shape"][axis] and p["before"][axis] + x["shape"][axis] <= y["shape"][axis], "SHAPE")


def _pad(buf, data, code, p, tensors, need):
    x, y = tensors
    check_pad_shapes(p, x, y, need)
    low, high = ((-128, 127), (0, 255))[x["dtype"]]
    need(low <= p["value"] <= high, "PARAMS")


def _same_size(buf, data, code, p, tensors, need):
    need(tensors[0]["elements"] == tensors[1]["elements"], "SHAPE")
    if code == REQUANTIZE:
        need(shift_fits(p["shift"]), "PARAMS")
    elif code == TABLE:
        need(within(data, p["table"], 256, 1), "DATA")
    elif code == SOFTMAX:
        x, y = tensors
        classes = x["shape"][x["rank"] - 1]
        need(classes <= MAX_CLASSES and classes == y["shape"][y["rank"] - 1], "SHAPE")
        need(p["multiplier"] >= 0 and 0 <= p["shift"] <= MAX_SHIFT and p["diff_min"] <= 0, "PARAMS")


def _transpose(buf, data, code, p, tensors, need):
    x, y = tensors
    need(x["rank"] == y["rank"], "SHAPE")
    seen = 0
    for axis in range(MAX_RANK):
        source = p["permutation"][axis]
        need(source < MAX_RANK and (axis < x["rank"] or source == axis), "PARAMS")
        seen |= 1 << source
        need(y["shape"][axis] == x["shape"][source], "SHAPE")
    need(seen == 15, "PARAMS")


def _strided_slice(buf, data, code, p, tensors, need):
    x, y = tensors
    need(x["rank"] == y["rank"], "SHAPE")
    for axis in range(MAX_RANK):
        first, count = p["begin"][axis], x["shape"][axis]
        last = first + (y["shape"][axis] - 1) * p["stride"][axis]
        need(p["stride"][axis] != 0 and 0 <= first < count and 0 <= last < count, "PARAMS")


def _resize_nearest(buf, data, code, p, tensors, need):
    in_h, in_w, in_c = image(tensors[0], need)
    out_h, out_w, out_c = image(tensors[1], need)
    need(in_c == out_c, "SHAPE")
    for offset, count, limit in ((p["rows"], out_h, in_h), (p["columns"], out_w, in_w)):
        need(within(data, offset, 2 * count, 2), "DATA")
        for i in range(count):
            need(buf[offset + 2 * i] + 256 * buf[offset + 2 * i + 1] < limit, "PARAMS")


def _resize_bilinear(buf, data, code, p, tensors, need):
    in_h, in_w, in_c = image(tensors[0], need)
    out_h, out_w, out_c = image(tensors[1], need)
    need(in_c == out_c and max(in_h, in_w, out_h, out_w) <= MAX_RESIZED, "SHAPE")
    need(p["align_corners"] + p["half_pixel_centers"] <= 1, "PARAMS")


_OTHERS = {
    FULLY_CONNECTED: _fully_connected,
    MEAN: _mean,
    ADD: _binary,
    SUB: _binary,
    MUL: _binary,
    CONCATENATE: _concatenate,
    PAD: _pad,
    RESHAPE: _same_size,
    TRANSPOSE: _transpose,
    STRIDED_SLICE: _strided_slice,
    TABLE: _same_size,
    SOFTMAX: _same_size,
    QUANTIZE: _same_size,
    DEQUANTIZE: _same_size,
    REQUANTIZE: _same_size,
    ARGMAX: _argmax,
    RESIZE_NEAREST: _resize_nearest,
    RESIZE_BILINEAR: _resize_bilinear,
}
