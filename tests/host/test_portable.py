"""The board side holds to what MicroPython and CircuitPython have: checked on the source, file by file."""

import ast
import json
import re

import pytest
from runtimes import ROOT, runtime as runtime_named

BOARD = [ROOT / "upyml" / path for _, path in json.loads((ROOT / "upyml" / "package.json").read_text())["urls"]]
SENSORS = sorted((ROOT / "upyml" / "sensors").glob("*.py"))  # brought along by who imports them
ALLOWED = {"array", "binascii", "math", "struct", "time", "ulab", "upyml", "_upyml"}
MISSING = {  # attribute: what lacks it
    "bit_length": "MicroPython",
    "from_bytes": "MicroPython takes no keywords there",
    "to_bytes": "MicroPython takes no keywords there",
    "tobytes": "array on MicroPython",
    "frombytes": "array on MicroPython",
    "typecode": "array on MicroPython",
    "itemsize": "memoryview on MicroPython",
    "isnan": "math on CircuitPython",
    "zfill": "str on MicroPython",
    "removeprefix": "str on MicroPython",
    "path": "os on MicroPython",
}
# Behind a test for what they need, or on objects of NumPy and ulab.
EXCUSED = {("conversion.py", "tobytes"), ("conversion.py", "itemsize")}


def test_the_list_of_files_is_all_of_the_board_side():
    host_only = {"codings.py", "encode.py", "header.py"}
    found = {path for path in (ROOT / "upyml").rglob("*.py") if path.name not in host_only}
    assert set(BOARD) == {path for path in found if not path.name.startswith("numpy_")} - set(SENSORS)


@pytest.mark.parametrize("path", BOARD + SENSORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_uses_only_what_every_runtime_has(path):
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        else:
            names = []
        if not (path.name == "backend.py" and names == ["numpy"]):
            own = {"json", "machine", "sys"} if path in SENSORS else set()
            assert {name.split(".")[0] for name in names} <= ALLOWED | own, node.lineno
        assert not isinstance(node, (ast.Match, ast.AsyncFunctionDef)), node.lineno
        if isinstance(node, ast.Attribute) and (path.name, node.attr) not in EXCUSED:
            assert node.attr not in MISSING, f"line {node.lineno}: {node.attr}: {MISSING.get(node.attr)}"
        if isinstance(node, ast.FunctionDef):
            assert not node.args.posonlyargs, node.lineno
        if isinstance(node, (ast.List, ast.Tuple)) and isinstance(node.ctx, ast.Load):
            assert not any(isinstance(item, ast.Starred) for item in node.elts), f"line {node.lineno}: [*a]"
        if isinstance(node, ast.Dict):
            assert None not in node.keys, f"line {node.lineno}: {{**a}}"
    assert not re.search(r"@\w*micropython|@native|@viper", source), "native code is a SyntaxError on CircuitPython"


def test_the_listed_files_are_enough(tmp_path):
    """Only what mip would install, on MicroPython with the C engine and without."""
    for target, path in json.loads((ROOT / "upyml" / "package.json").read_text())["urls"]:
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / target).write_bytes((ROOT / "upyml" / path).read_bytes())
    import small_models

    (tmp_path / "gesture.upm").write_bytes(small_models.with_vectors(small_models.gesture))
    code = (
        f"import sys; sys.path[:] = ['.frozen', {str(tmp_path)!r}]; import upyml; "
        f"model = upyml.load({str(tmp_path / 'gesture.upm')!r}); "
        "print(upyml.__file__, model.selftest(), len(str(model.profile([0] * 192)) + str(model)) > 100)"
    )
    for name in ("unix-module", "unix-reference"):
        assert runtime_named(name).run(code) == f"{tmp_path}/upyml/__init__.py True True\n"
