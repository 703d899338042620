"""Bare machines in emulators that count what a model's run takes: ports/bare/MACHINE has the program for each.

A Cortex-M0+ is counted in cycles; of other processors no emulator knows the cycles, and instructions are counted.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools import package_files
from host_tools.emulators import EmulatorError, bare, rp2040js

CYCLES, INSTRUCTIONS = "cycles", "instructions"


@dataclass(frozen=True)
class Count:
    """A span that the program counted; misses: reads from flash in it that the chip's cache would not have had."""

    name: str
    n: int
    misses: int = 0


@dataclass(frozen=True)
class Machine:
    """An emulated machine. unit: what it counts. memory: of the program. cpu: as a board's file names its processor."""

    name: str
    cpu: str
    unit: str
    memory: bare.Memory

    @property
    def program(self) -> Path:
        """The program for it; made by `make bare`."""
        return package_files.bare(self.name)

    def missing(self) -> str:
        """Why nothing can be counted here, in a sentence with the remedy; "" where it can."""
        return self._no_emulator() or ("" if self.program.is_file() else f"{self.program} is not built: run `make bare`")

    def _no_emulator(self) -> str:
        raise NotImplementedError

    def command(self, program: Path) -> list:
        """What runs a program and prints what it tells."""
        raise NotImplementedError

    def told(self, lines: Iterable[str]) -> Iterable[Count | str]:
        """Counts, and the texts that the program prints, from the command's output. Raises EmulatorError."""
        raise NotImplementedError


class Rp2040(Machine):
    """rp2040js, with our harness around it."""

    HARNESS = Path(__file__).with_name("rp2040js_bare.mjs")

    def _no_emulator(self) -> str:
        if rp2040js.package():
            return ""
        return "cycles are counted in rp2040js, which is not here: install Node.js and run `npm install -g rp2040js`"

    def command(self, program: Path) -> list:
        return ["node", self.HARNESS, rp2040js.package(), program]

    def told(self, lines):
        for line in lines:
            if not line.startswith("{"):
                raise EmulatorError(f"rp2040js stopped: {_reason([line, *lines])}")
            told = json.loads(line)
            yield told["text"].rstrip("\n") if "text" in told else Count(told["name"], told["cycles"], told["misses"])


@dataclass(frozen=True)
class Qemu(Machine):
    """QEMU with -icount: each instruction moves its clock by 2^shift ns, and a counter ticks every tick_ns."""

    emulator: str
    package: str  # of Debian
    machine: tuple[str, ...]
    shift: int = 0
    tick_ns: int = 1

    def _no_emulator(self) -> str:
        if shutil.which(self.emulator):
            return ""
        how = f"on Debian: sudo apt-get install {self.package}"
        return f"instructions are counted in {self.emulator}, which is not installed; {how}"

    def command(self, program: Path) -> list:
        console = ["-nographic", "-monitor", "null", "-serial", "none", "-semihosting-config", "enable=on,target=native"]
        return [self.emulator, *self.machine, *console, "-icount", f"shift={self.shift},sleep=off,align=off", "-kernel",
                program]  # fmt: skip

    def told(self, lines):
        for line in lines:
            if count := re.fullmatch(r"count (\d+) (.+)\n", line):
                yield Count(count[2], round(int(count[1]) * self.tick_ns / (1 << self.shift)))
            elif re.match(r"(crc|arena|error|no room)\b", line):
                yield line.rstrip("\n")
            elif line.strip():
                raise EmulatorError(f"{self.emulator} stopped: {line.strip()}")


def _reason(lines: list[str]) -> str:
    return next((line for line in lines if line.startswith("Error")), lines[-1]).strip()


_MB = 1 << 20
_ARM = {"emulator": "qemu-system-arm", "package": "qemu-system-arm", "shift": 6}
_XTENSA = {"emulator": "qemu-system-xtensa", "package": "qemu-system-misc", "shift": 6, "tick_ns": 64,
           "machine": ("-machine", "sim", "-cpu", "de233_fpu", "-singlestep")}  # fmt: skip
_LX6 = bare.Memory(0x100000, 7 * _MB, 0x800000)
_MPS2 = (0x20000000, 4 * _MB)  # and elsewhere 16 MB more, for the model
MACHINES = {
    machine.name: machine
    for machine in (
        Rp2040("cortex_m0", "Cortex-M0+", CYCLES, bare.Memory(0x20000000, 264 * 1024, 0x10100000)),
        Qemu("cortex_m4", "Cortex-M4F", INSTRUCTIONS, bare.Memory(*_MPS2, 0x21000000),
             machine=("-machine", "mps2-an386"), tick_ns=40, **_ARM),
        Qemu("cortex_m7", "Cortex-M7F", INSTRUCTIONS, bare.Memory(*_MPS2, 0x60000000),
             machine=("-machine", "mps2-an500"), tick_ns=40, **_ARM),
        Qemu("cortex_m33", "Cortex-M33", INSTRUCTIONS, bare.Memory(0x80000000, 8 * _MB, 0x80800000),
             machine=("-machine", "mps2-an505"), tick_ns=50, **_ARM),
        Qemu("rv32imc", "RV32IMC", INSTRUCTIONS, bare.Memory(0x80100000, 7 * _MB, 0x80800000),
             emulator="qemu-system-riscv32", package="qemu-system-misc", machine=("-machine", "virt", "-bios", "none")),
        # QEMU 7.2 computes wrongly where a block of code has several MAC16 instructions: -singlestep makes each a block.
        Qemu("lx6", "Xtensa LX6", INSTRUCTIONS, _LX6, **_XTENSA),
        Qemu("lx6_without_mulsh", "Xtensa LX6", INSTRUCTIONS, _LX6, **_XTENSA),
    )
}  # fmt: skip
