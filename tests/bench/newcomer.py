"""Goes a newcomer's way and writes its log: docs/newcomer.md, from a bare clone to answers of an emulated Pico.

    python tests/bench/newcomer.py [--python /path/to/python3.11]

Everything happens in an empty folder with an empty HOME: nothing that was fetched or built before is there, but for the
Debian packages that the system has. The clone is one of this checkout, so only what is committed takes part. It takes
some minutes and 3 GB of disk. A step that fails ends it, and the page stays as it was. Run it on
a computer that does nothing else: the page tells the load that it found.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "newcomer.md"
BUSY = 100_000  # bytes a second from which on a second counts as one of downloading


@dataclass(frozen=True)
class Step:
    """A command as a newcomer types it in the clone; `keep`: a pattern of the lines of its output that the page shows."""

    title: str
    command: str
    keep: str = "$^"
    least: int = 0  # lines that the pattern has to find


STEPS = (
    Step("Python, TensorFlow, tools", "make setup"),
    Step("the C engine, for this computer and for the Pico", "make native natmod-armv6m"),
    Step("train a model, convert it", "examples/gesture/make_model.sh", r"(float model|build/gesture|planned|checked)", 3),
    Step("MicroPython for the Pico", "python ports/build.py pico-stock"),
    Step("an emulated Pico", "upyml emulate pico-stock"),
    Step("what is there?", "upyml boards --port PORT", "Pico", 1),
    Step("upyml, model and program onto it",
         "upyml deploy build/gesture/gesture.upm --main examples/gesture/main.py --port PORT", ".", 5),
    Step("a recording to listen to", "mpremote connect PORT fs cp examples/gesture/recording.bin examples/gesture/recording.json :"),
    Step("run", "mpremote connect PORT exec 'import main; main.main(\"gesture.upm\", \"recording.bin\")'", r"^ +\d+ s  \w+ +\d+ %$", 30),
)  # fmt: skip


class Meter:
    """What goes on while the `with` block runs: .elapsed and .busy, seconds by the clock and of a processor that computes for
    it; .bytes that arrive over the network, and .seconds in which they were many."""

    def __enter__(self):
        self.bytes = self.seconds = 0
        self._started, self._used = time.monotonic(), self._processor()
        self._first = self._last = self._received()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self.elapsed, self.busy = time.monotonic() - self._started, self._processor() - self._used
        self._stop.set()
        self._thread.join()
        self.bytes = self._received() - self._first

    def _watch(self):
        while not self._stop.wait(0.5):
            now = self._received()
            self.seconds += 0.5 * (now - self._last > BUSY / 2)
            self._last = now

    @staticmethod
    def _processor() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    @staticmethod
    def _received() -> int:
        lines = Path("/proc/net/dev").read_text().splitlines()[2:]
        return sum(int(line.split(":")[1].split()[0]) for line in lines if not line.strip().startswith("lo:"))


def environment(home: Path, clone: Path, python: str) -> dict[str, str]:
    """What a newcomer's shell has: an empty HOME, and the environment that `make setup` makes in the PATH."""
    dropped = ("PYTHON", "PIP_FIND", "PIP_CACHE", "UPYML", "MICROPY", "XDG", "VIRTUAL_ENV", "MAKE", "MFLAGS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return kept | {"HOME": str(home), "PYTHON": python, "PATH": f"{clone}/build/venv/bin:{os.environ['PATH']}"}


def went(folder: Path, python: str) -> list[tuple[Step, Meter, list[str]]]:
    """Each step with what it took, and the lines to show."""
    home, clone = folder / "home", folder / "upyml"
    home.mkdir()
    with Meter() as meter:
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    done = [(Step("the sources", "git clone URL upyml && cd upyml"), meter, [])]
    shell = environment(home, clone, python)
    port, emulator = "", None
    try:
        for step in STEPS:
            print(f"{step.title}: {step.command}", file=sys.stderr, flush=True)
            command = step.command.replace("PORT", port)
            with Meter() as meter:
                if command.startswith("upyml emulate"):
                    emulator = subprocess.Popen(command.split(), cwd=clone, env=shell, stdout=subprocess.PIPE, text=True)
                    output = emulator.stdout.readline()
                    port = re.search(r" at (\S+),", output)[1]
                else:
                    output = _run(command, clone, shell)
            lines = [line.rstrip() for line in output.splitlines() if re.search(step.keep, line)]
            if len(lines) < step.least:
                sys.exit(f"{step.command} printed something else:\n{output}")
            done.append((step, meter, [_clean(line, clone, port) for line in lines]))
            print(f"    {meter.elapsed:.1f} s, {meter.bytes / 1e6:.0f} MB", file=sys.stderr, flush=True)
    finally:
        if emulator:
            emulator.terminate()
            emulator.wait()
    return done


def _run(command: str, folder: Path, shell: dict[str, str]) -> str:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stdout}")
    return done.stdout.replace("\r", "\n")


