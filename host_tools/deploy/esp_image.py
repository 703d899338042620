"""Looks into firmware for the ESP32 family before it is written: is it whole, and for which chip?

A firmware file holds, from the place in flash where the chip's boot ROM looks: the bootloader, at 0x8000 in flash the
partition table, and the application where that table says. Bootloader and application are images of one format,
little-endian: magic 0xE9, number of segments, 2 bytes of flash settings, entry address; 16 bytes with the chip's number
at offset 12 and at 23 whether a SHA-256 follows; then each segment after its address and length; zeros up to the last
byte of a row of 16, which is the XOR of all segments' bytes and 0xEF; the SHA-256 of all that.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from host_tools.deploy.errors import DamagedImage

TABLE = 0x8000  # where in flash the partition table lies
_MAGIC, _SEED = 0xE9, 0xEF
_HEADER = struct.Struct("<BB10xH9xB")  # magic, segments, chip, whether a SHA-256 follows
_SEGMENT = struct.Struct("<II")  # address, length
_PARTITION = struct.Struct("<HBBII16sI")  # magic, type, subtype, offset, size, label, flags
_PARTITION_MAGIC, _APPLICATION = 0x50AA, 0


@dataclass(frozen=True)
class Firmware:
    """chip: the number in the image's header; flash_end: bytes of flash that its partitions need."""

    chip: int
    flash_end: int


def check(data: bytes, offset: int) -> Firmware:
    """Checks a whole firmware that goes to `offset` in flash. Raises DamagedImage."""
    chip, _ = _check_image(data, 0, "the bootloader")
    table = _partitions(data[TABLE - offset :])
    for _, start, _, label in table:
        if start < offset:
            raise DamagedImage(
                f"the partition {label!r} begins at 0x{start:X} in flash, before the firmware, "
                f"which begins at 0x{offset:X}"
            )
    if not any(kind == _APPLICATION for kind, _, _, _ in table):
        raise DamagedImage("the firmware's partition table has no application")
    for kind, start, room, label in table:
        if kind == _APPLICATION and start - offset < len(data):
            found, size = _check_image(data, start - offset, f"the application {label!r}")
            if found != chip:
                raise DamagedImage(f"the bootloader is for chip number {chip}, the application for {found}")
            if size > room:
                raise DamagedImage(
                    f"the application {label!r} has {size:,} bytes, more than its partition of {room:,}: "
                    "no chip would start it"
                )
    first = min(start for kind, start, _, _ in table if kind == _APPLICATION)
    if first - offset >= len(data):
        raise DamagedImage(
            f"the firmware is cut off: its application begins at {first - offset:,}, it has {len(data):,} bytes"
        )
    return Firmware(chip, max(start + size for _, start, size, _ in table))


def _partitions(data: bytes) -> list[tuple[int, int, int, str]]:
    """Type, place in flash, size and label of each partition."""
    found = []
    for place in range(0, len(data) - _PARTITION.size + 1, _PARTITION.size):
        magic, kind, _, start, size, label, _ = _PARTITION.unpack_from(data, place)
        if magic != _PARTITION_MAGIC:
            break
        found.append((kind, start, size, label.rstrip(b"\0").decode(errors="replace")))
    if not found:
        raise DamagedImage(
            f"no partition table at 0x{TABLE:X} in flash: expected a whole firmware, with bootloader and table, "
            "not the application alone"
        )
    return found


def _check_image(data: bytes, start: int, what: str) -> tuple[int, int]:
    """The chip's number in the image that begins there and its bytes, once its checksum and SHA-256 are found right."""
    image = memoryview(data)[start:]
    cut = DamagedImage(f"{what} is cut off: the file ends in the middle of it")
    if len(image) < _HEADER.size:
        raise cut
    magic, segments, chip, hashed = _HEADER.unpack_from(image)
    if magic != _MAGIC:
        raise DamagedImage(f"{what} does not begin as one for the ESP32 family: found 0x{magic:02X}, expected 0xE9")
    place, checksum = _HEADER.size, _SEED
    for _ in range(segments):
        if place + _SEGMENT.size > len(image):
            raise cut
        length = _SEGMENT.unpack_from(image, place)[1]
        place += _SEGMENT.size
        if place + length > len(image):
            raise cut
        for byte in image[place : place + length]:
            checksum ^= byte
        place += length
    place += 16 - place % 16  # the row's last byte is the checksum
    size = place + (32 if hashed else 0)
    if size > len(image):
        raise cut
    right = image[place - 1] == checksum
    if hashed:
        right = right and hashlib.sha256(image[:place]).digest() == image[place : place + 32]
    if not right:
        raise DamagedImage(f"{what} is damaged: its checksum is wrong")
    return chip, size
