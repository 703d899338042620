"""Boards that this computer emulates: run(board, script, ...) boots one and gives back what the script printed there.

Each emulator is a module of this package, named by `with` in the board's [emulate] table; it has

    run(board, script, files, timeout) -> str

that boots board.image with `files` (contents by path) readable below /rom, runs the script (source text) as __main__
and returns its stdout with "\\n" as line ends. It raises ScriptFailed with the board's traceback where the script
raises, EmulatorError where the emulator is missing or does not end in time; SystemExit is a normal end. Nothing goes on
running after it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from host_tools import package_files
from upyml.format import decode, layout

# Before the script: where it finds its files, modules and arguments; and which engine `import _upyml` gives.
PREAMBLE = """import os, sys
sys.argv[:] = {argv!r}
os.chdir("/rom")
for folder in ("/rom", "/rom/lib"):
    if folder not in sys.path:
        sys.path.append(folder)
{engine}"""

ENGINES = {
    "module": "",  # the one in the firmware
    # The module in the firmware would be found before a file of its name.
    "mpy": "import engine_mpy\nsys.modules['_upyml'] = engine_mpy\n",
    "reference": "import upyml._reference\nsys.modules['_upyml'] = upyml._reference\n",
}


# Before an emulator's command: however this process ends, that one ends too (where the system can do so).
TIED = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()


class EmulatorError(RuntimeError):
    """The emulator is not there, or the board did not come to an end; the message says what to do."""


class ScriptFailed(EmulatorError):
    """The script raised on the board; the message is the board's traceback."""


def run(board, script, args=(), files=None, engine="module", timeout: float = 60) -> str:
    """Runs a script on an emulated board and returns what it printed.

    board: a Board with an [emulate] table whose image is built. script: a Path, or source text. args: sys.argv[1:].
    files: contents by path, which the script finds in its current folder, /rom; modules among them can be imported.
    engine: "module" (the firmware's), "reference" (the one in Python), "mpy" (the lightest native module that runs the
    models among the files, as `upyml deploy` would bring; without any, the one that runs all), or a native module by its
    name, one of package_files.ARCHS. timeout: seconds. Raises EmulatorError, ScriptFailed.
    """
    if not board.emulate:
        raise EmulatorError(f"nothing emulates the board {board.name}")
    if not board.image.exists():
        raise EmulatorError(f"{board.image} is not built: make boards")
    name = "script.py"
    if isinstance(script, Path):
        name, script = script.name, script.read_text(encoding="utf-8")
    files = dict(files or {})
    if engine == "mpy":
        engine = package_files.lightest(board.natmod, _engine_version(files))
    if engine in package_files.ARCHS:
        files["engine_mpy.mpy"] = package_files.natmod(engine).read_bytes()
        engine = "mpy"
    preamble = PREAMBLE.format(argv=[name, *map(str, args)], engine=ENGINES[engine])
    emulator = importlib.import_module(f"host_tools.emulators.{board.emulate['with']}")
    # On the line of a script's docstring, so that a traceback's line numbers are the file's.
    join = "; " if script.startswith('"""') else "\n"
    return emulator.run(board, f"exec({preamble!r}){join}{script}", files, timeout)


def _engine_version(files: dict[str, bytes]) -> int:
    """What all models among the files ask for."""
    models = [content for name, content in files.items() if name.endswith(".upm") and len(content) >= decode.HEADER_SIZE]
    return max((decode.header(model)["engine_version"] for model in models), default=layout.ENGINE_VERSION)


def run_program(command, timeout: float, given: bytes = b"", folder=None) -> subprocess.CompletedProcess:
    """What became of an emulator's command, which gets `given` on its stdin; nothing of it is left running.

    timeout: seconds. Raises subprocess.TimeoutExpired.
    """
    process = subprocess.Popen(
        [*TIED, *command], cwd=folder, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = process.communicate(given, timeout=timeout)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(command, process.returncode, out, err)
