"""What a model's run takes on an emulated processor, counted: cycles of a Cortex-M0+, instructions of others.

    python -m host_tools.emulators.counts MODEL.upm OUT.elf [MACHINE [RUNS [MODEL_AT]]]

only writes the program, for another emulator. Memory has no wait states, flash neither.
"""

from __future__ import annotations

import binascii
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.emulators import TIED, EmulatorError, bare
from host_tools.emulators.machines import MACHINES, Count
from upyml.format import decode
from upyml.format.explain import explain

# What a word takes from an RP2040's flash that the chip's cache does not have, an estimate: it comes through four wires at
# half the processor's clock, 20 of its cycles with the address and a wait, and through the bus. A line of the cache has 8
# bytes, of which a miss fetches the 4 that are asked for: pico-sdk's issue 1182.
MISS_CYCLES = 45


class DoesNotFit(ValueError):
    """The model's arena is larger than what the counting program has room for; the message has both sizes."""


class WrongOutputs(AssertionError):
    """The emulated processor computes other outputs than the engine here: a fault of upyml's."""


@dataclass(frozen=True)
class Counted:
    """What was counted, in the machine's unit.

    ops: of each op; of a fused group all is at its first op. run: of a whole run without anything between the ops; misses:
    reads from flash in it that an RP2040's cache would not have had, for which cycles count nothing. check: of the check at
    loading, CRC-32 included. arena: bytes of RAM it ran in.
    """

    ops: list[int]
    run: int
    misses: int
    check: int
    arena: int


def missing(machine: str = "cortex_m0") -> str:
    """Why nothing can be counted here, in a sentence with the remedy; "" where it can."""
    return MACHINES[machine].missing()


def count(
    model: bytes,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 600,
    machine: str = "cortex_m0",
) -> Counted:
    """Runs the model, with inputs as test vectors have them, and counts; a second of time for 30 million cycles.

    progress: called with (ops done, all ops). timeout: seconds. machine: one of machines.MACHINES. Raises
    upyml.ModelError where the model is none, DoesNotFit, WrongOutputs, and EmulatorError where there is no emulator or it
    fails.
    """
    if why := missing(machine):
        raise EmulatorError(why)
    on = MACHINES[machine]
    program = bare.program(on.program.read_bytes(), on.memory, model)
    counts, texts = {}, []
    steps = 2 * decode.header(model)["op_count"]  # op by op, then all of them at once
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.elf"
        path.write_bytes(program.elf)
        with _lines(on.command(path), timeout) as lines:
            for told in on.told(lines):
                if not isinstance(told, Count):
                    texts.append(told)
                    continue
                counts[told.name] = told
                if progress:
                    progress(sum(name.startswith("op ") for name in counts), steps)
    numbers = [line.split() for line in texts]
    if not numbers:
        raise EmulatorError(f"the emulated {on.cpu} told nothing")
    if numbers[0][0] == "error":
        raise EmulatorError(explain(int(numbers[0][1]) - (1 << 32), model))
    arena = int(numbers[0][1])
    if texts[-1] == "no room":
        raise DoesNotFit(
            f"the model needs {arena:,} bytes of RAM, and the counting program has room for {program.room:,} bytes of arena"
        )
    expected = [str(binascii.crc32(output)) for output in program.outputs]
    found = [words[1] for words in numbers if words[:1] == ["crc"]]
    if len(found) < 2 * len(expected) or "run" not in counts:
        raise EmulatorError(f"the emulated {on.cpu} stopped before the end of a run")
    if found != 2 * expected:
        raise WrongOutputs("the emulated processor computes other outputs than the engine here")
    ops = [counts[f"op {i}"].n for i in range(steps // 2)]
    return Counted(ops, counts["run"].n, counts["run"].misses, counts["check"].n, arena)


@contextlib.contextmanager
def _lines(command, timeout: float):
    """The lines that the emulator prints, while it runs. Raises EmulatorError where it does not end."""
    process = subprocess.Popen(
        [*TIED, *command], start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.start()
    try:
        yield process.stdout
        process.wait()
    finally:
        timer.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if late.is_set():
            raise EmulatorError(f"no end after {timeout:g} s") from None


def main(model: str, out: str, machine: str = "cortex_m0", runs: str = "1", model_at: str = "") -> None:
    on = MACHINES[machine]
    at = int(model_at, 0) if model_at else None
    program = bare.program(on.program.read_bytes(), on.memory, Path(model).read_bytes(), int(runs), 1, at)
    Path(out).write_bytes(program.elf)
    print(f"{out}: room for an arena of {program.room}; CRC-32", *map(binascii.crc32, program.outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
