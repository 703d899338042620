"""Instructions that emulated processors are counted to execute: as many as a loop of known length has.

On an Xtensa that is one with MULSH, which the emulated core has not: it counts as one all the same.
"""

import subprocess
from pathlib import Path

import pytest

from host_tools.emulators import machines

BARE = Path(__file__).resolve().parents[2] / "ports" / "bare"
QEMU = [machine for machine in machines.MACHINES.values() if machine.unit == machines.INSTRUCTIONS]
LOOPS = {  # and the instructions of a turn
    "arm": ("1: subs %0, #1\\n bne 1b", 2),
    "riscv": ("1: addi %0, %0, -1\\n bnez %0, 1b", 2),
    "xtensa": ("1: .byte 0x90, 0x88, 0xb2\\n addi %0, %0, -1\\n bnez %0, 1b", 3),  # mulsh a8, a8, a9, which is no MULSH's time
}
PROGRAM = """#include "machine.h"
typedef struct {{ uint32_t words[32]; }} task;
__attribute__((section(".parameters"), used)) const task parameters;
void bench(void);
void bench(void) {{
    for (uint32_t turns = 1000; turns <= 100000; turns *= 100) {{
        uint32_t left = turns;
        machine_begin();
        __asm volatile("{loop}" : "+r"(left) : : {clobbered});
        machine_end("loop");
    }}
    machine_exit(0);
}}
"""


@pytest.mark.parametrize("machine", QEMU, ids=lambda machine: machine.name)
def test_a_loop_counts_as_many_instructions_as_it_has(machine, require, tmp_path):
    require(not machine.missing(), machine.missing(), "make bare")
    name, (loop, turn) = next(item for item in LOOPS.items() if item[0] in machine.emulator)
    (tmp_path / "loop.c").write_text(PROGRAM.format(loop=loop, clobbered='"a8"' if name == "xtensa" else '"memory"'))
    build = f"""set -e; root={BARE.parents[1]}; here={BARE}; cd $here; . {machine.name}/settings.sh
        ${{tools}}gcc "${{flags[@]}}" -Os -I{machine.name} -I. -nostartfiles "${{link[@]}}" {tmp_path}/loop.c $start \\
            -o {tmp_path}/loop.elf"""
    subprocess.run(["bash", "-c", build], check=True, timeout=120)
    done = subprocess.run(machine.command(tmp_path / "loop.elf"), capture_output=True, text=True, timeout=120)
    short, long = [told.n for told in machine.told((done.stdout + done.stderr).splitlines(keepends=True))]
    assert abs(long - short - turn * (100_000 - 1000)) <= 1, "a counter with ticks of its own may be one off"
    assert turn * 1000 <= short <= turn * 1000 + 50, "and a few to read the counter"
