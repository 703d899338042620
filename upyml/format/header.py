"""Writes ports/engine/format_layout.h from layout.py: python -m upyml.format.header > ports/engine/format_layout.h"""

import struct

from upyml.format import decode, layout, ops_attention, ops_recurrent


def _places(prefix, fields):
    lines, at = [], 0
    for name, code in fields:
        if name != "reserved":
            lines.append("    UPYML_%s_%s = %d," % (prefix, name.upper(), at))
        at += struct.calcsize("<" + code)
    return ["enum {  // %s: byte of each field" % prefix] + lines + ["};", ""]


def _codes(prefix, names):
    return (["enum {"] + ["    UPYML_%s_%s = %d," % (prefix, name, code) for code, name in enumerate(names)]
            + ["    UPYML_%s_COUNT = %d," % (prefix, len(names)), "};", ""])


def _opcodes():
    names = {code: name for code, (name, _) in layout.OPS.items()}
    lines = ["enum {"] + ["    UPYML_OPCODE_%s = %d," % (name, code) for code, name in names.items()] + ["};", ""]
    lines += ["#define UPYML_EACH_OP(X) \\"] + ["    X(%s) \\" % name for name in names.values()]
    lines[-1] = lines[-1][:-2]
    lines += ["", "// What leaves an op out together with its family, see ops.h."]
    lines += ["#define UPYML_WITHOUT_FAMILY_%s UPYML_WITHOUT_%s" % (name, layout.FAMILIES[code >> layout.FAMILY_SHIFT])
              for code, name in names.items() if code >> layout.FAMILY_SHIFT]
    return lines + [""]


def text():
    """The header file's text."""
    lines = [
        "// The .upm file's layout for C. Written from upyml/format/layout.py by `python -m upyml.format.header`;",
        "// change the table there. upyml/format/SPEC.md says what each field means.",
        "#ifndef UPYML_FORMAT_LAYOUT_H",
        "#define UPYML_FORMAT_LAYOUT_H",
        "",
        "#define UPYML_MAGIC 0x%08xu  // as a little-endian word" % struct.unpack("<I", layout.MAGIC),
        "#define UPYML_FORMAT_VERSION %d" % layout.FORMAT_VERSION,
        "#define UPYML_ENGINE_VERSION %d" % layout.ENGINE_VERSION,
        "#define UPYML_CODED_VERSION %d" % layout.CODED_VERSION,
        "#define UPYML_FAMILIES_VERSION %d" % layout.FAMILIES_VERSION,
        "#define UPYML_ALIGN %d" % layout.ALIGN,
        "#define UPYML_MAX_RANK %d" % layout.MAX_RANK,
        "#define UPYML_MAX_ELEMENTS %d" % layout.MAX_ELEMENTS,
        "#define UPYML_MAX_REACH %d" % layout.MAX_REACH,
        "#define UPYML_MAX_SUMMED %d" % layout.MAX_SUMMED,
        "#define UPYML_MAX_CLASSES %d" % layout.MAX_CLASSES,
        "#define UPYML_MAX_RESIZED %d" % layout.MAX_RESIZED,
        "#define UPYML_MIN_SHIFT (%d)" % layout.MIN_SHIFT,
        "#define UPYML_MAX_SHIFT %d" % layout.MAX_SHIFT,
        "#define UPYML_MAX_LEFT_SHIFT %d" % layout.MAX_LEFT_SHIFT,
        "#define UPYML_MAX_BITS %d" % layout.MAX_BITS,
        "#define UPYML_MAX_FUSED %d" % layout.MAX_FUSED,
        "#define UPYML_MAX_PAIRS %d" % layout.MAX_PAIRS,
        "#define UPYML_MAX_CALLERS %d" % layout.MAX_CALLERS,
        "#define UPYML_MAX_NORMALIZED %d" % ops_attention.MAX_NORMALIZED,
        "#define UPYML_HEADER_BYTES %d" % decode.HEADER_SIZE,
        "#define UPYML_TENSOR_BYTES %d" % decode.TENSOR_SIZE,
        "#define UPYML_OP_BYTES %d" % decode.OP_SIZE,
        "#define UPYML_CONV2D_BYTES %d  // of its own fields" % decode.size(layout.OPS[layout.CONV2D][1]),
        "",
    ]
    lines += _places("HEADER", layout.HEADER) + _places("TENSOR", layout.TENSOR) + _places("OP", layout.OP)
    lines += _codes("KIND", layout.KINDS) + _codes("DTYPE", [name for name, _, _ in layout.DTYPES])
    lines += _codes("ORDER", layout.ORDERS) + _codes("CODING", layout.CODINGS)
    lines += _codes("FAMILY", layout.FAMILIES) + ["#define UPYML_FAMILY_SHIFT %d" % layout.FAMILY_SHIFT, ""]
    lines += _codes("ACTIVATION", ops_recurrent.ACTIVATIONS) + [
        "#define UPYML_RECURRENT_TABLE_BYTES %d" % ops_recurrent.TABLE_BYTES,
        "#define UPYML_MIN_CELL_SHIFT (%d)" % ops_recurrent.MIN_CELL_SHIFT,
        "#define UPYML_MAX_CELL_SHIFT %d" % ops_recurrent.MAX_CELL_SHIFT,
        "",
    ]
    lines += _opcodes()
    lines += _codes("ERROR", [name for name, _ in layout.ERRORS])
    for name, fields in layout.OPS.values():
        if fields:
            lines += _places(name, fields)
    lines.append("#endif")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(text(), end="")
