"""Instructions that five typical layers take with a processor's kernels, counted in its emulator.

    python tests/engine/layer_bench.py CPU...       CPU: of kernel_rig.CPUS; for Xtensa ports/xtensa/toolchain.sh first

Packing, expanding weights and requantization are in the counts. They are instructions, not cycles. Each layer is counted
with the least scratch that it runs with, and with 16 KB.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import kernel_rig as rig

HEADER = rig.ROOT / "build" / "xtensa" / "sources" / "qemu-plugin.h"  # ports/fetch/xtensa.py brings it
PLUGIN = Path(__file__).parent / "count_instructions.c"


def plugin(folder: Path) -> Path:
    """The plugin that counts, built in the folder. Raises AssertionError with the compiler's complaint."""
    made = folder / "count_instructions.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{HEADER.parent}", PLUGIN, "-o", made]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return made


def layers(name: str, folder: Path) -> list[tuple[str, int, int, int, str]]:
    """(layer, multiply-accumulates, bytes of scratch, instructions, functions with most of them) of each layer."""
    cpu = rig.CPUS[name]
    program = rig.build(cpu, rig.HERE / "bench_layers.c", rig.kernels(cpu, folder), folder)
    command = [cpu.command[0], "-plugin", plugin(folder), *cpu.command[1:], program]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line.split() for line in done.stdout.splitlines()[:-1]]  # the last one is the rig's
    counted = [line.partition(" ") for line in done.stderr.splitlines()]
    assert len(told) == len(counted), done.stderr
    return [(layer, int(products), int(scratch), int(count), functions)
            for (layer, products, scratch), (count, _, functions) in zip(told, counted)]  # fmt: skip


def main(*names: str) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n| {name} | MAC | scratch | instructions | per MAC | most of them in |\n" + "| --- " * 6 + "|")
            for layer, products, scratch, count, functions in layers(name, Path(folder)):
                row = layer, f"{products:,}", f"{scratch:,}", f"{count:,}", f"{count / products:.3f}", functions
                print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
