"""Reads and writes UF2 files: firmware for a board's boot drive, in blocks of 512 bytes that each say where they go.

    image = uf2.parse(data)
    uf2.RP2040 in image.families          # is it for this chip?
    segments = image.of(uf2.RP2040)       # ((address, bytes), ...), neighbours joined
    data = uf2.write([*segments, (0x10180000, romfs)], uf2.RP2040)   # firmware and a file system in one file

A block, little-endian words: magic, magic, flags, address, payload's size, number, how many there are, family; then
room for 476 bytes of payload and a last magic. The boot ROMs of RP2040 and RP2350 take pages alone: payloads of 256
bytes for multiples of 256.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

RP2040 = 0xE48BFF56
ABSOLUTE = 0xE48BFF57  # a block whose address no partition table may move
RP2350_ARM = 0xE48BFF59
FAMILY_NAMES = {RP2040: "RP2040", ABSOLUTE: "absolute", RP2350_ARM: "RP2350 (Arm)"}

BLOCK = 512
PAGE = 256  # what a block of ours carries: a page of flash
SECTOR = 4096  # what the boot ROM erases at once
ERASED = 0xFF

_START = (0x0A324655, 0x9E5D5157)
_END = 0x0AB16F30
_HEAD = struct.Struct("<8I")
_ROOM = BLOCK - _HEAD.size - 4
_NOT_FOR_FLASH, _HAS_FAMILY, _HAS_EXTENSION = 0x0001, 0x2000, 0x8000
_IGNORE_BLOCK = 0x9957E304


class UF2Error(ValueError):
    """Not a UF2 file, or a damaged one; the message is a sentence."""


@dataclass(frozen=True)
class Image:
    """What a UF2 file holds."""

    parts: tuple[tuple[int, int, bytes], ...]  # family (0: the file names none), address, data; neighbours joined
    odd_blocks: tuple[tuple[int, int, int], ...] = ()  # family, address, size of the blocks that are no pages

    @property
    def families(self) -> frozenset[int]:
        """The chips it is for; absolute blocks count for none, unless there is nothing else."""
        found = frozenset(family for family, _, _ in self.parts)
        return found - {ABSOLUTE} or found

    def of(self, family: int) -> tuple[tuple[int, bytes], ...]:
        """(address, data) of one chip's parts, in the file's order; none where the file is not for it."""
        return tuple((address, data) for own, address, data in self.parts if own == family)

    @property
    def segments(self) -> tuple[tuple[int, bytes], ...]:
        """(address, data) of the chips' own parts, in the file's order, without absolute blocks."""
        return tuple((address, data) for family, address, data in self.parts if family in self.families)


def family_name(family: int) -> str:
    """The chip's name, or the family's number where we know none."""
    return FAMILY_NAMES.get(family, f"family 0x{family:08X}" if family else "no family")


def parse(data: bytes) -> Image:
    """The image in a UF2 file. Raises UF2Error, a sentence, where the file is damaged or of another kind."""
    if not data or data[:4] != struct.pack("<I", _START[0]):
        raise UF2Error("this is no UF2 file: it does not begin with a UF2 block's magic number")
    if len(data) % BLOCK:
        raise UF2Error(f"the UF2 file is cut off: expected a multiple of {BLOCK} bytes, found {len(data)}")
    parts: list[tuple[int, int, bytearray]] = []
    odd_blocks = []
    numbers: dict[int, tuple[int, set[int]]] = {}  # family -> how many blocks it should have, numbers seen
    for place in range(0, len(data), BLOCK):
        block = _parse_block(data, place)
        if block is None:
            continue
        family, address, payload, number, count = block
        expected, seen = numbers.setdefault(family, (count, set()))
        if count != expected or number >= count or number in seen:
            raise UF2Error(f"the UF2 file is damaged: block {place // BLOCK} calls itself {number} of {count}")
        seen.add(number)
        if address % PAGE or len(payload) != PAGE:
            odd_blocks.append((family, address, len(payload)))
        if parts and parts[-1][0] == family and parts[-1][1] + len(parts[-1][2]) == address:
            parts[-1][2].extend(payload)
        else:
            parts.append((family, address, bytearray(payload)))
    for family, (count, seen) in numbers.items():
        # The one absolute block before an image for the RP2350 calls itself 0 of 2.
        if family != ABSOLUTE and len(seen) != count:
            raise UF2Error(f"the UF2 file is not whole: {len(seen)} of {count} blocks for {family_name(family)}")
    if not parts:
        raise UF2Error("the UF2 file has no block for flash memory")
    return Image(tuple((family, address, bytes(data)) for family, address, data in parts), tuple(odd_blocks))


def _parse_block(data: bytes, place: int) -> tuple[int, int, bytes, int, int] | None:
    """Family, address, payload, number and count of the block there; None for one that is not for flash."""
    *start, flags, address, size, number, count, family = _HEAD.unpack_from(data, place)
    (end,) = struct.unpack_from("<I", data, place + BLOCK - 4)
    if tuple(start) != _START or end != _END:
        raise UF2Error(f"the UF2 file is damaged: block {place // BLOCK} lacks its magic numbers")
    if flags & _NOT_FOR_FLASH:
        return None
    if not 0 < size <= _ROOM or address + size > 1 << 32:
        raise UF2Error(f"the UF2 file is damaged: block {place // BLOCK} holds {size} bytes for 0x{address:08X}")
    payload = data[place + _HEAD.size : place + _HEAD.size + size]
    return (family if flags & _HAS_FAMILY else 0), address, payload, number, count


def write(segments: Iterable[tuple[int, bytes]], family: int) -> bytes:
    """A UF2 file that puts each segment, (address, data), into flash; the order does not matter.

    Every sector of 4,096 bytes that a segment touches is written whole, the rest of it as erased flash: the RP2040's
    boot ROM may otherwise leave stale pages there (its erratum E14). An image for the RP2350 begins with a block that
    its boot ROM ignores, as picotool writes it (against its erratum E10: files on chips with a partition table).
    Raises ValueError for segments that overlap, or for none.
    """
    sectors = _sectors(segments)
    count = len(sectors) * (SECTOR // PAGE)
    blocks: list[bytes] = []
    for start, content in sorted(sectors.items()):
        for offset in range(0, SECTOR, PAGE):
            page = content[offset : offset + PAGE]
            blocks.append(_block(_HAS_FAMILY, start + offset, page, len(blocks), count, family))
    if family == RP2350_ARM:
        payload = b"\xef" * PAGE
        extension = struct.pack("<I", _IGNORE_BLOCK)
        blocks.insert(0, _block(_HAS_FAMILY | _HAS_EXTENSION, 0x10FFFF00, payload, 0, 2, ABSOLUTE, extension))
    return b"".join(blocks)


def _block(
    flags: int, address: int, page: bytes, number: int, count: int, family: int, extension: bytes = b""
) -> bytes:
    head = _HEAD.pack(*_START, flags, address, PAGE, number, count, family)
    return head + page + extension.ljust(_ROOM - PAGE, b"\0") + struct.pack("<I", _END)


def _sectors(segments: Iterable[tuple[int, bytes]]) -> dict[int, bytearray]:
    """The sectors that the segments touch, by address."""
    sectors: dict[int, bytearray] = {}
    end = 0
    for address, data in sorted((address, bytes(data)) for address, data in segments if data):
        if address < end:
            raise ValueError(f"two segments overlap at 0x{address:08X}")
        end = address + len(data)
        if end > 1 << 32:
            raise ValueError(f"a segment of {len(data)} bytes at 0x{address:08X} leaves the address space")
        while data:
            start, offset = address - address % SECTOR, address % SECTOR
            piece, data = data[: SECTOR - offset], data[SECTOR - offset :]
            sectors.setdefault(start, bytearray([ERASED]) * SECTOR)[offset : offset + len(piece)] = piece
            address = start + SECTOR
    if not sectors:
        raise ValueError("a UF2 file needs at least one segment with data")
    return sectors
