"""Firmware onto a Pico's boot drive: the drive found and checked, the UF2 file checked, written, and looked after.

A UF2 file has no checksum of what it carries: a file cut or mixed up is noticed here, a changed byte of firmware not.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from host_tools import uf2
from host_tools.boards import Board
from host_tools.deploy import boot_drives, errors

FLASH = 0x1000_0000  # where RP2040 and RP2350 have their flash
FILE = "firmware.uf2"
STEP = 64 * uf2.BLOCK  # bytes written between two looks at the drive
RESTART = 15  # seconds that a board gets for its restart


def flash(
    board: Board, firmware: bytes, drive: Path | None, erase: bool, progress: Callable[[int, int], None]
) -> tuple[str, str]:
    """The drive written to, and how the firmware is known to be there.

    drive: None takes the only boot drive of this board. erase: fills the rest of the flash with erased bytes.
    Nothing is written unless the file is whole, for this chip, and fits.
    """
    image = check(board, firmware)
    if erase:
        firmware = uf2.write(_whole_flash(board, image.of(board.flash["family"])), board.flash["family"])
    drive = boot_drives.check(board, drive) if drive else boot_drives.find(board)
    free = shutil.disk_usage(drive).free
    if free < len(firmware):
        raise errors.NoRoom(f"{drive} has {free:,} bytes free, the file has {len(firmware):,}")
    _copy(drive, firmware, progress)
    return str(drive), _verify(drive, firmware)


def check(board: Board, firmware: bytes) -> uf2.Image:
    """The image in a UF2 file for this board. Raises DamagedImage, WrongChip, NoRoom."""
    try:
        image = uf2.parse(firmware)
    except uf2.UF2Error as error:
        raise errors.DamagedImage(str(error)) from None
    family = board.flash["family"]
    if family not in image.families:
        found = ", ".join(uf2.family_name(found) for found in sorted(image.families) if found)
        told = f"is for {found}" if found else "names no chip"
        raise errors.WrongChip(f"this firmware {told}; {board.name} has an {uf2.family_name(family)}")
    end = FLASH + board.flash_kb * 1024
    for address, data in image.of(family):
        if not FLASH <= address <= address + len(data) <= end:
            raise errors.NoRoom(
                f"the firmware wants bytes at 0x{address:08X} to 0x{address + len(data):08X}; "
                f"the flash of {board.name} ends at 0x{end:08X}"
            )
    for part, address, size in image.odd_blocks:
        if part == family:
            raise errors.DamagedImage(
                f"the UF2 file has a block of {size} bytes for 0x{address:08X}: the boot ROM of {board.name} takes "
                f"blocks of {uf2.PAGE} for multiples of {uf2.PAGE} alone; have the file made anew"
            )
    return image


def _whole_flash(board: Board, segments: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """One segment for all of the flash, erased where `segments`, which lie in it, have nothing."""
    content = bytearray([uf2.ERASED]) * (board.flash_kb * 1024)
    for address, data in segments:
        content[address - FLASH : address - FLASH + len(data)] = data
    return [(FLASH, bytes(content))]


def _copy(drive: Path, firmware: bytes, progress: Callable[[int, int], None]) -> None:
    """Writes through to the drive, step by step. The board restarts once it has the last block: that is no error."""
    done = 0
    try:
        with open(drive / FILE, "wb", buffering=0) as file:
            while done < len(firmware):
                done += file.write(firmware[done : done + STEP])
                os.fsync(file.fileno())
                progress(done, len(firmware))
                if done < len(firmware) and not boot_drives.is_there(drive):
                    raise OSError("gone")
    except OSError as error:
        written = f"{done:,} of {len(firmware):,} bytes"
        if not boot_drives.is_there(drive):
            if done == len(firmware):
                return
            raise errors.ConnectionLost(
                f"the drive {drive} went away after {written}: the board has no whole firmware; "
                f"{boot_drives.HOW}, and flash again"
            ) from None
        kind = {errno.ENOSPC: errors.NoRoom, errno.EROFS: errors.ReadOnly, errno.EACCES: errors.ReadOnly}
        raise kind.get(error.errno, errors.ConnectionLost)(f"{drive}: {error.strerror} after {written}") from None


def _verify(drive: Path, firmware: bytes) -> str:
    """How the firmware is known to be on the board. Raises NotVerified."""
    mounted = os.path.ismount(drive)
    deadline = time.monotonic() + (RESTART if mounted else 0)
    while boot_drives.is_there(drive):
        if time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    else:
        return "every block was written, and the board restarted"
    if (drive / FILE).read_bytes() != firmware:
        raise errors.NotVerified(f"{drive / FILE} reads back otherwise than it was written: flash again")
    if mounted:
        raise errors.NotVerified(
            f"{drive} is still there {RESTART} s after the last block: the board did not take the firmware; flash again"
        )
    return "the file reads back as written"
