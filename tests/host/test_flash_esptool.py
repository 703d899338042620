"""Firmware through a serial port: esptool talks to the ROM loader of esp32-mock-bootloader 0.3.0 (4 MB of flash)."""

import json
import os
import pty
import re
import subprocess
import sys
import tty

import pytest
import serial
from click.testing import CliRunner
from esp32_mock_bootloader import mock_bootloader, process
from esp_firmware import firmware, image
from esptool.targets import CHIP_DEFS

from host_tools import boards
from host_tools.cli import main
from host_tools.deploy import errors, flash

ESP32 = 0x1000  # where its boot ROM looks for a bootloader
NOWHERE = "socket://127.0.0.1:1"  # nothing listens there: who asks for it gets another error


@pytest.fixture
def loader():
    """Starts a ROM loader of a chip; its port."""
    running = []

    def start(chip: str) -> str:
        running.append(mock_bootloader(chip=chip))
        return running[-1].url()

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def file(tmp_path):
    """Writes firmware to a file."""

    def write(content: bytes):
        (tmp_path / "firmware.bin").write_bytes(content)
        return tmp_path / "firmware.bin"

    return write


def upyml_flash(*args):
    return CliRunner().invoke(main, ["flash", *map(str, args)], catch_exceptions=False)


def esptool(port, *args) -> int:
    """The exit code of the esptool program."""
    command = [sys.executable, "-m", "esptool", "--port", port, *map(str, args)]
    return subprocess.run(command, capture_output=True).returncode


def holds(port, offset: int, content: bytes, tmp_path) -> bool:
    """Whether the chip has these bytes in flash, as the esptool program sees it."""
    (tmp_path / "expected").write_bytes(content)
    return esptool(port, "verify-flash", offset, tmp_path / "expected") == 0


ERASED = b"\xff" * 0x20000


@pytest.mark.parametrize("board", ["esp32", "esp32-s2", "esp32-s3", "esp32-c3", "esp32-c6"])
def test_the_flash_holds_the_firmware(loader, file, tmp_path, board):
    chip = board.replace("-", "")
    offset = CHIP_DEFS[chip].BOOTLOADER_FLASH_OFFSET  # where esptool knows that this chip's boot ROM looks
    port, content = loader(chip), firmware(chip, offset)
    result = upyml_flash("--board", board, "--image", file(content), "--port", port)
    assert result.exit_code == 0 and "the flash has the file's MD5" in result.output, result.output
    assert holds(port, offset, content, tmp_path)


def test_a_serial_line_will_do(file, tmp_path):
    server, port = process.start_pty(chip="esp32c3", timeout=None)
    try:
        told = json.loads(
            upyml_flash("--board", "esp32-c3", "--image", file(firmware("esp32c3", 0)), "--port", port, "--json").stdout
        )
        assert told["place"] == port and told["size"] == len(firmware("esp32c3", 0))
        assert holds(port, 0, firmware("esp32c3", 0), tmp_path)
    finally:
        process.stop_subprocess(server)


def test_files_on_the_board_stay_unless_all_is_erased(loader, file, tmp_path):
    port, kept = loader("esp32"), bytes(range(256))
    (tmp_path / "kept").write_bytes(kept)
    assert esptool(port, "write-flash", 0x300000, tmp_path / "kept") == 0
    given = ("--board", "esp32", "--image", file(firmware("esp32", ESP32)), "--port", port)
    assert upyml_flash(*given).exit_code == 0
    assert holds(port, 0x300000, kept, tmp_path)
    assert upyml_flash(*given, "--erase").exit_code == 0
    assert holds(port, 0x300000, ERASED[:256], tmp_path) and not holds(port, 0x300000, kept, tmp_path)
    assert holds(port, ESP32, firmware("esp32", ESP32), tmp_path)


GOOD = firmware("esp32", ESP32)
IMAGES = {
    "of another chip": (firmware("esp32s3", ESP32), 18, "this firmware is for an ESP32-S3; esp32 has an ESP32"),
    "mixed": (firmware("esp32", ESP32, app_chip="esp32c3"), 19, "bootloader is for chip number 0, .* for 5"),
    "of another kind": (b"UF2\n" + bytes(100_000), 19, "the bootloader does not begin as one for.*found 0x55"),
    "empty": (b"", 19, "the bootloader is cut off"),
    "the application alone": (image("esp32", 1) + bytes(100_000), 19, "no partition table.*not the application alone"),
    "cut in the bootloader": (GOOD[:2000], 19, "the bootloader is cut off"),
    "cut before the application": (GOOD[: 0x10000 - ESP32], 19, "cut off: its application begins at 61,440"),
    "cut in the application": (GOOD[:-40], 19, "the application 'factory' is cut off"),
    "too large for its partition": (
        firmware("esp32", ESP32, app_size=len(image("esp32", 2)) - 1),
        19,
        f"'factory' has {len(image('esp32', 2)):,} bytes, more than its partition of {len(image('esp32', 2)) - 1:,}",
    ),
    "with a partition before it": (
        firmware("esp32", ESP32, first=0xFFF),
        19,
        "partition 'nvs' begins at 0xFFF in flash, before the firmware, which begins at 0x1000",
    ),
    "with a wrong byte of code": (GOOD[:-200] + b"\x12" + GOOD[-199:], 19, "the application 'factory' is damaged"),
    "with a wrong byte of SHA-256": (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), 19, "the application 'factory' is damaged"),
}


