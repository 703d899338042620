"""Boards as data: every file of ports/boards is complete, and what is built keeps within its bounds."""

import sys

import pytest
from runtimes import ROOT

from host_tools import boards, package_files
from host_tools.deploy import bundle

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import sizes  # noqa: E402

KB = 1024


@pytest.mark.parametrize("board", boards.all().values(), ids=lambda board: board.name)
def test_a_board_is_described_whole(board):
    assert board.title and board.mcu and board.cpu
    assert (board.clock_mhz > 0 or not board.flash) and board.flash_kb > 0 and board.ram_kb > 0
    assert board.arch in ("", *package_files.ARCHS)
    if board.build:
        assert (ROOT / "ports" / board.build["with"] / "build.sh").exists()
        assert board.image.parent == ROOT / "build" / "boards" / board.name
    if board.emulate:
        assert board.build, "an emulator needs firmware"
        assert (ROOT / "host_tools" / "emulators" / f"{board.emulate['with']}.py").exists()


def test_an_unknown_board_is_a_sentence():
    with pytest.raises(boards.UnknownBoard, match="there is no board 'pico3'; the boards are .*pico, "):
        boards.get("pico3")
    with pytest.raises(boards.UnknownBoard):
        boards.get("../boards/pico")


@pytest.mark.parametrize("text", ["title = ", "title = 'x'", "colour = 'red'"])
def test_a_file_that_describes_no_board_is_a_sentence(text, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(text)
    monkeypatch.setattr(package_files, "boards", lambda: tmp_path)
    with pytest.raises(ValueError, match="mine.toml: not a board's description: "):
        boards.get("mine")


@pytest.mark.parametrize("arch", ["armv6m"])
def test_a_native_module_leaves_room_for_models(arch, require):
    """It lies in RAM, where a Pico has 240 KB for everything."""
    found = sizes.native_modules()
    require(arch in found, f"the native module for {arch}", "make natmods")
    assert found[arch] <= 24 * KB


def test_the_engine_is_small(require):
    found = sizes.engine_text()
    require("pico" in found, "the Pico's firmware", "make boards")
    assert 10 * KB < found["pico"] < 24 * KB


def test_the_python_side_is_small():
    """As .mpy files, those that a board with the engine in C needs."""
    files = bundle.files(None)
    needed = {path: data for path, data in files.items() if "_reference" not in path and "check" not in path}
    assert sum(map(len, needed.values())) < 20 * KB
