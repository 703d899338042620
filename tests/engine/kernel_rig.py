"""Programs of kernel tests for a processor, built and run in its emulator, or on this computer.

    python tests/engine/kernel_rig.py CPU FAMILY...      builds and runs kernels/cases_FAMILY.c

Each has the family's cases, the processor's rig_*.c, its kernels, and the plain ones of ports/engine/kernels, whose names
all start with plain_ there.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "kernels"
ROOT = HERE.parents[2]
ENGINE = ROOT / "ports" / "engine"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections", f"-I{ENGINE}",
         f"-I{HERE}"]  # fmt: skip


@dataclass(frozen=True)
class Cpu:
    """A processor with kernels of its own.

    kernels: its folder of ports/engine. tools: the compiler's prefix. flags: the compiler's for it. rig: the file in
    kernels/ with start, output and end. link: the linker's flags. command: what runs a program, whose path comes last.
    families: those with functions that only this processor has. packages: of Debian, for compiler and emulator.
    case_flags: the compiler's for the cases, beside the other ones.
    stepped: families that QEMU runs one instruction at a time. without: families that are not run.
    """

    kernels: str
    tools: str
    flags: tuple[str, ...]
    rig: str
    link: tuple[str, ...]
    command: tuple[str, ...]
    families: tuple[str, ...]
    packages: str
    case_flags: tuple[str, ...] = ()
    stepped: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def xtensa(mulsh: int) -> Cpu:
    """The ESP32's; with MULSH, which ports/xtensa/mulsh.c computes, for QEMU's core has none, or without it."""
    return Cpu(
        kernels="xtensa",
        tools=str(ROOT / "build" / "xtensa" / "bin" / "xtensa-lx6-elf-"),
        flags=(
            "-O2", "-mlongcalls", "-mtext-section-literals", f"-DUPYML_MULSH={mulsh}",
            "-isystem", str(ROOT / "build" / "xtensa" / "tools" / "usr" / "lib" / "xtensa-lx106-elf" / "include"),
        ),  # fmt: skip
        rig="rig_xtensa.c",
        link=("-nostdlib", "-Wl,--fatal-warnings", *(str(ROOT / "ports" / "xtensa" / name) for name in RUN_TIME)),
        command=("qemu-xtensa", "-cpu", "de233_fpu"),
        # QEMU 7.2 computes wrongly where a block of code has several MAC16 instructions.
        stepped=("bias", "conv2d", "conv2d_int4", "conv2d_sparse", "depthwise_conv2d", "fully_connected",
                 "fully_connected_int4", "fully_connected_sparse", "matrix"),
        # Three MULSH an element, each a signal, take minutes; what differs is the one function that the others use too.
        without=("binary",) if mulsh else (),
        families=(),
        packages="qemu-user, and ports/xtensa/toolchain.sh lx6",
    )


RUN_TIME = ("multiply.c", "runtime.c", "mulsh.c")  # the compiler's own has the other calling convention


def _mps2(core: str, machine: str, code: int, data: int) -> Cpu:
    """A processor with Arm's DSP extension on the emulated MPS2 that has it, with its memories' places.

    Kernels are compiled for one with a float unit, which stays off: it ends a program that makes use of it.
    """
    return Cpu(
        kernels="cortex_m_dsp",
        tools="arm-none-eabi-",
        flags=(f"-mcpu={core}", "-mthumb", "-mfloat-abi=hard", f"-mfpu={FLOATS[core]}"),
        rig="rig_cortex_m.c",
        link=("-nostartfiles", "-specs=nano.specs", f"-Wl,--defsym=CODE={code},--defsym=DATA={data}", "-T",
              str(HERE / "mps2.ld")),
        command=("qemu-system-arm", "-machine", machine, "-nographic", "-monitor", "null", "-serial", "null",
                 "-semihosting-config", "enable=on,target=native", "-kernel"),
        families=("requantization", "requantize"),
        packages="gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
        case_flags=("-mgeneral-regs-only",),
    )  # fmt: skip


FLOATS = {"cortex-m4": "fpv4-sp-d16", "cortex-m33": "fpv5-sp-d16"}

CPUS = {
    "xtensa": xtensa(mulsh=1),
    "xtensa_without_mulsh": xtensa(mulsh=0),
    "cortex_m0": Cpu(
        kernels="cortex_m0",
        tools="arm-none-eabi-",
        flags=("-mcpu=cortex-m0plus", "-mthumb", "-O2"),
        rig="rig_cortex_m.c",
        link=("-nostartfiles", "-specs=nano.specs", "-T", str(HERE / "cortex_m0.ld")),
        command=(
            "qemu-system-arm", "-machine", "microbit", "-global", "nrf51-soc.flash-size=1048576",
            "-global", "nrf51-soc.sram-size=262144", "-nographic", "-monitor", "null", "-serial", "null",
            "-semihosting-config", "enable=on,target=native", "-kernel",
        ),  # fmt: skip
        families=("requantization", "requantize", "weight_stream", "weight_stream_int4", "weight_stream_sparse"),
        packages="gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    ),
    "cortex_m4": _mps2("cortex-m4", "mps2-an386", code=0x00000000, data=0x20000000),
    "cortex_m33": _mps2("cortex-m33", "mps2-an505", code=0x10000000, data=0x38000000),
    "riscv": Cpu(
        kernels="riscv",
        tools="riscv64-unknown-elf-",
        # The specification's older version: by the newer one gcc 12 links the library for 64 bits.
        flags=("-march=rv32imc", "-mabi=ilp32", "-misa-spec=2.2", "-specs=picolibc.specs", "-O2"),
        rig="rig_riscv.c",
        link=("-nostartfiles", "-T", str(HERE / "riscv.ld")),
        command=(
            "qemu-system-riscv32", "-machine", "virt", "-bios", "none", "-m", "4M", "-nographic", "-monitor", "null",
            "-serial", "stdio", "-kernel",
        ),  # fmt: skip
        families=("requantization",),
        packages="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
    ),
}


def _computer(*flags: str) -> Cpu:
    """Kernels of the C extension for CPython."""
    return Cpu(kernels="host", tools="", flags=("-fno-pie", *flags), rig="rig_host.c", link=("-no-pie",),
               command=("env",), families=("requantize_lanes",), packages="gcc gcc-multilib",
               without=("scratch",))  # fmt: skip


# Folders of plain kernels: of the base ops, and of families.
PLAIN = ("kernels", "math", "recurrent", "signal")

SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CPUS |= {
    "host": _computer("-O3"),
    "host_sanitized": _computer("-DUPYML_SMALL_ROOMS=1", *SANITIZERS),
    # What is compiled for neither x86-64 nor a 64-bit Arm.
    "host_portable": _computer("-m32", "-mno-sse", "-Wno-psabi", *SANITIZERS),
}


# Kernels that few processors have of their own; the others would compare the plain ones with themselves.
RARE = {"attention": "math/batch_matmul_s8", "rfft": "rfft_passes", "biquad": "biquad_section", "fir": "fir_sum", "mel": "mel_frame"}


def families(cpu: Cpu) -> list[str]:
    """Every family but those of functions that only other processors have; under sanitizers the plain kernels' too."""
    others = {family for other in CPUS.values() for family in other.families} - set(cpu.families) | set(cpu.without)
    if not set(SANITIZERS) & set(cpu.flags):
        own = (ENGINE / cpu.kernels / "sources.txt").read_text()
        others |= {family for family, file in RARE.items() if file not in own}
    return sorted({path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.c")} - others)


def kernels(cpu: Cpu, folder: Path) -> list[Path]:
    """Objects of the processor's kernels and of the plain ones, made in the folder: the same for every family."""
    listed = _output("sh", ENGINE / "sources.sh", cpu.kernels).split()
    own = [name for name in listed if "/" in name]
    plain = [f"{part}/{path.name}" for part in PLAIN for path in sorted((ENGINE / part).glob("*.c"))]
    fast, renamed = ([_compile(cpu, ENGINE / name, folder / kind) for name in names]
                     for kind, names in (("fast", own), ("plain", plain)))  # fmt: skip
    rig = [_compile(cpu, HERE / name, folder / "rig") for name in ("rig.c", cpu.rig)]
    # Only what the plain kernels define themselves: memcpy and the compiler's run time keep their names.
    defined = _output(f"{cpu.tools}nm", "--defined-only", "--extern-only", "--format=just-symbols", *renamed)
    table = folder / "symbols"
    names = [line for line in defined.split() if not line.endswith(":")]
    table.write_text("".join(f"{name} plain_{name}\n" for name in names))
    for path in renamed:
        _output(f"{cpu.tools}objcopy", f"--redefine-syms={table}", path)
    return [*fast, *renamed, *rig]


def source(family: str) -> Path:
    return HERE / f"cases_{family}.c"


def build(cpu: Cpu, cases: Path, objects: list[Path], folder: Path) -> Path:
    """The program with these cases, made in the folder."""
    program = folder / f"{cases.stem}.elf"
    # What a kernel's file has beside the kernel, for the engine around it, is not linked.
    _output(*_gcc(cpu), *cpu.case_flags, "-Wl,--gc-sections", cases, *objects, *cpu.link, "-o", program)
    return program


def run(cpu: Cpu, program: Path, timeout: float = 900) -> tuple[int, str]:
    """The exit code, 0 or 1, and what the program printed. timeout: seconds."""
    steps = ["-singlestep"] if program.stem.removeprefix("cases_") in cpu.stepped else []
    done = subprocess.run([*cpu.command, *steps, program], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout)  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _gcc(cpu: Cpu) -> list[str]:
    return [f"{cpu.tools}gcc", *cpu.flags, *FLAGS, f"-I{ENGINE / cpu.kernels}"]


def _compile(cpu: Cpu, source: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{source.name}.o"
    _output(*_gcc(cpu), "-c", source, "-o", path)
    return path


def _output(*command) -> str:
    """What a command printed. Raises AssertionError with what it complained of."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main(name: str, *names: str) -> None:
    cpu = CPUS[name]
    with tempfile.TemporaryDirectory() as folder:
        objects = kernels(cpu, Path(folder))
        for family in names or families(cpu):
            print(family, *run(cpu, build(cpu, source(family), objects, Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
