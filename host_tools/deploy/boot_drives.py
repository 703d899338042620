"""The drives that boards show while they wait for firmware: each has a file INFO_UF2.TXT that names the board."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

from host_tools.boards import Board
from host_tools.deploy import errors

INFO = "INFO_UF2.TXT"
MOUNTS = Path("/proc/mounts")
HOW = "hold the board's BOOTSEL button while you plug it in (where MicroPython runs: `mpremote bootloader`)"
_FAT = ("vfat", "msdos")  # what boot drives are; a look into network drives could hang


def find(board: Board) -> Path:
    """The only boot drive of this board. Raises NoBoard, SeveralBoards, WrongChip."""
    drives = {folder: board_id(folder) for folder in mounted() if is_there(folder)}
    fitting = [folder for folder, name in drives.items() if name.startswith(board.flash["drive"])]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise errors.SeveralBoards(
            f"{len(fitting)} boot drives of a {board.title}: {', '.join(map(str, fitting))}; choose with --drive"
        )
    if drives:
        found = ", ".join(f"{folder} of a board {name!r}" for folder, name in drives.items())
        raise errors.WrongChip(f"found the boot drive {found}; expected {board.flash['drive']!r}, a {board.title}")
    raise errors.NoBoard(f"no boot drive found: {HOW}; where the system does not mount it, do so and give --drive")


def check(board: Board, drive: Path) -> Path:
    """The given drive, if it is one of this board. Raises NoBoard, WrongChip."""
    if not is_there(drive):
        raise errors.NoBoard(f"{drive} is no boot drive: it has no {INFO}; {HOW}")
    name = board_id(drive)
    if not name.startswith(board.flash["drive"]):
        raise errors.WrongChip(
            f"{drive} is the boot drive of a board {name!r}; expected {board.flash['drive']!r}, a {board.title}"
        )
    return drive


def is_there(drive: Path) -> bool:
    """Whether the folder is a boot drive; False once its board has restarted."""
    try:
        return (drive / INFO).is_file()
    except OSError:  # a drive that is being taken away
        return False


def board_id(drive: Path) -> str:
    """The board's name in INFO_UF2.TXT, as RPI-RP2; empty where it cannot be read."""
    try:
        text = (drive / INFO).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    found = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    return found.group(1) if found else ""


def mounted() -> list[Path]:
    """The folders where this system has mounted drives that could be boot drives."""
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase]
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").glob("*"))
    return parse_mounts(MOUNTS.read_text(encoding="utf-8", errors="surrogateescape"))


def parse_mounts(text: str) -> list[Path]:
    """The folders of FAT drives in Linux's /proc/mounts, where a space is written \\040."""
    rows = [line.split() for line in text.splitlines()]
    folders = [row[1] for row in rows if len(row) > 2 and row[2] in _FAT]
    return [Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code.group(1), 8)), folder)) for folder in folders]
