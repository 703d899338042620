"""The part of check.py that looks at the ops of the family MATH, as ports/engine/math/check_math.c does."""

from upyml.format import check_attention, ops_attention


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    if op[0] >= ops_attention.BATCH_MATMUL:
        return check_attention.check(buf, data, op, tensors, need)
    need(False, "OPCODE")