@pytest.mark.parametrize("what", IMAGES)
def test_a_wrong_image_is_refused_before_the_port_is_opened(file, what):
    content, code, sentence = IMAGES[what]
    result = upyml_flash("--board", "esp32", "--image", file(content), "--port", NOWHERE)
    assert result.exit_code == code and re.search(sentence, result.output), result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("answers", ["esp32s3", "esp32c3", "esp32s2"])
def test_another_chip_at_the_port_is_not_written_to(loader, file, tmp_path, answers):
    port = loader(answers)
    result = upyml_flash("--board", "esp32", "--image", file(GOOD), "--port", port, "--erase")
    assert result.exit_code == 18 and re.search(r"is an ESP32-\w\w; esp32 has an ESP32$", result.output.strip())
    assert holds(port, 0, ERASED, tmp_path)


def test_partitions_that_the_flash_has_no_room_for(loader, file, tmp_path):
    port = loader("esp32")
    big = firmware("esp32", ESP32, app_size=0x7F0000)
    result = upyml_flash("--board", "esp32", "--image", file(big), "--port", port)
    assert result.exit_code == 15
    assert "has 4,194,304 bytes of flash, the firmware's partitions need 8,388,608" in result.output
    assert holds(port, 0, ERASED, tmp_path)


# The loader's flash forgets a bit: as it is written, or only after esptool has compared it.
FORGETS = """
from esp32_mock_bootloader import cli, server
def forget(flash):
    flash.data[0x8100] &= 0xFE
    return flash
write, compare = server.FlashImage.write_defl_block, server.FlashImage.md5_stub_response
"""
WHEN = {
    "written": "server.FlashImage.write_defl_block = lambda flash, sent: (write(flash, sent), forget(flash))",
    "compared": "server.FlashImage.md5_stub_response = "
    "lambda flash, asked, **how: (compare(flash, asked, **how), forget(flash))[0]",
}


@pytest.mark.parametrize("when", WHEN)
def test_a_flash_that_holds_something_else_is_noticed(file, tmp_path, when):
    code = f"{FORGETS}{WHEN[when]}\nraise SystemExit(cli.main())"
    options = ["run", "--chip", "esp32", "--port", "0", "--port-file", tmp_path / "port"]
    with subprocess.Popen([sys.executable, "-c", code, *options], stdout=subprocess.DEVNULL) as server:
        try:
            while not (tmp_path / "port").exists() or not (tmp_path / "port").read_text().strip():
                assert server.poll() is None
            port = f"socket://127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
            result = upyml_flash("--board", "esp32", "--image", file(GOOD), "--port", port)
        finally:
            server.kill()
    assert result.exit_code == 20, result.output
    assert re.search(r"has the MD5 [0-9a-f]{32}, not that of the file: flash again$", result.output.strip())


def test_ports_without_a_board(file, tmp_path):
    given = ("--board", "esp32", "--image", file(GOOD), "--port")
    assert "there is no port /dev/nothing: plug" in upyml_flash(*given, "/dev/nothing").output
    assert "Connection refused" in upyml_flash(*given, NOWHERE).output
    for port in ("/dev/nothing", NOWHERE, file(GOOD)):
        assert upyml_flash(*given, port).exit_code == 10


def test_a_port_that_is_silent_or_in_use(file):
    given = ("--board", "esp32", "--image", file(GOOD), "--port")
    board, host = pty.openpty()
    tty.setraw(board)
    try:
        port = os.ttyname(host)
        silent = upyml_flash(*given, port)
        assert silent.exit_code == 13 and "no ESP32 answers at" in silent.output and "BOOT button" in silent.output
        with serial.Serial(port, exclusive=True):
            busy = upyml_flash(*given, port)
            assert busy.exit_code == 12 and f"{port} is in use by another program: close it" in busy.output
    finally:
        os.close(board)
        os.close(host)


@pytest.mark.slow  # esptool waits for the board to come back
def test_a_board_that_goes_away_while_it_is_written_to(file):
    server, number = process.start_server(chip="esp32", timeout=None)
    pieces = []

    def unplug(done, total):
        pieces.append(done / total)
        server.kill()

    with server, pytest.raises(errors.ConnectionLost, match="flash again"):
        flash.flash(boards.get("esp32"), file(GOOD), port=f"socket://127.0.0.1:{number}", progress=unplug)
    assert 0 < pieces[-1] < 1


def test_a_drive_is_no_port(file, tmp_path):
    result = upyml_flash("--board", "esp32", "--image", file(GOOD), "--drive", tmp_path)
    assert result.exit_code == 3 and "has no boot drive: give --port" in result.output
