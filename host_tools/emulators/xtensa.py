"""The processor of an ESP32, emulated: MicroPython for it (ports/xtensa) as a program that qemu-xtensa runs.

The board's [emulate] table:

    heap_kb = 128       # of Python, in units of 1,024 bytes

There is no chip around the processor: the script is a file, its files a ROMFS image, and the exit status tells how it ended.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from host_tools import romfs
from host_tools.emulators import EmulatorError, ScriptFailed

# QEMU 7.2 computes wrongly with MAC16 where a block of code has several such instructions: one at a time is right.
COMMAND = ("qemu-xtensa", "-cpu", "de233_fpu", "-singlestep")
RAISED = 1  # the firmware's exit status when the script raised


def run(board, script: str, files: dict[str, bytes], timeout: float = 60) -> str:
    """Runs the script with `files` below /rom and returns what it printed, "\\n" at the lines' ends.

    timeout: seconds. Raises ScriptFailed with the traceback where the script raises; EmulatorError where QEMU is missing,
    the processor stops, or the script comes to no end.
    """
    if not shutil.which(COMMAND[0]):
        raise EmulatorError(f"{COMMAND[0]} is not installed; on Debian: sudo apt-get install qemu-user")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "image.romfs").write_bytes(romfs.build(files))
        (Path(folder) / "script.py").write_text(script, encoding="utf-8")
        heap = str(board.emulate["heap_kb"] * 1024)
        firmware = [str(board.image.resolve()), "-heap", heap, "-romfs", "image.romfs", "script.py"]
        out, err, status = _run([*COMMAND, *firmware], folder, timeout)
    if status == RAISED and err:
        raise ScriptFailed(err.strip())
    if status < 0:
        raise EmulatorError(f"{board.name}'s processor stopped: {COMMAND[0]} ended with {signal.Signals(-status).name}")
    if err:
        raise EmulatorError(f"{board.name}: {err.strip()}")
    return out


def _run(command: list[str], folder: str, timeout: float) -> tuple[str, str, int]:
    """Stdout, stderr and exit status of a command, of which nothing is left running."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise EmulatorError(f"the script came to no end after {timeout} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), process.returncode
