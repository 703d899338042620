"""Programs of kernel tests for a bare Cortex-M0+, built and run in QEMU.

    python tests/engine/cortex_m0_rig.py FAMILY...      builds and runs cortex_m0/cases_FAMILY.c

Each has the family's cases, every C file of cortex_m0 here that is no cases_*.c, the kernels as a Cortex-M0+ runs them,
and the plain ones of ports/engine/kernels, whose names all start with plain_ there.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "cortex_m0"
ENGINE = HERE.parents[2] / "ports" / "engine"
GCC, QEMU = "arm-none-eabi-gcc", "qemu-system-arm"
FLAGS = ["-mcpu=cortex-m0plus", "-mthumb", "-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-ffunction-sections",
         "-fdata-sections", f"-I{ENGINE}", f"-I{ENGINE / 'cortex_m0'}", f"-I{HERE}"]  # fmt: skip
MACHINE = ["-machine", "microbit", "-global", "nrf51-soc.flash-size=1048576", "-global", "nrf51-soc.sram-size=262144"]


def families() -> list[str]:
    return sorted(path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.c"))


def kernels(folder: Path) -> list[Path]:
    """Objects of the processor's kernels and of the plain ones, made in the folder: the same for every family."""
    listed = _output("sh", ENGINE / "sources.sh", "cortex_m0").split()
    own = [name for name in listed if name.startswith(("kernels/", "cortex_m0/"))]
    plain = [f"kernels/{path.name}" for path in sorted((ENGINE / "kernels").glob("*.c"))]
    fast, renamed = ([_compile(ENGINE / name, folder / kind) for name in names]
                     for kind, names in (("fast", own), ("plain", plain)))  # fmt: skip
    rig = [_compile(path, folder / "rig") for path in sorted(HERE.glob("*.c")) if not path.name.startswith("cases_")]
    # Only what the plain kernels define themselves: memcpy and the compiler's run time keep their names.
    defined = _output("arm-none-eabi-nm", "--defined-only", "--extern-only", "--format=just-symbols", *renamed)
    table = folder / "symbols"
    names = [line for line in defined.split() if not line.endswith(":")]
    table.write_text("".join(f"{name} plain_{name}\n" for name in names))
    for path in renamed:
        _output("arm-none-eabi-objcopy", f"--redefine-syms={table}", path)
    return [*fast, *renamed, *rig]


def source(family: str) -> Path:
    return HERE / f"cases_{family}.c"


def build(cases: Path, objects: list[Path], folder: Path) -> Path:
    """The program with these cases, made in the folder."""
    program = folder / f"{cases.stem}.elf"
    # What a kernel's file has beside the kernel, for the engine around it, is not linked.
    _output(GCC, *FLAGS, "-nostartfiles", "-specs=nano.specs", "-Wl,--gc-sections", "-T", HERE / "link.ld",
            cases, *objects, "-o", program)  # fmt: skip
    return program


def run(program: Path, timeout: float = 300) -> tuple[int, str]:
    """The exit code, 0 or 1, and what the program printed. timeout: seconds."""
    command = [QEMU, *MACHINE, "-nographic", "-monitor", "null", "-serial", "null",
               "-semihosting-config", "enable=on,target=native", "-kernel", program]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout + done.stderr


def _compile(source: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{source.name}.o"
    _output(GCC, *FLAGS, "-c", source, "-o", path)
    return path


def _output(*command) -> str:
    """What a command printed. Raises AssertionError with what it complained of."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        objects = kernels(Path(folder))
        for family in names or families():
            print(family, *run(build(source(family), objects, Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])
