"""Cycles of a model on the Cortex-M0+ of an RP2040, counted in rp2040js: without wait states of memory, also of flash.

    python -m host_tools.emulators.cycles MODEL.upm OUT.elf [RUNS [MODEL_AT]]

only writes the program, for another emulator.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools import package_files
from host_tools.emulators import TIED, EmulatorError, bare, rp2040js
from upyml.format import decode
from upyml.format.explain import explain

# What a read from flash takes that the chip's cache does not have, an estimate: a line of 8 bytes comes through four
# wires at half the processor's clock, 28 of its cycles with the address, and through the bus.
MISS_CYCLES = 60

HARNESS = Path(__file__).with_name("rp2040js_bare.mjs")


class DoesNotFit(ValueError):
    """The model's arena is larger than the RAM; the message has both sizes."""


class WrongOutputs(AssertionError):
    """The emulated processor computes other outputs than the engine here: a fault of upyml's."""


@dataclass(frozen=True)
class Cycles:
    """What was counted.

    ops: cycles of each op; of a fused group all are at its first op. run: of a whole run without anything between the
    ops; misses: reads from flash in it that the chip's cache would not have had, for which the cycles count nothing.
    check: of the check at loading, CRC-32 included. arena: bytes of RAM it ran in.
    """

    ops: list[int]
    run: int
    misses: int
    check: int
    arena: int


def missing() -> str:
    """Why nothing can be counted here, in a sentence with the remedy; "" where it can."""
    if not rp2040js.package():
        return "cycles are counted in rp2040js, which is not here: install Node.js and run `npm install -g rp2040js`"
    if not package_files.bare().is_file():
        return f"{package_files.bare()} is not built: run `make bare`"
    return ""


def count(model: bytes, progress: Callable[[int, int], None] | None = None, timeout: float = 600) -> Cycles:
    """Runs the model, with inputs as test vectors have them, and counts; a second of time for 30 million cycles.

    progress: called with (ops done, all ops). timeout: seconds. Raises upyml.ModelError where the model is none,
    DoesNotFit, WrongOutputs, and EmulatorError where there is no emulator or it fails.
    """
    if why := missing():
        raise EmulatorError(why)
    program = bare.program(package_files.bare().read_bytes(), model)
    spans, misses, texts = {}, {}, []
    steps = 2 * decode.header(model)["op_count"]  # op by op, then all of them at once
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.elf"
        path.write_bytes(program.elf)
        with _lines(["node", HARNESS, rp2040js.package(), path], timeout) as lines:
            for line in lines:
                told = json.loads(line)
                if "text" in told:
                    texts.append(told["text"].rstrip("\n"))
                else:
                    spans[told["name"]], misses[told["name"]] = told["cycles"], told["misses"]
                    if progress:
                        progress(sum(name.startswith("op ") for name in spans), steps)
    numbers = [line.split() for line in texts]
    if numbers[0][0] == "error":
        raise EmulatorError(explain(int(numbers[0][1]) - (1 << 32), model))
    arena = int(numbers[0][1])
    if texts[-1] == "no room":
        raise DoesNotFit(f"the model needs {arena:,} bytes of RAM, and there are {program.room:,}")
    expected = [str(binascii.crc32(output)) for output in program.outputs]
    if [words[1] for words in numbers if words[:1] == ["crc"]] != 2 * expected:
        raise WrongOutputs("the emulated processor computes other outputs than the engine here")
    ops = [spans[f"op {i}"] for i in range(steps // 2)]
    return Cycles(ops, spans["run"], misses["run"], spans["check"], arena)


@contextlib.contextmanager
def _lines(command, timeout: float):
    """The lines that the harness prints, while it runs. Raises EmulatorError where it fails or does not end."""
    process = subprocess.Popen(
        [*TIED, *command], start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.start()
    try:
        yield process.stdout
        said = process.stderr.read()
        process.wait()
    finally:
        timer.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    if late.is_set():
        raise EmulatorError(f"no end after {timeout:g} s")
    if said:
        raise EmulatorError(f"rp2040js stopped: {_reason(said)}")


def _reason(said: str) -> str:
    return next((line for line in said.splitlines() if line.startswith("Error")), said.strip().splitlines()[-1])


def main(model: str, out: str, runs: str = "1", model_at: str = hex(bare.FLASH_DATA)) -> None:
    program = bare.program(package_files.bare().read_bytes(), Path(model).read_bytes(), int(runs), 1, int(model_at, 0))
    Path(out).write_bytes(program.elf)
    print(f"{out}: room for an arena of {program.room}; CRC-32", *map(binascii.crc32, program.outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
