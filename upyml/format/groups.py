"""Fused groups: which of an op's rows are made, as ports/engine/group.c does it."""

from upyml.format import decode, layout


def made_rows(buf, head, number):
    """Output rows that op `number`, one of a fused group, makes: those that are asked for."""
    first, ops = _group(buf, head, number)
    asked = [0] * len(ops)
    asked[-1] = layout.MAX_ELEMENTS  # all
    for place in range(len(ops) - 1, -1, -1):
        op = ops[place]
        height = decode.tensor(buf, head, op["outputs"][0])["shape"][0]
        made = min(asked[place], height)
        if first + place == number:
            return made
        for link in op["inputs"] if made else ():
            maker = _maker(ops[:place], link)
            if maker is not None:
                asked[maker] = max(asked[maker], _needed(op, made))


def _group(buf, head, number):
    """(number of the first op, all ops) of the group that op `number` is in."""
    first = number
    while not decode.op(buf, head, first)["fused"]:
        first -= 1
    count = decode.op(buf, head, first)["fused"]
    return first, [decode.op(buf, head, first + place) for place in range(count)]


def _maker(ops, link):
    """Place of the last op that makes the tensor; None where there is none."""
    for place in range(len(ops) - 1, -1, -1):
        if ops[place]["outputs"][0] == link:
            return place


def _needed(op, rows):
    """Input rows that the first `rows` output rows reach to; beyond the image too."""
    p = op["params"]
    if "kernel_h" not in p:
        return rows
    return (rows - 1) * p["stride_h"] - p["pad_top"] + (p["kernel_h"] - 1) * p["dilation_h"] + 1


def written(buf, head, number):
    """Bytes at the start of an op's output that it has written and that are there when it, or its group, has run."""
    op = decode.op(buf, head, number)
    tensor = decode.tensor(buf, head, op["outputs"][0])
    size = decode.nbytes(tensor)
    if not op["strip"]:
        return size
    if not _lasts(buf, head, number):
        return 0
    height = tensor["shape"][0]
    rows = tensor["ring_rows"] or height
    return size // rows * min(rows, made_rows(buf, head, number))


def _lasts(buf, head, number):
    """Is what op `number` of a group has made apart from what its other ops make, and from all of their scratch?"""
    first, ops = _group(buf, head, number)
    own = ops[number - first]["outputs"][0]
    kind, start, end = _span(buf, head, own)
    for op in ops:
        link = op["outputs"][0]
        other_kind, other_start, other_end = _span(buf, head, link)
        if kind == layout.ARENA and op["top"] < end:
            return False
        if link != own and kind == other_kind and other_start < end and start < other_end:
            return False
    return True


def _span(buf, head, number):
    """(kind, first byte, end) of a tensor in its area."""
    tensor = decode.tensor(buf, head, number)
    return tensor["kind"], tensor["offset"], tensor["offset"] + decode.nbytes(tensor)
