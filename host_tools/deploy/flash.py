"""Puts firmware on a board by the method its description names, once it is known to be whole and meant for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools import package_files
from host_tools.boards import Board
from host_tools.deploy import errors

Progress = Callable[[int, int], None]  # takes bytes written and bytes in all


@dataclass(frozen=True)
class Flashed:
    """What was done. size: bytes of firmware; place: the drive or port; verified: how it is known to be there."""

    board: str
    image: str
    size: int
    place: str
    verified: str


def flash(
    board: Board,
    image: Path | None = None,
    *,
    drive: Path | None = None,
    port: str | None = None,
    baud: int = 460_800,
    erase: bool = False,
    progress: Progress = lambda done, total: None,
) -> Flashed:
    """Writes the firmware in the file `image`, by default the one this checkout built, to the board.

    drive: the boot drive's folder (method "uf2"); port, baud: the serial port and bits a second (method "esptool").
    Without drive or port the only one there is taken. erase: files that a board has kept so far go, too.
    Raises ValueError for a board or options that do not go together, OSError where the image cannot be read, and the
    errors of host_tools.deploy.errors.
    """
    method = board.flash.get("method")
    if method not in ("uf2", "esptool"):
        raise ValueError(f"the board {board.name} is only emulated here: there is nothing to flash")
    if drive is not None and method != "uf2":
        raise ValueError(f"the board {board.name} has no boot drive: give --port")
    if port is not None and method != "esptool":
        raise ValueError(f"the board {board.name} takes firmware through its boot drive: give --drive")
    image = image or built_image(board)
    firmware = image.read_bytes()
    if method == "uf2":
        from host_tools.deploy import flash_uf2

        place, verified = flash_uf2.flash(board, firmware, drive, erase, progress)
    else:
        from host_tools.deploy import flash_esptool

        place, verified = flash_esptool.flash(board, firmware, port, baud, erase, progress)
    return Flashed(board.name, str(image), len(firmware), place, verified)


def built_image(board: Board) -> Path:
    """The firmware that this checkout has built for a board. Raises Missing."""
    if board.image is None:
        raise errors.Missing(f"upyml builds no firmware for {board.name}: give a file with --image")
    if not board.image.is_file():
        how = "" if package_files.is_installed() else f"run ports/build.py {board.name}, or "
        raise errors.Missing(f"the firmware for {board.name} is not built: {how}give a file with --image")
    return board.image
