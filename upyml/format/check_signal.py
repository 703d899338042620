"""The part of check.py that looks at the ops of the family SIGNAL, as ports/engine/signal/check_signal.c does."""


def check(buf, data, op, tensors, need):
    """Bytes of scratch the plain kernel needs; need(condition, error) raises where the condition does not hold.

    data: (first byte, end) of the data section; op: code, order and own fields; tensors: inputs, then the output. Asked
    in this order: ARITY, DTYPE, ORDER, then SHAPE, PARAMS and DATA.
    """
    need(False, "OPCODE")
