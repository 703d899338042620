"""`upyml emulate`: a port like a board's, until Ctrl-C."""

import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from host_tools import boards
from host_tools.cli import main

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
        ("pico3", 3, "upyml: there is no board 'pico3'; the boards are "),
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
    assert done.exit_code == 21 and done.stderr == f"upyml: the firmware {tmp_path}/pico/firmware.uf2 is not built: make boards\n"
