"""The part of check.py that looks at the ops of the family STREAM, as ports/engine/stream/check_stream.c does."""

from upyml.format.layout import ARENA, DISJOINT, INT8, INT16, INT32, MAX_SHIFT, MIN_SHIFT, STATE
from upyml.format.ops_stream import SHIFT, SVDF


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    code, order, params = op
    if code == SVDF:
        _svdf(order, params, tensors, need)
        return 0
    x, y = tensors[-2:]
    need(len(tensors) == (2 if code == SHIFT else 3), "ARITY")
    need(x["dtype"] == y["dtype"] and (code == SHIFT or tensors[0]["dtype"] == INT8), "DTYPE")
    need(order == DISJOINT, "ORDER")
    need(y["kind"] == STATE, "SHAPE")
    if code == SHIFT:
        need(x["elements"] <= y["elements"], "SHAPE")
    else:
        flag = tensors[0]
        need(flag["kind"] == STATE and flag["elements"] == 1, "SHAPE")
        need(x["elements"] == y["elements"], "SHAPE")
    return 0


def _svdf(order, params, tensors, need):
    need(len(tensors) == 6, "ARITY")
    x, state, feature, time, bias, y = tensors
    types = [tensor["dtype"] for tensor in tensors]
    need(types[0] == types[2] == types[5] == INT8 and types[1] in (INT8, INT16), "DTYPE")
    need(types[3] == types[1] and types[4] == INT32, "DTYPE")
    need(order == DISJOINT, "ORDER")
    filters = y["elements"] * params["rank"]
    need(state["kind"] == STATE and y["kind"] == ARENA and filters > 0, "SHAPE")
    need(feature["elements"] == filters * x["elements"] and bias["elements"] == y["elements"], "SHAPE")
    need(state["elements"] == time["elements"] and state["elements"] % filters == 0, "SHAPE")
    need(all([MIN_SHIFT <= params[name] <= MAX_SHIFT for name in ("shift1", "shift2")]), "PARAMS")
