"""The part of check.py that looks at the ops of the family MATH, as ports/engine/math/check_math.c does."""

from upyml.format import check_attention, check_params, decode, ops_attention
from upyml.format.check_weights import shift_fits, within
from upyml.format.layout import ADD, CONV2D, DISJOINT, INT8, MAX_CLASSES, MAX_ELEMENTS, MAX_SHIFT, OPS, PLANE
from upyml.format.ops_math import CUMSUM, DIV, L2_NORMALIZATION, PAIRWISE, TRANSPOSE_CONV2D

MOST_PHASES = 256
MOST_DIVIDED = 22  # the shift of a DIV: its quotient is then always divided, never multiplied
MOST_SQUARED = 32767  # values of an L2_NORMALIZATION: 255 * 255 of each add up to an int32


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    if op[0] >= ops_attention.BATCH_MATMUL:
        return check_attention.check(buf, data, op, tensors, need)
    code, order, p = op
    pairwise = code in PAIRWISE
    need(len(tensors) == (3 if pairwise else 2), "ARITY")
    need(all([tensor["dtype"] == INT8 for tensor in tensors]), "DTYPE")
    need(order == DISJOINT or (pairwise and order != PLANE), "ORDER")
    if pairwise:
        check_params.check_params(buf, data, (ADD, DISJOINT, p), tensors, need)
        need(code != DIV or p["shift"] <= MOST_DIVIDED, "PARAMS")
        return 0
    if code == TRANSPOSE_CONV2D:
        return _transpose_conv2d(buf, data, p, tensors[0], tensors[1], need)
    _rows(code, p, tensors[0], tensors[1], need)
    return 0


def _transpose_conv2d(buf, data, p, x, y, need):
    need(x["rank"] <= 3 and y["rank"] <= 3, "SHAPE")
    height, width, channels = ((1, 1) + tuple(y["shape"][: y["rank"]]))[-3:]
    rows, columns = p["stride_h"], p["stride_w"]
    need(
        rows >= 1 and columns >= 1 and rows * columns <= MOST_PHASES and rows <= height and columns <= width, "PARAMS"
    )
    fields = OPS[CONV2D][1]
    size = decode.size(fields)
    need(within(data, p["phases"], rows * columns * size, 4), "DATA")
    most = 0
    for row in range(rows):
        for column in range(columns):
            phase = decode.record(fields, buf, p["phases"] + (row * columns + column) * size)
            shape = (phase_size(height, row, rows), phase_size(width, column, columns), channels)
            out = dict(y, rank=3, shape=shape + (1,), elements=shape[0] * shape[1] * channels)
            scratch = check_params.check_params(buf, data, (CONV2D, DISJOINT, phase), (x, out), need)
            most = max(most, (shape[1] * channels + 3 & ~3) + scratch)
    return most


def phase_size(count, first, stride):
    """How many of `count` places are `first` modulo `stride`."""
    return (count - first + stride - 1) // stride


def _rows(code, p, x, y, need):
    need(x["elements"] == y["elements"], "SHAPE")
    if code == CUMSUM:
        outer, count, inner = p["outer"], p["count"], p["inner"]
        need(
            1 <= outer <= MAX_ELEMENTS and 1 <= count <= MAX_ELEMENTS and 1 <= inner <= MAX_ELEMENTS
            and outer * count * inner == x["elements"],
            "SHAPE",
        )
        need(shift_fits(p["shift1"]) and shift_fits(p["shift"]), "PARAMS")
        return
    count = x["shape"][x["rank"] - 1]
    need(count == y["shape"][y["rank"] - 1], "SHAPE")
    if code == L2_NORMALIZATION:
        need(count <= MOST_SQUARED, "SHAPE")
        return
    need(count <= MAX_CLASSES, "SHAPE")
    need(
        p["multiplier"] >= 0 and 0 <= p["shift"] <= MAX_SHIFT and -256 <= p["diff_min"] <= 0
        and shift_fits(p["reverse_shift"]),
        "PARAMS",
    )
