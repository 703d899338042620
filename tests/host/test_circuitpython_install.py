"""ports/circuitpython/install.py on a folder that stands for a board's drive."""

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_models
from runtimes import ROOT, STAND_IN

from host_tools.deploy import bundle, errors

INSTALL = ROOT / "ports" / "circuitpython" / "install.py"


def install(*args):
    """The program's exit status, stdout and stderr."""
    command = [sys.executable, INSTALL, *args]
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
    assert (status, said) == (2, f"cannot read {drive / 'none.upm'}: No such file or directory\n")
    assert not list((drive / "lib").iterdir())


def test_a_folder_is_no_file_to_copy(drive):
    assert install(drive, drive.parent) == (2, "", f"cannot read {drive.parent}: Is a directory\n")
    assert not list((drive / "lib").iterdir())


def test_a_file_in_the_way_is_told(drive):
    shutil.rmtree(drive / "lib")
    (drive / "lib").write_text("a file where a folder should be")
    status, _, said = install(drive)
    assert status == 17
    assert said.startswith(f"cannot write {drive}/lib/upyml/") and said.count("\n") == 1
    assert said.endswith("a file is where a folder should be, or a folder where a file: remove it\n")


def test_a_folder_in_the_way_is_told_and_nothing_is_left_half_written(drive, model):
    (drive / model.name / "inside").mkdir(parents=True)
    status, _, said = install(drive, model)
    assert status == 17 and said.startswith(f"cannot write {drive / model.name} (Is a directory): ")
    assert not list(drive.rglob("*.new"))


@pytest.mark.parametrize(
    "number, code, advice",
    [
        (errno.ENOSPC, 15, "remove files from the drive"),
        (errno.EROFS, 17, "storage.remount"),
        (errno.EACCES, 17, "storage.remount"),
        (errno.EIO, 14, "plug the board in again"),
    ],
)
def test_what_the_system_says_is_told_for_what_it_is(drive, monkeypatch, number, code, advice):
    """The drive takes a part of each file and no more."""
    write = Path.write_bytes

    def fail(path, content):
        write(path, content[:10])
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(errors.DeployError, match=advice) as told:
        program().install(drive, [])
    assert told.value.code == code and os.strerror(number) in str(told.value)
    assert not [path for path in (drive / "lib").rglob("*") if path.is_file()]


def program():
    """ports/circuitpython/install.py as a module."""
    spec = importlib.util.spec_from_file_location("circuitpython_install", INSTALL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
