"""The part of check.py that looks at the ops of the family STREAM, as ports/engine/stream/check_stream.c does."""

from upyml.format.layout import DISJOINT, INT8, STATE
from upyml.format.ops_stream import SHIFT


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    code, order, _ = op
    x, y = tensors[-2:]
    need(len(tensors) == (2 if code == SHIFT else 3), "ARITY")
    need(x["dtype"] == y["dtype"], "DTYPE")
    need(order == DISJOINT, "ORDER")
    need(y["kind"] == STATE, "SHAPE")
    if code == SHIFT:
        need(x["elements"] <= y["elements"], "SHAPE")
    else:
        flag = tensors[0]
        need(flag["kind"] == STATE and flag["dtype"] == INT8 and flag["elements"] == 1, "SHAPE")
        need(x["elements"] == y["elements"], "SHAPE")
    return 0
