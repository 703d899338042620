"""The drivers of upyml.sensors that a program for a board imports: they go along with it, and with what they import."""

from __future__ import annotations

import ast
from pathlib import Path

import upyml

PACKAGE = "upyml.sensors"
FOLDER = Path(upyml.__file__).resolve().parent / "sensors"


def names() -> list[str]:
    """The drivers there are."""
    helpers = {"__init__", "base", "i2c", "recorder"}
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in helpers)


def files(program: bytes | str, name: str = "main.py") -> dict[str, bytes]:
    """The sources of the drivers that a program imports, by their paths on the board below /lib: none for other programs.

    name: the program's, for the sentence of an error. Raises ValueError for a driver that there is not.
    """
    found: dict[str, bytes] = {}
    left = [(name, module) for module in _imported(program)]
    while left:
        who, module = left.pop(0)
        path = f"upyml/sensors/{module}.py"
        if path in found:
            continue
        try:
            found[path] = (FOLDER / f"{module}.py").read_bytes()
        except OSError:
            raise ValueError(f"{who} imports {PACKAGE}.{module}: there are {', '.join(names())}") from None
        left += [(path, one) for one in _imported(found[path])]
    if found:
        found["upyml/sensors/__init__.py"] = (FOLDER / "__init__.py").read_bytes()
    return found


def _imported(program: bytes | str) -> list[str]:
    """The modules of the package that a source names in its imports; none where it is no Python (a board will say that)."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE + "."):
            found.append(node.module.split(".")[2])
        elif isinstance(node, ast.Import):
            found += [a.name.split(".")[2] for a in node.names if a.name.startswith(PACKAGE + ".")]
    return list(dict.fromkeys(found))
