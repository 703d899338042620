"""What a terminal shows while `upyml record` records."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from record_board import board  # noqa: F401

from host_tools.record import live
from host_tools.record.board import Facts
from host_tools.record.packets import Loss


def dots(lines, columns):
    """Where a picture has dots: (column, row from the top)."""
    found = set()
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            for column, bits in enumerate(((1, 2, 4, 64), (8, 16, 32, 128))):
                found |= {(2 * x + column, 4 * y + row) for row, bit in enumerate(bits) if (ord(cell) - 0x2800) & bit}
    assert all(len(line) == columns for line in lines)
    return found


def test_a_curve_in_braille():
    assert dots(live.braille(np.arange(8), 4, 2), 4) == {(i, 7 - i) for i in range(8)} | {(i, 8 - i) for i in range(1, 8)}
    assert dots(live.braille(np.full(100, 7), 4, 2), 4) == {(i, 4) for i in range(8)}
    assert dots(live.braille(np.array([0, 1]), 4, 2), 4) == {(6, 7), *((7, row) for row in range(8))}
    assert dots(live.braille(np.zeros(0), 4, 2), 4) == set()
    swing = np.tile(np.array([-32768, 32767], np.int16), 400)
    assert dots(live.braille(swing, 4, 2), 4) == {(x, y) for x in range(8) for y in range(8)}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_picture_fits_the_terminal(width):
    from rich.console import Console

    facts = Facts(("ax", "sound"), ("m/s2", "FS"), (0.1, 1 / 32768), 100.0)
    shown = live.Live(facts, "wave", 10, quiet=True)
    shown._recent.append(np.array([[100, 32767]] * 300, np.int16))
    console = Console(width=width, record=True, file=open(os.devnull, "w"))
    console.print(shown.picture(width, Loss(packets=2)))
    lines = console.export_text().splitlines()
    assert len(lines) == 1 + 2 * live.HEIGHT and max(map(len, lines)) <= width
    assert "wave: 0.0 of 10 s" in lines[0] and "10 " in lines[1] and "full" in lines[3]


@pytest.mark.slow
def test_a_terminal_sees_it_live(board, tmp_path):
    """On a terminal the picture is drawn on standard error; what is printed to standard output is as without."""
    end, terminal = os.openpty()
    command = [sys.executable, "-m", "host_tools", "record", "--port", board.port, "--sensor", "replay::walk.bin", "--seconds", "2"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*command, "--label", "waving", "--output", tmp_path / "got.npz"], stdout=subprocess.PIPE, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        drawn = b""
        try:
            while True:
                drawn += os.read(end, 4096)
        except OSError:  # its other end is closed
            pass
        out = process.stdout.read().decode()
    os.close(end)
    text = drawn.decode(errors="replace")
    assert process.returncode == 0 and "waving: 2.0 s, 200 frames" in out
    assert "waving: 1." in text and "Ctrl-C ends it" in text and "rad/s" in text
    assert len(set(re.findall("[\u2801-\u28ff]", text))) > 20
