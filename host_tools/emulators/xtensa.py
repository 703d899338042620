"""The processor of an ESP32, emulated: MicroPython for it (ports/xtensa) as a program that qemu-xtensa runs.

The board's [emulate] table:

    heap_kb = 128       # of Python, in units of 1,024 bytes

There is no chip around the processor: the script is a file, its files are a ROMFS image, and the exit status tells how
it ended.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from host_tools import romfs
from host_tools.emulators import EmulatorError, ScriptFailed, run_program

# QEMU 7.2 computes wrongly where a block of code has several MAC16 instructions: one instruction at a time is right.
COMMAND = ("qemu-xtensa", "-cpu", "de233_fpu", "-singlestep")
RAISED = 1  # the firmware's exit status when the script raised


def run(board, script: str, files: dict[str, bytes], timeout: float = 60) -> str:
    """Runs the script with `files` below /rom and returns what it printed, "\\n" at the lines' ends.

    timeout: seconds. Raises ScriptFailed with the traceback where the script raises; EmulatorError where QEMU is
    missing, the processor stops, or the script comes to no end.
    """
    if not shutil.which(COMMAND[0]):
        raise EmulatorError(f"{COMMAND[0]} is not installed; on Debian: sudo apt-get install qemu-user")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "image.romfs").write_bytes(romfs.build(files))
        (Path(folder) / "script.py").write_text(script, encoding="utf-8")
        heap = str(board.emulate["heap_kb"] * 1024)
        firmware = [str(board.image.resolve()), "-heap", heap, "-romfs", "image.romfs", "script.py"]
        try:
            done = run_program([*COMMAND, *firmware], timeout, folder=folder)
        except subprocess.TimeoutExpired:
            text = f"{board.name}: no end after {timeout:g} s: the script hangs or needs more time"
            raise EmulatorError(text) from None
    problem = done.stderr.decode(errors="replace").strip()
    if done.returncode == RAISED and problem:
        raise ScriptFailed(problem)
    if done.returncode < 0:
        raise EmulatorError(f"{board.name}: the CPU stopped: {signal.Signals(-done.returncode).name}")
    if problem:
        raise EmulatorError(f"{board.name}: {problem.splitlines()[0]}")
    return done.stdout.decode(errors="backslashreplace")
