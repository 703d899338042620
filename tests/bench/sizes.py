"""What the engine takes in flash: its code and constant tables in each board's firmware, and the native modules."""

import subprocess
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from host_tools import boards, package_files

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "ports" / "engine"


def engine_text() -> dict[str, int]:
    """Bytes of code and constants of the engine (without the binding) by board, for all boards that are built."""
    built = {name: objects(board.folder) for name, board in boards.all().items() if board.build}
    sizes = {name: sum(map(_constant, paths.values())) for name, paths in built.items()}
    return {name: size for name, size in sizes.items() if size}


def objects(folder: Path) -> dict[str, Path]:
    """The engine's object files below a build's folder by their sources, without what an older list left behind."""
    found = {}
    for path in folder.glob("obj/**/ports/engine/**/*.o"):
        source = path.as_posix().rpartition("/ports/engine/")[2]  # run.c.o of CMake, run.o of make
        found[source.removesuffix(".o").removesuffix(".c").removesuffix(".S")] = path
    folders = [path.parent.name for path in ENGINE.glob("*/sources.txt")]
    cpu = next((name for name in folders if any(source.startswith(f"{name}/") for source in found)), "")
    listed = subprocess.check_output(["sh", ENGINE / "sources.sh", cpu], text=True).split()
    return {name: found[name[:-2]] for name in listed if name[:-2] in found}


def _constant(path: Path) -> int:
    """Bytes that an object file puts into memory that is not written: text and rodata, no debug or unwinding tables."""
    with path.open("rb") as file:
        return sum(
            section["sh_size"]
            for section in ELFFile(file).iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC
            and not section["sh_flags"] & SH_FLAGS.SHF_WRITE
            and section.name.startswith((".text", ".rodata", ".literal", ".srodata", ".time_critical"))
        )


def native_modules() -> dict[str, int]:
    """Bytes of each native module _upyml.mpy that is built, by architecture."""
    return {arch: package_files.natmod(arch).stat().st_size for arch in package_files.natmods()}
