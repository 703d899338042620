"""Small firmware files for the ESP32 family; bootloader and application are written by esptool itself (5.6.0)."""

import random
import struct

from esptool.bin_image import ELFSection
from esptool.targets import CHIP_DEFS

APPLICATION = 0x10000  # where in flash


def image(chip: str, seed: int) -> bytes:
    """One image, with segments for addresses that are RAM or nothing, but not flash, in every chip."""
    made = CHIP_DEFS[chip].BOOTLOADER_IMAGE()
    made.entrypoint = 0x3FFB0000
    made.segments.append(ELFSection(b"code", 0x3FFB0000, random.Random(seed).randbytes(20_000), 6))
    made.segments.append(ELFSection(b"data", 0x3FFC0000, bytes(500), 6))
    return made.save(None)


def firmware(
    chip: str, offset: int, app_size: int = 0x1F0000, app_chip: str | None = None, first: int = 0x9000
) -> bytes:
    """What goes to `offset` in flash: bootloader, partition table at 0x8000, application at 0x10000.

    app_size: of the application's partition. first: where that of the settings begins.
    """
    content = bytearray(b"\xff" * (APPLICATION - offset))
    parts = [(0x8000 - offset, partition(1, 2, first, 0x6000, b"nvs"))]
    parts.append((0x8020 - offset, partition(0, 0, APPLICATION, app_size, b"factory")))
    parts.append((0, image(chip, seed=1)))
    for place, part in parts:
        content[place : place + len(part)] = part
    return bytes(content) + image(app_chip or chip, seed=2)


def partition(kind: int, subtype: int, start: int, size: int, label: bytes) -> bytes:
    """One entry of the partition table, as ESP-IDF's documentation gives it."""
    return struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, start, size, label, 0)
