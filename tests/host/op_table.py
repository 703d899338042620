"""The table of docs/ops.md that says which op runs on which runtime; made by running each op there.

    python tests/host/op_table.py       prints it
"""

import functools

from runtimes import ROOT
from runtimes import runtime as runtime_named

from upyml.format import layout

CORPUS = sorted((ROOT / "tests" / "engine" / "corpus").glob("*.upm"))
NAMES = [name for name, _ in layout.OPS.values()]
GROUP = "FUSED_GROUP"  # ops that run together, row by row
COLUMNS = {
    "CPython": "cpython",
    "MicroPython, in the firmware": "unix-module",
    "MicroPython, native module": "unix-mpy",
    "pure Python": "unix-reference",
}


@functools.cache
def results(name: str) -> dict[str, list[str]]:
    """What the small models of each op, and fused groups, give on a runtime: the lines of tests/device/ops.py by op."""
    lines = runtime_named(name).run(ROOT / "tests" / "device" / "ops.py", CORPUS).splitlines()
    return {op: [line for line in lines if line.split()[0] == op] for op in [*NAMES, GROUP]}


def same(op: str, name: str) -> bool:
    """True where a runtime gives the bytes that the pure Python engine gives on CPython."""
    expected = results("cpython-reference")[op]
    return bool(expected) and results(name)[op] == expected


def markdown() -> str:
    """The table: a row for each op, a column for each kind of runtime."""
    rows = ["| op | " + " | ".join(COLUMNS) + " |", "| --- |" + " :---: |" * len(COLUMNS)]
    for op in NAMES:
        rows.append(f"| {op} | " + " | ".join("yes" if same(op, name) else "no" for name in COLUMNS.values()) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
