"""Firmware through a boot drive: a folder with INFO_UF2.TXT stands for the drive."""

import json
import re
import shutil
import struct

import pytest
from click.testing import CliRunner

from host_tools import boards, uf2
from host_tools.cli import main
from host_tools.deploy import boot_drives, errors, flash, flash_uf2

FLASH = 0x1000_0000  # where both chips have it
CODE = bytes(range(256)) * 500
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: %s\r\n"  # as a Pico's boot ROM writes it


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with drives and firmware for both chips; no drive is mounted yet."""
    for name, board_id in {"pico": "RPI-RP2", "pico2": "RP2350", "another": "RPI-RP2"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "INFO_UF2.TXT").write_text(INFO % board_id)
    (tmp_path / "rp2040.uf2").write_bytes(uf2.write([(FLASH, CODE)], uf2.RP2040))
    (tmp_path / "rp2350.uf2").write_bytes(uf2.write([(FLASH, CODE)], uf2.RP2350_ARM))
    (tmp_path / "mounts").write_text("")
    monkeypatch.setattr(boot_drives, "MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(boot_drives.sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mount(place, *names):
    """Lists folders as Linux lists mounted FAT drives, among other file systems."""
    lines = [f"/dev/sd{name} {place / name} vfat rw,nosuid 0 0" for name in names]
    (place / "mounts").write_text("\n".join(["sysfs /sys sysfs rw 0 0", *lines, "/dev/sda1 / ext4 rw 0 0", ""]))


def upyml_flash(*args):
    return CliRunner().invoke(main, ["flash", *map(str, args)], catch_exceptions=False)


def contents(place):
    return {path: path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("board, image", [("pico", "rp2040.uf2"), ("pico2", "rp2350.uf2")])
def test_the_drive_gets_the_firmware(place, board, image):
    result = upyml_flash("--board", board, "--image", image, "--drive", board)
    assert result.exit_code == 0
    size = (place / image).stat().st_size  # the RP2350's has a block more
    assert f"{size:,} bytes" in result.output and "reads back as written" in result.output
    assert (place / board / "firmware.uf2").read_bytes() == (place / image).read_bytes()


def test_the_only_drive_of_the_board_is_found(place):
    mount(place, "pico2", "pico")
    told = json.loads(upyml_flash("--board", "pico", "--image", "rp2040.uf2", "--json").output)
    assert told["place"] == str(place / "pico") and told["size"] == 262_144
    assert (place / "pico" / "firmware.uf2").exists() and not (place / "pico2" / "firmware.uf2").exists()


def test_firmware_built_here_is_taken_by_itself(place, monkeypatch):
    monkeypatch.setattr(boards, "BUILD", place / "boards")
    (place / "boards" / "pico").mkdir(parents=True)
    shutil.copy(place / "rp2040.uf2", place / "boards" / "pico" / "firmware.uf2")
    assert upyml_flash("--board", "pico", "--drive", "pico").exit_code == 0
    assert (place / "pico" / "firmware.uf2").read_bytes() == (place / "rp2040.uf2").read_bytes()


def test_erase_writes_every_byte_of_the_flash(place):
    assert upyml_flash("--board", "pico", "--image", "rp2040.uf2", "--drive", "pico", "--erase").exit_code == 0
    ((address, data),) = uf2.parse((place / "pico" / "firmware.uf2").read_bytes()).segments
    assert address == FLASH and len(data) == 2048 * 1024
    assert data[: len(CODE)] == CODE and set(data[len(CODE) :]) == {0xFF}


def test_erase_takes_the_boards_own_blocks_of_a_file_for_two(place):
    """The other chip's, at the same addresses and below the flash, are not written."""
    other = uf2.write([(0x0FFF_F000, b"below"), (FLASH + 0x1000, b"\xee" * 4096)], uf2.RP2350_ARM)
    (place / "both.uf2").write_bytes((place / "rp2040.uf2").read_bytes() + other)
    assert upyml_flash("--board", "pico", "--image", "both.uf2", "--drive", "pico", "--erase").exit_code == 0
    image = uf2.parse((place / "pico" / "firmware.uf2").read_bytes())
    assert image.families == {uf2.RP2040}
    ((address, data),) = image.segments
    assert (address, data[: len(CODE)], set(data[len(CODE) :])) == (FLASH, CODE, {0xFF})


