"""SPEC.md says what layout.py holds, and its worked example is a real file."""

import re
import struct
from pathlib import Path

import numpy as np
import upyml

from upyml.format import header, layout
from upyml.format.encode import accumulator_bits, encode, pack_channels, pack_weights

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = (ROOT / "upyml" / "format" / "SPEC.md").read_text()


def rows(title):
    """(byte, code, field) of the table below a heading."""
    section = SPEC.split(f"## {title}\n")[1].split("\n## ")[0]
    return [(int(at), code, field) for at, code, field in re.findall(r"^\| (\d+) \| (\w+) \| `(\w+)` \|", section, re.M)]


def places(fields):
    out, at = [], 0
    for name, code in fields:
        out.append((at, code, name))
        at += struct.calcsize("<" + code)
    return out


def test_the_tables_are_those_of_the_layout():
    assert rows("Header") == places(layout.HEADER)
    assert rows("Tensors") == places(layout.TENSOR)
    assert rows("Ops") == places(layout.OP)


def test_every_op_and_its_fields_are_told():
    section = SPEC.split("## What each op computes\n")[1]
    for code, (name, fields) in layout.OPS.items():
        text = re.search(rf"^\*\*{code} {name}\*\*.*?(?=^\*\*\d|\Z|^## )", section, re.M | re.S)
        assert text, name
        for field, _ in fields:
            shared = field in [f for f, _ in layout.OPS[0][1][:-2]] and "kernel_h" in dict(fields)
            assert field == "reserved" or shared or f"`{field}`" in text.group(), (name, field)


def test_every_error_is_told():
    for name, _ in layout.ERRORS:
        assert f"| {name} |" in SPEC


def test_the_c_headers_are_up_to_date():
    """One of all ops and the base ones, one of each other family; none of a family that there is no more."""
    engine = ROOT / "ports" / "engine"
    files = {engine / "format_layout.h", *engine.glob("*/layout_*.h")}
    assert {str(path.relative_to(engine)): path.read_text() for path in files} == header.texts()
    assert len(files) == len(layout.FAMILIES)


def test_each_header_has_the_codes_of_one_family():
    texts = header.texts()
    for code, (name, _) in layout.OPS.items():
        family = layout.FAMILIES[code >> layout.FAMILY_SHIFT].lower()
        home = "format_layout.h" if family == "base" else f"{family}/layout_{family}.h"
        assert [path for path, text in texts.items() if f"    UPYML_OPCODE_{name} = {code},\n" in text] == [home]


def test_a_header_that_was_changed_is_named_and_written_anew(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(header, "ENGINE", tmp_path)
    for path in header.texts():
        (tmp_path / path).parent.mkdir(exist_ok=True)
    assert header.main() == 0 and header.main(check=True) == 0
    (tmp_path / "wide" / "layout_wide.h").write_text("// changed\n")
    capsys.readouterr()
    assert header.main(check=True) == 1
    assert capsys.readouterr().out == "wide/layout_wide.h is not up to date\n"
    assert header.main() == 0 and header.stale() == []


def example():
    """The file of the worked example: y = clamp(x0 - 2 x1 + 3 x2 + 10), one output of int8."""
    tensors = [
        {"kind": layout.ARENA, "dtype": layout.INT8, "shape": (3,), "scale": 0.5, "zero_point": -1, "offset": 0},
        {"kind": layout.ARENA, "dtype": layout.INT8, "shape": (1,), "scale": 0.5, "zero_point": 4, "offset": 4},
    ]
    weights = np.array([[1, -2, 3]])
    bias = np.array([10]) - -1 * weights.sum(axis=1)
    op = {"opcode": layout.FULLY_CONNECTED, "order": layout.DISJOINT, "inputs": [0], "outputs": [1], "top": 5,
          "params": {"per_channel": 1, "clamp_min": -128, "clamp_max": 127, "weights": pack_weights(weights),
                     "channels": pack_channels(bias, [1 << 30], [1], accumulator_bits(weights, bias))}}
    return encode(tensors, [op], [0], [1], {"name": "dot"}, [(1, [0x3FBA6CAD])])


def hexdump(data):
    return "\n".join(f"{at:03x}  " + " ".join(f"{b:02x}" for b in data[at:at + 16]) for at in range(0, len(data), 16))


def test_the_worked_example_is_a_file_that_runs():
    model = upyml.load(example())
    model.input[:] = np.array([4, -3, 7], np.int8)  # real 2.5, -1, 4 at scale 0.5: q + 1 = 5, -2, 8
    model.run()
    assert list(model.output) == [5 - 2 * -2 + 3 * 8 + 10 + 4]
    assert model.selftest() is True
    assert hexdump(example()) in SPEC
