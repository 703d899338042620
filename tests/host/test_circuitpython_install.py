"""ports/circuitpython/install.py on a folder that stands for a board's drive."""

import os
import shutil
import subprocess
import sys

import pytest
import small_models
from runtimes import ROOT, STAND_IN

from host_tools.deploy import bundle


def install(*args):
    """The program's exit status, stdout and stderr."""
    command = [sys.executable, ROOT / "ports" / "circuitpython" / "install.py", *args]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def drive(tmp_path):
    """A drive as CircuitPython makes it."""
    folder = tmp_path / "CIRCUITPY"
    (folder / "lib").mkdir(parents=True)
    (folder / "boot_out.txt").write_text("Adafruit CircuitPython 10.2.1 on 2026-01-01; Raspberry Pi Pico with rp2040\n")
    return folder


@pytest.fixture
def model(tmp_path):
    """A file with a model and its test vectors."""
    path = tmp_path / "gesture.upm"
    path.write_bytes(small_models.with_vectors(small_models.gesture))
    return path


@pytest.mark.parametrize("options", [(), ("--no-ulab",)], ids=["ulab", "plain"])
def test_what_is_on_the_drive_is_enough(drive, model, options):
    code = "import sys, upyml\nmodel = upyml.load(sys.argv[1])\nprint(upyml.__file__, model.selftest())"
    (drive.parent / "code.py").write_text(code)
    assert install(drive, model, drive.parent / "code.py")[0] == 0
    command = [*STAND_IN, *options, drive / "code.py", drive / "gesture.upm"]
    environment = os.environ | {"PYTHONPATH": str(drive / "lib")}
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
    assert done.stdout == f"{drive}/lib/upyml/__init__.py True\n", done.stderr


def test_only_what_changed_is_written(drive, model):
    assert install(drive, model) == (0, f"{len(bundle.sources()) + 1} files written to {drive}\n", "")
    assert install(drive, model) == (0, f"{drive} has it all: nothing written\n", "")
    (drive / "lib" / "upyml" / "model.py").write_text("changed")
    assert install(drive, model) == (0, f"1 file written to {drive}\n", "")
    assert not list(drive.rglob("*.new"))


def test_another_folder_is_refused(tmp_path, model):
    status, _, said = install(tmp_path, model)
    assert status == 10
    assert said == f"{tmp_path} has no boot_out.txt of CircuitPython: name the drive CIRCUITPY of the board\n"
    assert [path.name for path in tmp_path.iterdir()] == [model.name]


def test_a_missing_file_is_told_before_anything_is_written(drive):
    status, _, said = install(drive, drive / "none.upm")
    assert (status, said) == (2, f"no such file: {drive / 'none.upm'}\n")
    assert not list((drive / "lib").iterdir())


def test_a_drive_that_cannot_be_written_is_told(drive):
    shutil.rmtree(drive / "lib")
    (drive / "lib").write_text("a file where a folder should be")
    status, _, said = install(drive)
    assert status == 17
    assert said.startswith(f"cannot write {drive}/lib/upyml/") and said.count("\n") == 1
