"""Writes a program's UF2 file: python ports/rp2/elf_to_uf2.py firmware.elf firmware.uf2 RP2040|RP2350_ARM"""

import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from host_tools import uf2  # noqa: E402


def segments(elf: Path) -> list[tuple[int, bytes]]:
    """What the boot drive has to put where: each load segment at its physical address, its initialised data in flash."""
    with elf.open("rb") as file:
        loads = [one for one in ELFFile(file).iter_segments("PT_LOAD") if one["p_filesz"]]
        return [(one["p_paddr"], one.data()) for one in loads]


if __name__ == "__main__":
    elf, target, family = sys.argv[1:]
    part = Path(f"{target}.part")  # a target that exists is whole
    part.write_bytes(uf2.write(segments(Path(elf)), getattr(uf2, family)))
    part.replace(target)
