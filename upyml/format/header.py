"""The layout for C: ports/engine/format_layout.h, and <family>/layout_<family>.h there for each other family of ops.

    python -m upyml.format.header            writes them from layout.py and the ops_*.py
    python -m upyml.format.header --check    only names those that are not up to date, and fails then
"""

import struct
import sys
from pathlib import Path

from upyml.format import decode, layout, ops_attention, ops_recurrent

ENGINE = Path(__file__).resolve().parents[2] / "ports" / "engine"


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


def _ops(family):
    """Codes and names of a family's ops, and where each has its own fields."""
    ops = {code: op for code, op in layout.OPS.items() if layout.FAMILIES[code >> layout.FAMILY_SHIFT] == family}
    lines = ["enum {"] + ["    UPYML_OPCODE_%s = %d," % (name, code) for code, (name, _) in ops.items()] + ["};", ""]
    lines += ["#define UPYML_EACH_%s_OP(X) \\" % family] + ["    X(%s) \\" % name for name, _ in ops.values()]
    lines[-1] = lines[-1][:-2]
    lines.append("")
    if family != layout.FAMILIES[0]:
        lines.append("// What leaves an op out together with its family, see ops.h.")
        lines += ["#define UPYML_WITHOUT_FAMILY_%s UPYML_WITHOUT_%s" % (name, family) for name, _ in ops.values()]
        lines.append("")
    for name, fields in ops.values():
        if fields:
            lines += _places(name, fields)
    return lines


def _header(guard, source, lines):
    """The text of a file."""
    told = ["// The .upm file's layout for C, written from upyml/format/%s by `python -m upyml.format.header`:" % source,
            "// change the table there. upyml/format/SPEC.md says what each field means.",
            "#ifndef " + guard, "#define " + guard, ""]  # fmt: skip
    return "\n".join(told + lines + ["#endif"]) + "\n"


def _of_all():
    """What every op needs, and the ops of the family BASE."""
    base = layout.FAMILIES[0]
    lines = [
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
    lines += _codes("ERROR", [name for name, _ in layout.ERRORS]) + _ops(base)
    return _header("UPYML_FORMAT_LAYOUT_H", "layout.py", lines)


# Numbers of a family beside its ops.
_OWN = {
    "MATH": ["#define UPYML_MAX_NORMALIZED %d" % ops_attention.MAX_NORMALIZED, ""],
    "RECURRENT": [
        *_codes("ACTIVATION", ops_recurrent.ACTIVATIONS),
        "#define UPYML_RECURRENT_TABLE_BYTES %d" % ops_recurrent.TABLE_BYTES,
        "#define UPYML_MIN_CELL_SHIFT (%d)" % ops_recurrent.MIN_CELL_SHIFT,
        "#define UPYML_MAX_CELL_SHIFT %d" % ops_recurrent.MAX_CELL_SHIFT,
        "",
    ],
}


def _of_family(family):
    source = "ops_%s.py" % family.lower()
    return _header("UPYML_LAYOUT_%s_H" % family, source, _OWN.get(family, []) + _ops(family))


def texts():
    """The header files: path below ports/engine to text."""
    found = {"format_layout.h": _of_all()}
    for family in layout.FAMILIES[1:]:
        found["%s/layout_%s.h" % (family.lower(), family.lower())] = _of_family(family)
    return found


def stale():
    """Paths of those that are missing, or not what texts() says."""
    files = {path: ENGINE / path for path in texts()}
    return [path for path, text in texts().items() if not files[path].is_file() or files[path].read_text() != text]


def main(check=False):
    """Writes what is stale, or only tells of it; answers the exit status."""
    found = stale()
    for path in found:
        if not check:
            (ENGINE / path).write_text(texts()[path])
        print(path + (" is not up to date" if check else " written"))
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
