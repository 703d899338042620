"""Fused groups: which of an op's rows are made, as ports/engine/group.c does it."""

from upyml.format import decode, layout


def made_rows(buf, head, number):
    """Output rows that op `number`, one of a fused group, makes: those that are asked for, in whole strips."""
    first = number
    while not decode.op(buf, head, first)["fused"]:
        first -= 1
    count = decode.op(buf, head, first)["fused"]
    ops = [decode.op(buf, head, first + place) for place in range(count)]
    asked = [0] * count
    asked[-1] = layout.MAX_ELEMENTS  # all
    for place in range(count - 1, -1, -1):
        op = ops[place]
        height = decode.tensor(buf, head, op["outputs"][0])["shape"][0]
        made = min(-(-asked[place] // op["strip"]) * op["strip"], height)
        if first + place == number:
            return made
        for link in op["inputs"] if made else ():
            maker = _maker(ops[:place], link)
            if maker is not None:
                asked[maker] = max(asked[maker], _needed(op, made))


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
    """Bytes at the start of an op's output that it has written when it, or its fused group, has run."""
    op = decode.op(buf, head, number)
    tensor = decode.tensor(buf, head, op["outputs"][0])
    size = decode.nbytes(tensor)
    if not op["strip"]:
        return size
    height = tensor["shape"][0]
    rows = tensor["ring_rows"] or height
    return size // rows * min(rows, made_rows(buf, head, number))