def _clean(line: str, clone: Path, port: str) -> str:
    line = line.replace(f"{clone}/", "")
    return line.replace(port, "PORT") if port else line


def page(done, load: float) -> str:
    """The log, Markdown. load: programs that wanted a processor at the start."""
    total, busy, waited, fetched = (
        sum(getattr(meter, name) for _, meter, _ in done) for name in ("elapsed", "busy", "seconds", "bytes")
    )
    setup = next(meter.elapsed for step, meter, _ in done if step.command == "make setup")
    rows = [
        f"| {step.title} | `{step.command}` | {meter.elapsed:.1f} | {meter.busy:.1f} | {meter.seconds:.1f} | "
        f"{meter.bytes / 1e6:,.1f} |"
        for step, meter, _ in done
    ]
    shown = "\n\n".join(f"```text\n$ {step.command}\n" + "\n".join(lines) + "\n```" for step, _, lines in done if lines)
    return TEXT.format(
        total=_minutes(total), setup=_minutes(setup), share=100 * setup / total, fetched=fetched / 1e6,
        waited=_minutes(waited), rows="\n".join(rows), sum=total, sum_busy=busy, sum_waited=waited, shown=shown,
        machine=_machine(), load=load,
    )  # fmt: skip


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    name = f" ({model[1].split('@')[0].strip()})" if model else ""
    system = re.search(r'PRETTY_NAME="(.*?)"', Path("/etc/os-release").read_text())[1]
    return f"{os.cpu_count()} cores{name}, {system}"


TEXT = """\
# A newcomer's way

From an empty folder to a model that answers on an emulated Pico: **{total}**. `make setup` takes {setup} of it
({share:.0f} %): it installs TensorFlow. {fetched:,.0f} MB came over the network; {waited} went by while they did.

This page is a log. `python tests/bench/newcomer.py` goes the same way again and writes it anew.

The computer: {machine}. Other programs ran on it
at the same time, load {load:.1f} at the start. The folder and HOME were empty: no caches. The Debian
packages were installed already: git, make, gcc, python3.11-dev, python3.11-venv, cmake, gcc-arm-none-eabi,
libnewlib-arm-none-eabi, libstdc++-arm-none-eabi-newlib, nodejs, npm. The clone came from the same disk.

| step | command | seconds | a processor's seconds | seconds of downloading | MB fetched |
| --- | --- | ---: | ---: | ---: | ---: |
{rows}
| **all** | | **{sum:.1f}** | **{sum_busy:.1f}** | **{sum_waited:.1f}** | **{fetched:,.1f}** |

Where a processor's seconds are fewer than those by the clock, the step waited: for the network, or for other programs. A second counts as one of downloading where more than 100 KB arrived in it. `PORT` is what `upyml emulate` prints, such as
`/dev/pts/3`; it runs in a terminal of its own. `build/venv/bin` has to be in the PATH: `. build/venv/bin/activate`.

With a real Pico the steps "MicroPython for the Pico" and "an emulated Pico" fall away: plug it in, and leave `--port` out.

## What it printed

The last lines are the answers: one a second of the recording, computed by the Pico. The recording is ten seconds each of
walking, standing, badminton and running.

{shown}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=getattr(sys, "_base_executable", sys.executable), help="a Python 3.11")
    folder = Path(tempfile.mkdtemp(prefix="newcomer-"))
    try:
        python, load = parser.parse_args().python, os.getloadavg()[0]
        PAGE.write_text(page(went(folder, python), load))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