def changed(data, block, at, word):
    """A UF2 file in which one word of one block is another."""
    data = bytearray(data)
    struct.pack_into("<I", data, 512 * block + at, word)
    return bytes(data)


def damaged(place, name):
    """The Pico's firmware, broken in one way."""
    good = (place / "rp2040.uf2").read_bytes()
    return {
        "empty": b"",
        "of another kind": b"\x7fELF" + good[4:],
        "cut in a block": good[:-100],
        "cut between blocks": good[: 512 * 300],
        "with a hole": good[: 512 * 10] + good[512 * 11 :],
        "with a wrong end of block": good[:5116] + b"\0\0\0\0" + good[5120:],
        "too large": uf2.write([(FLASH, bytes(2048 * 1024 + 1))], uf2.RP2040),
        "for RAM": uf2.write([(0x2000_0000, CODE)], uf2.RP2040),
        "of short blocks": changed(good, 5, 16, 128),
        "off the pages": changed(good, 511, 12, FLASH + 0x2_0010),
        "for no chip": uf2.write([(FLASH, CODE)], 0),
    }[name]


WRONG = {
    "firmware of the other chip": (("pico", "rp2350.uf2", "pico"), 18, r"for RP2350 \(Arm\); pico has an RP2040"),
    "and the other way round": (("pico2", "rp2040.uf2", "pico2"), 18, r"for RP2040; pico2 has an RP2350"),
    "drive of the other board": (("pico", "rp2040.uf2", "pico2"), 18, "drive of a board 'RP2350'; expected 'RPI-RP2'"),
    "its drive": (("pico2", "rp2350.uf2", "pico"), 18, "drive of a board 'RPI-RP2'; expected 'RP2350'"),
    "no drive there": (("pico", "rp2040.uf2", "nowhere"), 10, "nowhere is no boot drive.*hold the board's BOOTSEL"),
    "a folder that is no drive": (("pico", "rp2040.uf2", "."), 10, "is no boot drive: it has no INFO_UF2.TXT"),
    "no image there": (("pico", "nothing.uf2", "pico"), 2, "No such file or directory: nothing.uf2"),
    "no such board": (("pico9", "rp2040.uf2", "pico"), 2, "no board 'pico9'; the boards are .*pico"),
    "an emulated board": (("cortex-m3", "rp2040.uf2", "pico"), 3, "only emulated"),
    "empty": (("pico", "damaged", "pico"), 19, "no UF2 file"),
    "of another kind": (("pico", "damaged", "pico"), 19, "no UF2 file"),
    "cut in a block": (("pico", "damaged", "pico"), 19, "cut off"),
    "cut between blocks": (("pico", "damaged", "pico"), 19, "300 of 512 blocks"),
    "with a hole": (("pico", "damaged", "pico"), 19, "511 of 512 blocks"),
    "with a wrong end of block": (("pico", "damaged", "pico"), 19, "block 9 lacks its magic"),
    "too large": (("pico", "damaged", "pico"), 15, "the flash of pico ends at 0x10200000"),
    "for RAM": (("pico", "damaged", "pico"), 15, "0x20000000"),
    "of short blocks": (("pico", "damaged", "pico"), 19, "a block of 128 bytes for 0x10000500: the boot ROM of pico"),
    "off the pages": (("pico", "damaged", "pico"), 19, "a block of 256 bytes for 0x10020010: the boot ROM of pico"),
    "for no chip": (("pico", "damaged", "pico"), 18, "this firmware names no chip; pico has an RP2040"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_work_is_refused_and_nothing_is_written(place, what):
    (board, image, drive), code, sentence = WRONG[what]
    if image == "damaged":
        (place / image).write_bytes(damaged(place, what))
    before = contents(place)
    result = upyml_flash("--board", board, "--image", image, "--drive", drive)
    told = result.output.replace("\n", " ")
    assert result.exit_code == code, told
    assert "Traceback" not in told
    assert re.search(sentence, told), told
    assert contents(place) == before


DRIVES = {
    "none": ((), 10, "no boot drive found: hold the board's BOOTSEL"),
    "another's": (("pico2",), 18, "of a board 'RP2350'; expected 'RPI-RP2'"),
    "two": (("pico", "another"), 11, "2 boot drives of a Raspberry Pi Pico.*choose with --drive"),
}


@pytest.mark.parametrize("mounted", DRIVES)
def test_no_drive_is_guessed(place, mounted):
    names, code, sentence = DRIVES[mounted]
    mount(place, *names)
    before = contents(place)
    result = upyml_flash("--board", "pico", "--image", "rp2040.uf2")
    assert result.exit_code == code and re.search(sentence, result.output), result.output
    assert contents(place) == before


def test_a_mount_point_with_spaces_is_read_as_linux_writes_it():
    text = "/dev/sdb1 /media/a\\040user/RPI-RP2 vfat rw 0 0\n/dev/sda1 /media/fast ext4 rw 0 0\n\n"
    assert [str(path) for path in boot_drives.parse_mounts(text)] == ["/media/a user/RPI-RP2"]


def test_firmware_that_was_not_built_is_named(place, monkeypatch):
    monkeypatch.setattr(boards, "BUILD", place / "boards")
    result = upyml_flash("--board", "pico", "--drive", "pico")
    assert result.exit_code == 21 and "not built: run ports/build.py pico, or give a file" in result.output


def test_a_port_is_no_drive(place):
    result = upyml_flash("--board", "pico", "--image", "rp2040.uf2", "--port", "/dev/ttyACM0")
    assert result.exit_code == 3 and "through its boot drive: give --drive" in result.output


def test_a_full_drive_is_noticed_before_writing(place, monkeypatch):
    full = shutil.disk_usage(place)._replace(free=100_000)
    monkeypatch.setattr(flash_uf2.shutil, "disk_usage", lambda drive: full)
    before = contents(place)
    result = upyml_flash("--board", "pico", "--image", "rp2040.uf2", "--drive", "pico")
    assert result.exit_code == 15 and "100,000 bytes free, the file has 262,144" in result.output
    assert contents(place) == before


def flash_while(place, happens):
    """Flashes; happens(done, total) is called after each piece, as the progress bar is."""
    return flash.flash(boards.get("pico"), place / "rp2040.uf2", drive=place / "pico", progress=happens)


def test_a_drive_that_goes_away_after_the_last_block_is_a_board_that_restarts(place):
    def restart(done, total):
        if done == total:
            (place / "pico").rename(place / "away")

    assert "the board restarted" in flash_while(place, restart).verified
    assert (place / "away" / "firmware.uf2").read_bytes() == (place / "rp2040.uf2").read_bytes()


def test_a_drive_that_goes_away_in_the_middle_is_an_interrupted_copy(place):
    def unplug(done, total):
        if done > total // 2 and (place / "pico").exists():
            (place / "pico").rename(place / "away")

    with pytest.raises(errors.ConnectionLost, match="went away after .* of 262,144 bytes: the board has no whole firm"):
        flash_while(place, unplug)


def test_a_drive_that_keeps_something_else_is_noticed(place):
    def rot(done, total):
        if done == total:
            with open(place / "pico" / "firmware.uf2", "r+b") as file:
                file.seek(1000)
                file.write(b"x")

    with pytest.raises(errors.NotVerified, match="reads back otherwise"):
        flash_while(place, rot)


def test_progress_ends_at_the_whole(place):
    steps = []
    flash_while(place, lambda done, total: steps.append((done, total)))
    assert steps == sorted(set(steps)) and steps[-1] == (262_144, 262_144) and len(steps) > 4
