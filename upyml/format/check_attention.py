"""The part of check.py that looks at products of activations and the like, as ports/engine/math/check_attention.c does."""

from upyml.format.check_weights import shift_fits, within
from upyml.format.layout import DISJOINT, FORWARD, INT8, INT32, MAX_CLASSES, MAX_ELEMENTS, MAX_SHIFT
from upyml.format.ops_attention import BATCH_MATMUL, MASKED_SOFTMAX, GATHER, LAYER_NORM, MAX_NORMALIZED


def check(buf, data, op, tensors, need):
    """As check_math.check()."""
    code, order, p = op
    two = code in (BATCH_MATMUL, GATHER)
    need(len(tensors) == (3 if two else 2), "ARITY")
    x, y = tensors[0], tensors[-1]
    if code == GATHER:
        need(x["dtype"] == y["dtype"] and tensors[1]["dtype"] <= INT32, "DTYPE")
    else:
        need(all([tensor["dtype"] == INT8 for tensor in tensors]), "DTYPE")
    need(order == DISJOINT or (order == FORWARD and not two), "ORDER")
    _CHECKS[code](data, p, tensors, need)
    return 0


def _batch_matmul(data, p, tensors, need):
    orders = (p["left"], p["right"], p["output"])
    need(all([sorted(order) == [0, 1, 2, 3] for order in orders]), "PARAMS")
    a, b, c = [[tensor["shape"][axis] for axis in order] for tensor, order in zip(tensors, orders)]
    for i in range(2):
        need(a[i] in (1, c[i]) and b[i] in (1, c[i]), "SHAPE")
    need(a[2] == c[2] and b[3] == c[3], "SHAPE")
    need(a[3] == b[2], "SHAPE")
    need(shift_fits(p["shift"]), "PARAMS")
    need(p["clamp_min"] <= p["clamp_max"], "PARAMS")


def _layer_norm(data, p, tensors, need):
    x, y = tensors
    count = p["count"]
    need(x["elements"] == y["elements"] and 1 <= count <= MAX_NORMALIZED, "SHAPE")
    need(x["elements"] % count == 0, "SHAPE")
    need(p["centered"] <= 1 and (p["epsilon"] or p["epsilon_high"]) and p["epsilon_high"] < 1 << 28, "PARAMS")
    need(shift_fits(p["shift"]), "PARAMS")
    need(p["clamp_min"] <= p["clamp_max"], "PARAMS")
    need(within(data, p["gamma"], 2 * count, 2), "DATA")
    need(within(data, p["beta"], 4 * count, 4), "DATA")


def _gather(data, p, tensors, need):
    x, indices, y = tensors
    outer, count, inner = p["outer"], p["count"], p["inner"]
    need(1 <= outer <= MAX_ELEMENTS and 1 <= count <= MAX_ELEMENTS, "SHAPE")
    need(1 <= inner <= MAX_ELEMENTS and outer * inner <= MAX_ELEMENTS, "SHAPE")
    need(outer * inner * count == x["elements"], "SHAPE")
    need(outer * inner * indices["elements"] == y["elements"], "SHAPE")


def _masked_softmax(data, p, tensors, need):
    x, y = tensors
    classes = x["shape"][x["rank"] - 1]
    need(x["elements"] == y["elements"] and classes <= MAX_CLASSES, "SHAPE")
    need(y["shape"][y["rank"] - 1] == classes and p["rows"] >= 1, "SHAPE")
    need(x["elements"] // classes % p["rows"] == 0, "SHAPE")
    need(p["multiplier"] >= 0 and 0 <= p["shift"] <= MAX_SHIFT and p["diff_min"] <= 0, "PARAMS")
    need(0 <= p["before"] <= MAX_ELEMENTS and p["after"] >= 0, "PARAMS")
    need(p["after"] <= MAX_ELEMENTS, "PARAMS")


_CHECKS = {
    BATCH_MATMUL: _batch_matmul,
    LAYER_NORM: _layer_norm,
    GATHER: _gather,
    MASKED_SOFTMAX: _masked_softmax,
}
