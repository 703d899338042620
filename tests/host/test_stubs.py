"""The stubs (.pyi) say what the modules are: mypy's stubtest compares them with what Python finds there."""

import os
import re
import subprocess
import sys

import pytest
from runtimes import ROOT

PUBLIC = sorted((ROOT / "upyml").rglob("*.pyi"))
TYPES = {"upyml.model.Numbers", "upyml.signal.Samples", "upyml.signal.Section"}  # names for annotations, in stubs alone

USER = """
from array import array

import upyml
from upyml import signal

model = upyml.load("gesture.upm")
label, score = model.classify([0.0] * 240)
answer = model.stream(hop=10).push((0.0, 1.0))
samples = array("h", bytes(512))
signal.Biquad([signal.lowpass(20, 100)])(samples)
print(label.{method} if isinstance(label, str) else label + 1, score + 0.5, answer)
model.run(lambda op: None)
"""


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """Runs a program of mypy's on the packages as an installation has them, and answers its status and lines."""
    folder = tmp_path_factory.mktemp("packages")
    for name, source in (("upyml", "upyml"), ("_upyml", "ports/cpython/_upyml-stubs")):
        (folder / name).symlink_to(ROOT / source)
    work = folder / "work"  # a folder that shows mypy nothing by itself
    work.mkdir()

    def run(program, *args):
        command = [sys.executable, "-m", program, *map(str, args)]
        environment = {**os.environ, "MYPYPATH": str(folder), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=600)
        return done.returncode, done.stdout.splitlines()

    return run


def test_every_name_is_there_with_the_same_parameters(mypy):
    _, lines = mypy("mypy.stubtest", "--concise", "upyml", "_upyml")
    # Modules without a stub are compared with themselves; one asks for ulab, which CPython does not have. A driver's registers
    # are nobody else's.
    driver = re.compile(r"upyml\.sensors\.\S+ is not present in stub")
    names = {line.split()[0] for line in lines if not line.startswith("upyml._reference.") and not driver.match(line)}
    assert names == TYPES, "\n".join(lines)


def test_a_program_is_checked_with_them(mypy, tmp_path):
    script = tmp_path / "program.py"
    check = ("mypy", "--strict", "--follow-imports", "silent", script)  # silent: as for what is installed
    script.write_text(USER.format(method="upper()"))
    assert mypy(*check) == (0, ["Success: no issues found in 1 source file"])
    script.write_text(USER.format(method="push()"))
    status, lines = mypy(*check)
    assert status == 1 and '"str" has no attribute "push"' in lines[0]


def test_every_public_module_has_a_stub():
    """What a program imports by name, as docs/api.md lists it; the modules behind them are not for programs."""
    text = (ROOT / "docs" / "api.md").read_text()
    modules = {str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__") for path in PUBLIC}
    assert [name for name in modules if f"::: {name}" not in text] == []
    assert (ROOT / "upyml" / "py.typed").exists()
