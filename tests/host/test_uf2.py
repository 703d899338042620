"""UF2 files: what is written is read back, and a damaged file is refused with a sentence."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools import uf2

FLASH = 0x10000000


def test_a_block_byte_by_byte():
    """The format's published layout, spelt out once without the module's own constants."""
    data = uf2.write([(FLASH, b"boot")], uf2.RP2040)
    assert len(data) == 16 * 512  # a whole sector
    words = struct.unpack_from("<8I", data)
    assert words == (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, 0, 16, 0xE48BFF56)
    assert data[32:36] == b"boot" and data[36 : 32 + 256] == b"\xff" * 252
    assert data[508:512] == bytes.fromhex("306fb10a")
    last = struct.unpack_from("<8I", data, 15 * 512)
    assert last[3:7] == (0x10000F00, 256, 15, 16)


@settings(max_examples=50)
@given(st.data())
def test_what_is_written_is_read_back(data):
    """Segments of any place and length, that do not overlap, are found in the parsed image."""
    segments, address = [], FLASH
    for _ in range(data.draw(st.integers(1, 4))):
        address += data.draw(st.integers(0, 10_000))
        content = data.draw(st.binary(min_size=1, max_size=5_000))
        segments.append((address, content))
        address += len(content)
    image = uf2.parse(uf2.write(reversed(segments), uf2.RP2350_ARM))
    assert image.families == {uf2.RP2350_ARM}
    memory = {}
    for start, content in image.segments:
        assert start % uf2.SECTOR == 0 and len(content) % uf2.SECTOR == 0
        memory.update(enumerate(content, start))
    for start, content in segments:
        assert bytes(memory.pop(start + i) for i in range(len(content))) == content
    assert set(memory.values()) <= {0xFF}


def test_a_file_system_joins_the_firmware():
    firmware = uf2.write([(FLASH, b"firmware")], uf2.RP2040)
    joined = uf2.write([*uf2.parse(firmware).segments, (FLASH + 0x180000, b"romfs")], uf2.RP2040)
    first, second = uf2.parse(joined).segments
    assert first[0] == FLASH and first[1].startswith(b"firmware")
    assert second[0] == FLASH + 0x180000 and second[1].startswith(b"romfs")


def test_the_rp2350s_first_block():
    """As picotool writes it: absolute, "0 of 2", with the extension that has the boot ROM ignore it."""
    data = uf2.write([(FLASH, b"code")], uf2.RP2350_ARM)
    words = struct.unpack_from("<8I", data)
    assert words == (0x0A324655, 0x9E5D5157, 0xA000, 0x10FFFF00, 256, 0, 2, 0xE48BFF57)
    assert data[32:292] == b"\xef" * 256 + bytes.fromhex("04e35799")
    image = uf2.parse(data)
    assert image.families == {uf2.RP2350_ARM}
    assert [address for address, _ in image.segments] == [FLASH]
    assert image.parts[0][:2] == (uf2.ABSOLUTE, 0x10FFFF00)
    assert uf2.write(image.segments, uf2.RP2350_ARM) == data


def test_several_families_in_one_file():
    both = uf2.write([(FLASH, b"a")], uf2.RP2040) + uf2.write([(FLASH, b"b")], uf2.RP2350_ARM)
    assert uf2.parse(both).families == {uf2.RP2040, uf2.RP2350_ARM}


def test_each_chip_has_its_own_parts():
    both = uf2.write([(FLASH, b"a")], uf2.RP2040) + uf2.write([(FLASH, b"b")], uf2.RP2350_ARM)
    image = uf2.parse(both)
    ((_, first),), ((_, second),) = image.of(uf2.RP2040), image.of(uf2.RP2350_ARM)
    assert (first[:1], second[:1]) == (b"a", b"b")
    assert image.of(0x12345678) == ()


def test_blocks_that_are_no_pages_are_known():
    """The format allows them, boot ROMs do not take them."""
    data = bytearray(uf2.write([(FLASH, bytes(4096))], uf2.RP2040))
    assert uf2.parse(bytes(data)).odd_blocks == ()
    struct.pack_into("<I", data, 3 * 512 + 16, 128)  # a payload's size
    struct.pack_into("<I", data, 15 * 512 + 12, FLASH + 0x1010)  # an address
    assert uf2.parse(bytes(data)).odd_blocks == ((uf2.RP2040, FLASH + 0x300, 128), (uf2.RP2040, FLASH + 0x1010, 256))


def test_blocks_for_other_storage_are_passed_over():
    data = bytearray(uf2.write([(FLASH, bytes(4096))], uf2.RP2040))
    struct.pack_into("<I", data, 8, 0x2001)
    with pytest.raises(uf2.UF2Error, match="15 of 16 blocks for RP2040"):
        uf2.parse(bytes(data))
    only = bytearray(data[:512])
    with pytest.raises(uf2.UF2Error, match="no block for flash memory"):
        uf2.parse(bytes(only))


def test_a_file_without_a_family():
    data = bytearray(uf2.write([(FLASH, b"x")], uf2.RP2040))
    for place in range(0, len(data), 512):
        struct.pack_into("<I", data, place + 8, 0)
    assert uf2.parse(bytes(data)).families == {0}


@pytest.mark.parametrize(
    "damage, sentence",
    [
        (lambda data: b"", "no UF2 file"),
        (lambda data: b"\x7fELF" + data, "no UF2 file"),
        (lambda data: data[:-1], "cut off: expected a multiple of 512 bytes, found 16383"),
        (lambda data: data[:-512], "31 of 32 blocks for RP2040"),
        (lambda data: data + data[:512], "block 32 calls itself 0 of 32"),
        (lambda data: data[:512] + bytes(512) + data[1024:], "block 1 lacks its magic numbers"),
        (lambda data: data[:1020] + b"?" + data[1021:], "block 1 lacks its magic numbers"),
        (lambda data: data[:16] + b"\xdd\x01" + data[18:], "block 0 holds 477 bytes for 0x10000000"),
        (lambda data: data[:16] + bytes(4) + data[20:], "block 0 holds 0 bytes"),
        (lambda data: data[:20] + b"\x63" + data[21:], "block 0 calls itself 99 of 32"),
    ],
)
def test_a_damaged_file_is_refused(damage, sentence):
    data = uf2.write([(FLASH, bytes(8192))], uf2.RP2040)
    with pytest.raises(uf2.UF2Error, match=sentence):
        uf2.parse(damage(data))


def test_what_cannot_be_written():
    with pytest.raises(ValueError, match="overlap at 0x10000003"):
        uf2.write([(FLASH, b"abcd"), (FLASH + 3, b"x")], uf2.RP2040)
    with pytest.raises(ValueError, match="at least one segment"):
        uf2.write([(FLASH, b"")], uf2.RP2040)
    with pytest.raises(ValueError, match="address space"):
        uf2.write([(0xFFFFFFFF, b"ab")], uf2.RP2040)


def test_names_of_families():
    assert uf2.family_name(0xE48BFF56) == "RP2040"
    assert uf2.family_name(0x12345678) == "family 0x12345678"
