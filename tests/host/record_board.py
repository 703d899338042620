"""A board of this computer for `upyml record`: MicroPython that has a recording of real motion to play."""

import json
import sys

import pytest
from click.testing import CliRunner
from runtimes import PLAIN, ROOT
from unix_board import UnixBoard

from host_tools.cli import main

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import record as bench  # noqa: E402

MOTION, MOTION_COUNTS = bench.motion(8)

# A module of the board that puts a chip on its I2C bus.
CHIPS = """
import machine

class Chip(machine.{chip}):
    frame = 0

    def byte(self, register):
        if register in (0x3A, 0x72) and not self.fifo:
            self.put((self.frame, 1, 2, 3, 4, 5))
            self.frame += 1
        return machine.{chip}.byte(self, register)

machine.I2C.chips = {{{address}: Chip({who})}}
"""


@pytest.fixture
def board(tmp_path, require):
    """A board whose file walk.bin is a recording, 8 s of real motion, and the folder of its files."""
    require(PLAIN.exists(), str(PLAIN), "make unix")
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "walk.bin").write_bytes(MOTION_COUNTS.tobytes())
    (folder / "walk.json").write_text(json.dumps(MOTION))
    with UnixBoard(folder) as board:
        board.folder = folder
        yield board


def record(board, out, *options, code=0, sensor="replay::walk.bin"):
    """What the command prints."""
    options = ["--sensor", sensor, *map(str, options)]
    if "--label" not in options:
        options += ["--label", "walk"]
    done = CliRunner().invoke(main, ["record", "--port", board.port, "--output", str(out), *options], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def refused(board, out, *options, code, sensor="replay::walk.bin"):
    """The one sentence of a recording that is none; no file was made."""
    before = {path: path.read_bytes() for path in out.parent.glob("*.*")}
    said = record(board, out, *options, code=code, sensor=sensor).stderr.splitlines()
    assert {path: path.read_bytes() for path in out.parent.glob("*.*")} == before
    assert len(said) == 1 or "Usage: " in said[0]
    return said[-1]
