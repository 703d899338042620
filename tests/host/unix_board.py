"""MicroPython for this computer behind a pseudo-terminal: a board for what talks to serial ports.

    with UnixBoard(folder) as board:
        connect(board.port)

Its files are those of a folder, its module `machine` is tests/device/fake_board's. Bytes on their way to the computer can
be changed: a cable that is bad.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from runtimes import PLAIN, ROOT

FAKE = ROOT / "tests" / "device" / "fake_board"


class UnixBoard:
    """cable: takes the bytes of the board as they come, gives those that arrive. program: the MicroPython to run."""

    def __init__(self, folder: Path, cable: Callable[[bytes], bytes] = bytes, program: Path = PLAIN):
        self._folder, self.cable, self._program = folder, cable, program

    def __enter__(self) -> UnixBoard:
        self._end, self._port = os.openpty()
        tty.setraw(self._port)
        self.port = os.ttyname(self._port)
        self._gone = False
        self._start()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self.unplug()
        self._thread.join()

    def unplug(self) -> None:
        """The board vanishes."""
        self._gone = True
        self._process.kill()

    def _start(self, *mode: str) -> None:
        environment = {**os.environ, "MICROPYPATH": f".frozen:{FAKE}:{self._folder}"}
        self._process = subprocess.Popen(
            [self._program, FAKE / "raw_repl.py", *mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self._folder, env=environment,
        )  # fmt: skip

    def _relay(self) -> None:
        """Bytes both ways; Ctrl-C interrupts, as on a board, and after a soft reset the board starts anew."""
        while not self._gone:
            out = self._process.stdout.fileno()
            ready, _, _ = select.select([self._end, out], [], [], 0.1)
            if self._end in ready:
                data = os.read(self._end, 4096)
                for number, part in enumerate(data.split(b"\x03")):
                    if number:
                        self._process.send_signal(signal.SIGINT)
                    if part:
                        with contextlib.suppress(BrokenPipeError):
                            self._process.stdin.write(part)
                            self._process.stdin.flush()
            if out in ready:
                data = os.read(out, 65536)
                if data:
                    self._send(self.cable(data))
                elif not self._gone:
                    self._start("raw")
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        os.close(self._port)
        os.close(self._end)

    def _send(self, data: bytes) -> None:
        while data and not self._gone:
            _, ready, _ = select.select([], [self._end], [], 0.1)
            if ready:
                data = data[os.write(self._end, data[:1024]) :]
