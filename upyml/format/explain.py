"""What a failed check means, in a sentence. Apart from check.py: a board with the engine in C needs only this."""

from upyml.format import decode, layout, ops_recurrent


def explain(code, buf):
    """One sentence for a negative answer of check()."""
    error = (-code - 1) % 64
    where = (-code - 1) // 64
    if error >= len(layout.ERRORS):
        return "the engine answered %d, which this version of upyml does not know" % code
    name, text = layout.ERRORS[error]
    if name == "TOO_SHORT" or name == "SIZE":
        text += ": %d bytes" % len(buf)
        if name == "SIZE":
            text += ", expected %d" % decode.header(buf)["file_size"]
    elif name == "VERSION":
        text += ": %d, this upyml reads %d; update upyml on the board or convert the model again" % (
            decode.header(buf)["format_version"],
            layout.FORMAT_VERSION,
        )
    elif name == "ENGINE":
        version = decode.header(buf)["engine_version"]
        if version > layout.ENGINE_VERSION:
            text += ": version %d, this is %d; update upyml on the board" % (version, layout.ENGINE_VERSION)
        else:
            text = "op %d: the coding of its weights is not of engine version %d, which the file names" % (where, version)
    elif name == "MAGIC" or name == "CRC":
        text += "; copy it to the board again or convert the model again"
    elif name == "TENSOR":
        text = "tensor %d: %s" % (where, text)
    elif name == "LINK":
        text = "link %d: %s" % (where, text)
    elif name == "OPCODE" and buf[_opcode_at(buf, where)] in layout.OPS:
        text = "op %d: this engine was built without %s" % (where, _missing(buf, where))
    elif name not in ("HEADER", "SECTION", "ARENA"):
        text = "op %d: %s" % (where, text)
    return text


def _missing(buf, number):
    """The op, or what else it needs of a build."""
    head = decode.header(buf)
    op = decode.op(buf, head, number)
    coding = op["params"].get("coding", 0)
    weights = " or %s weights" % layout.CODINGS[coding] if 0 < coding < len(layout.CODINGS) else ""
    name = layout.OPS[op["opcode"]][0]
    if name in ops_recurrent.NAMES and decode.tensor(buf, head, op["inputs"][0])["dtype"] == layout.INT16:
        return "%s, or the family WIDE, whose sums its int16 activations need" % name
    return name + weights


def _opcode_at(buf, number):
    return decode.header(buf)["ops"] + number * decode.OP_SIZE
