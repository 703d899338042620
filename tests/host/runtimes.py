"""The runtimes that upyml works on, as one list: each runs a script and gives back what it printed.

    from runtimes import RUNTIMES
    for runtime in RUNTIMES:
        print(runtime.name, runtime.run("import upyml; print(upyml.__version__)"))
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from host_tools import boards, emulators, package_files
from host_tools.boards import Board
from host_tools.deploy import bundle, drivers

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


RAN: list[tuple[str, str]] = []  # (runtime, script) of each run of a script file; conftest.py makes a table of them


class ScriptError(AssertionError):
    """A script ended with an error or in no time; the message has the command or the board, and what was on stderr."""


@dataclass(frozen=True)
class Runtime:
    """One way to run a Python script that imports upyml.

    `native` tells whether `_upyml` (the C engine) is there; without it upyml runs on its plain Python engine.
    `emulated` is False: this computer runs it by itself, with files and any heap; see BoardRuntime.
    """

    emulated = False

    name: str
    command: tuple[str, ...]
    native: bool
    micropython: bool
    path: tuple[Path, ...] = ()  # import folders before the checkout itself
    needs: tuple[Path, ...] = ()  # files that `make` builds
    environment: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str:
        """Names what has to be built before this runtime works; empty when it is ready."""
        return ", ".join(str(path.relative_to(ROOT)) for path in self.needs if not path.exists())

    def run(self, script, args=(), cwd=None, heap=None, timeout=600, whole=False) -> str:
        """Runs a script and returns its stdout as text.

        script: a path (a Path, or text ending in .py), or source text.
        args: what stands in sys.argv[1:].
        heap: MicroPython's heap in bytes (None: its default, about 2 MB); CPython has no such limit.
        timeout: seconds.
        whole: with an engine that has all ops; here it always has.
        Raises ScriptError if the script fails or takes longer.
        """
        source = None if isinstance(script, Path) or str(script).endswith(".py") else script
        if source is None:
            RAN.append((self.name, Path(script).name))
        with tempfile.TemporaryDirectory() as folder:
            if source is not None:
                script = Path(folder) / "script.py"
                script.write_text(source)
            options = ["-X", f"heapsize={heap}"] if heap and self.micropython else []
            command = [*self.command, *options, str(script), *map(str, args)]
            try:
                done = subprocess.run(
                    command, cwd=cwd, env=self._environment(), capture_output=True, text=True, timeout=timeout
                )
            except OSError as error:
                set_by = ": UPYML_CIRCUITPYTHON names it" if self.command[0] == CIRCUITPYTHON else ""
                text = f"{self.name}: {self.command[0]} does not run here ({error.strerror}){set_by}"
                raise ScriptError(text) from None
            except subprocess.TimeoutExpired:
                raise ScriptError(f"{self.name}: no end after {timeout} s: {' '.join(command)}") from None
        if done.returncode:
            raise ScriptError(f"{self.name}: status {done.returncode}: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(map(str, (*self.path, ROOT)))
        return {**os.environ, "MICROPYPATH": f".frozen:{path}", "PYTHONPATH": path, **self.environment}


UNIX = BUILD / "unix" / "micropython"  # has the module in it
PLAIN = BUILD / "unix-plain" / "micropython"  # has not
BOARD = BUILD / "unix-board" / "micropython"  # has; numbers as on a board: words of 32 bits, floats of 30
REFERENCE = {"UPYML_ENGINE": "reference"}  # read by the scripts' own helper, tests/device/_engine.py
NATMOD = BUILD / "natmod" / "x64"

# The stand-in for CircuitPython, and a real one for this computer where UPYML_CIRCUITPYTHON names its program.
STAND_IN = (sys.executable, str(ROOT / "tests" / "circuitpython" / "circuitpython.py"))
CIRCUITPYTHON = os.environ.get("UPYML_CIRCUITPYTHON")

# What `python -m micropython_unix` does, except that it loses the script's exit status.
PYPI = "import sys, micropython_run; sys.exit(micropython_run.run_main(sys.argv))"

COMPUTER = (
    Runtime("cpython", (sys.executable,), native=True, micropython=False),
    Runtime(
        "cpython-reference",
        (sys.executable,),
        native=False,
        micropython=False,
        environment=REFERENCE,
    ),
    Runtime("unix-module", (str(UNIX),), native=True, micropython=True, needs=(UNIX,)),
    Runtime(
        "unix-mpy",
        (str(PLAIN),),
        native=True,
        micropython=True,
        path=(NATMOD,),
        needs=(PLAIN, NATMOD / "_upyml.mpy"),
    ),
    Runtime("unix-reference", (str(PLAIN),), native=False, micropython=True, needs=(PLAIN,)),
    Runtime("board-module", (str(BOARD),), native=True, micropython=True, needs=(BOARD,)),
    Runtime("board-reference", (str(BOARD),), native=False, micropython=True, needs=(BOARD,), environment=REFERENCE),
    Runtime(
        "pypi-mpy",
        (sys.executable, "-c", PYPI),
        native=True,
        micropython=True,
        path=(NATMOD,),
        needs=(NATMOD / "_upyml.mpy",),
    ),
    Runtime("circuitpython", STAND_IN, native=False, micropython=False),
    Runtime("circuitpython-plain", (*STAND_IN, "--no-ulab"), native=False, micropython=False),
)
if CIRCUITPYTHON:
    # CircuitPython's unix build takes MicroPython's options and MICROPYPATH.
    COMPUTER += (Runtime("circuitpython-real", (CIRCUITPYTHON,), native=False, micropython=True),)


@dataclass(frozen=True)
class BoardRuntime:
    """An emulated board; run() takes what Runtime.run takes, but a board has the heap it has.

    engine: "module" (in the firmware), "mpy" (instead of it the lightest native module that runs the models among the
    arguments), or "files" (a firmware without upyml: the Python files and the native module are copied there, as `upyml
    deploy` does).
    """

    board: Board
    engine: str

    emulated = True
    native = True
    micropython = True
    environment = {}

    @property
    def name(self) -> str:
        return self.board.name if self.engine == "module" else f"{self.board.name}-{self.engine}"

    @property
    def slow(self) -> bool:
        """Cycle by cycle, some million a second; QEMU runs hundreds of millions of instructions."""
        return self.board.emulate["with"] == "rp2040"

    @property
    def in_place(self) -> bool:
        """Whether a model's file is used where it lies in flash; else it has to fit into RAM."""
        return "romfs" in self.board.emulate or "files" not in self.board.emulate

    def missing(self) -> str:
        """Names what has to be built before this runtime works; empty when it is ready."""
        needs = [self.board.image]
        if self.engine != "module":
            needs += [BUILD / "natmod" / name / "_upyml.mpy" for name in package_files.forms(self.board.natmod)]
        return ", ".join(str(path.relative_to(ROOT)) for path in needs if not path.exists())

    def run(self, script, args=(), cwd=None, heap=None, timeout=600, whole=False) -> str:
        """Runs a script and returns its stdout as text. Files among the args (a Path) go along and are named by their names;
        with a .bin its .json. Drivers of sensors that the script imports are in the firmware, or go along, too.

        cwd and heap mean nothing to a board. whole: with the native module that has all ops, where it is one, not the
        lightest. Raises ScriptError if the script fails or takes longer.
        """
        files = {path.name: path.read_bytes() for path in args if isinstance(path, Path)}
        headers = (path.with_suffix(".json") for path in args if isinstance(path, Path) and path.suffix == ".bin")
        files |= {path.name: path.read_bytes() for path in headers if path.exists()}
        if isinstance(script, Path):
            RAN.append((self.name, script.name))
            files |= {path.name: path.read_bytes() for path in script.parent.glob("_*.py")}
        engine = self.board.natmod if whole and self.engine == "mpy" else self.engine
        if engine == "files":
            engine = "module"
            files |= {f"lib/{path}": content for path, content in bundle.files(self.board.arch).items()}
            source = script.read_bytes() if isinstance(script, Path) else script
            files |= {f"lib/{path}": content for path, content in drivers.files(source).items()}
        args = [path.name if isinstance(path, Path) else path for path in args]
        try:
            return emulators.run(self.board, script, args, files, engine, timeout)
        except emulators.EmulatorError as error:
            raise ScriptError(f"{self.name}: {error}") from None


def _on(board: Board):
    """The runtimes on an emulated board."""
    if not board.build.get("upyml", True):
        return [BoardRuntime(board, "files")]
    runtimes = [BoardRuntime(board, "module")]
    if board.arch and not runtimes[0].slow:  # on a slow one the firmware without upyml shows native modules
        runtimes.append(BoardRuntime(board, "mpy"))
    return runtimes


BOARDS = tuple(one for board in boards.all().values() if board.emulate for one in _on(board))
RUNTIMES = COMPUTER + BOARDS


def runtime(name: str) -> Runtime | BoardRuntime:
    """The runtime of that name."""
    return next(one for one in RUNTIMES if one.name == name)
