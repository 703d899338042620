"""The part of check.py that looks at what all ops have, as ports/engine/check_op.c does."""

import struct

from upyml.format import decode, layout
from upyml.format.check_params import check_params
from upyml.format.layout import (
    ADD,
    ARENA,
    ARGMAX,
    AVERAGE_POOL,
    CALLER,
    CONCATENATE,
    CONSTANT,
    CONV2D,
    DEPTHWISE_CONV2D,
    DEQUANTIZE,
    DISJOINT,
    FLOAT32,
    FORWARD,
    FULLY_CONNECTED,
    INT16,
    INT32,
    INT8,
    MAX_ELEMENTS,
    MAX_FUSED,
    MAX_POOL,
    MEAN,
    MUL,
    PAD,
    PLANE,
    QUANTIZE,
    REQUANTIZE,
    RESHAPE,
    SOFTMAX,
    STRIDED_SLICE,
    SUB,
    TABLE,
    TRANSPOSE,
    UINT8,
)


class Refused(Exception):
    """The file does not pass: (name of the error, number of the op or tensor)."""


def check_op(buf, head, tensors, number, group):
    """(bytes of activations and scratch the op needs, the last fused group so far); raises Refused.

    group: its first op, and the one behind it.
    """

    def need(condition, error):
        if not condition:
            raise Refused(error, number)

    at = head["ops"] + number * decode.OP_SIZE
    op = decode.record(layout.OP[:-1], buf, at)
    code = op["opcode"]
    need(code in layout.OPS, "OPCODE")
    family = code >> layout.FAMILY_SHIFT
    need(op["order"] <= PLANE, "ORDER")
    taken, made = op["input_count"], op["output_count"]
    need(op["links"] + taken + made <= head["link_count"], "ARITY")
    binary = code in (ADD, SUB, MUL)
    need(made == 1 and taken >= 1, "ARITY")
    need(family or code == CONCATENATE or taken == (2 if binary else 1), "ARITY")
    links = struct.unpack_from("<%dH" % (taken + 1), buf, head["links"] + 2 * op["links"])
    ends = [tensors[link]["end"] for link in links if tensors[link]["kind"] == ARENA]
    x, y = tensors[links[0]], tensors[links[taken]]
    need(op["top"] <= 2 * MAX_ELEMENTS and all([end <= op["top"] for end in ends]), "TOP")
    need(y["kind"] not in (CONSTANT, CALLER), "TOP")
    params = decode.record(layout.OPS[code][1], buf, at + decode.OP_SIZE - 52)
    need(family or dtypes_fit(code, [tensors[link] for link in links]), "DTYPE")
    need(family or _order_fits(code, op["order"], params, x, y), "ORDER")
    used = [tensors[link] for link in links]
    if op["fused"]:
        need(number >= group[1] and 2 <= op["fused"] <= min(MAX_FUSED, head["op_count"] - number), "ORDER")
        group = (number, number + op["fused"])
    if number < group[1]:
        need(op["strip"] and _fuses(code, op["order"], used), "ORDER")
        rings = [link for link in links[:taken] if tensors[link]["ring_rows"]]
        need(all([_made(buf, head, group[0], number, link) for link in rings]), "ORDER")
    else:
        need(not op["strip"] and not any([tensor["ring_rows"] for tensor in used]), "ORDER")

    data = (head["data"], head["data"] + head["data_size"])
    check = family_check(family) if family else check_params
    scratch = check(buf, data, (code, op["order"], params), used, need)
    return (op["top"] + 3 & ~3) + scratch if scratch else op["top"], group


def family_check(family):
    """check() of the module that looks at the ops of a family; imported when a file has one."""
    name = "upyml.format.check_" + layout.FAMILIES[family].lower()
    return __import__(name, None, None, ("*",)).check


def _made(buf, head, first, number, link):
    """Whether an op from `first` to `number` makes the tensor."""
    return any([decode.op(buf, head, op)["outputs"][0] == link for op in range(first, number)])


def _fuses(code, order, tensors):
    """In a fused group all tensors are images, only a convolution may write over its input, and elementwise ops do not
    broadcast."""
    over = code == CONV2D and order == FORWARD
    if not (order == DISJOINT or over) or not all([tensor["rank"] == 3 for tensor in tensors]):
        return False
    if code in (ADD, SUB, MUL):
        return all([tensor["elements"] == tensors[-1]["elements"] for tensor in tensors])
    return code in (CONV2D, DEPTHWISE_CONV2D, MAX_POOL, AVERAGE_POOL)


def dtypes_fit(code, tensors):
    """Whether an op of the family BASE takes these inputs and makes this output: tensors with their `dtype`."""
    types = [tensor["dtype"] for tensor in tensors]
    x, y = types[0], types[-1]
    if code == QUANTIZE:
        return x == FLOAT32 and y <= INT16
    if code == DEQUANTIZE:
        return x <= INT16 and y == FLOAT32
    if code == REQUANTIZE:
        return x <= INT16 and y <= INT16
    if code == ARGMAX:
        return x == INT8 and y == INT32
    if code in (CONCATENATE, RESHAPE, TRANSPOSE, STRIDED_SLICE):
        return all([dtype == x for dtype in types])
    if code == PAD:
        return x == y and x in (INT8, UINT8)
    return all([dtype == INT8 for dtype in types])


def _order_fits(code, order, params, x, y):
    if order == DISJOINT:
        return True
    if order == PLANE:
        return code == DEPTHWISE_CONV2D and params["multiplier"] == 1
    if code in (CONV2D, DEPTHWISE_CONV2D, FULLY_CONNECTED, MAX_POOL, AVERAGE_POOL):
        return True
    if code == MEAN:
        return order == FORWARD and params["outer"] == 1
    if code == SOFTMAX:
        return order == FORWARD
    if code == REQUANTIZE:
        return layout.DTYPES[x["dtype"]][1] == layout.DTYPES[y["dtype"]][1]
    return code in (ADD, SUB, MUL, RESHAPE, TABLE)
