"""What the engine takes in flash: its machine code and constant tables in each board's firmware, and the native modules."""

from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from host_tools import boards, package_files

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "ports" / "engine"


def engine_text() -> dict[str, int]:
    """Bytes of code and constants of the engine (without the binding) by board, for all boards that are built."""
    sizes = {name: _objects(board.folder) for name, board in boards.all().items() if board.build}
    return {name: size for name, size in sizes.items() if size}


def _objects(folder: Path) -> int:
    """The engine's object files below a build's folder."""
    stems = {Path(name).stem for name in (ENGINE / "sources.txt").read_text().split()}
    found = [path for path in folder.glob("obj/**/ports/engine/**/*.o") if path.name.split(".")[0] in stems]
    return sum(_constant(path) for path in found)


def _constant(path: Path) -> int:
    """Bytes that an object file puts into memory which is not written: text and rodata, no debug or unwinding tables."""
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
