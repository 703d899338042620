"""Firmware onto a board of the ESP32 family, through esptool: checked before, verified by the chip's own MD5 after."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Callable, Iterator

import esptool.logger
import serial
from esptool import cmds, loader
from esptool.targets import CHIP_DEFS
from esptool.util import FatalError, NotImplementedInROMError, flash_size_bytes

from host_tools.boards import Board
from host_tools.deploy import errors, esp_image, find

ATTEMPTS = 3  # at waking the boot loader, each some seconds


def flash(
    board: Board, firmware: bytes, port: str | None, baud: int, erase: bool, progress: Callable[[int, int], None]
) -> tuple[str, str]:
    """The port written to, and how the firmware is known to be there.

    port: None takes the only one there is. erase: the whole flash is erased before.
    Nothing is written unless the file is whole, for this chip, and fits, and the chip at the port is the board's.
    Raises NotVerified where the flash then holds something else; such a board is not started.
    """
    offset = board.flash["offset"]
    image = check(board, firmware)
    port = find.choose(port)
    with _quiet(progress):
        esp = _connect(port)
        try:
            if esp.CHIP_NAME != _chip(board).CHIP_NAME:
                raise errors.WrongChip(f"at {port} is an {esp.CHIP_NAME}; {board.name} has an {_chip(board).CHIP_NAME}")
            esp = cmds.run_stub(esp)
            with contextlib.suppress(NotImplementedInROMError):
                esp.change_baud(baud)
            cmds.attach_flash(esp)
            _check_room(esp, max(image.flash_end, offset + len(firmware)))
            refused = None
            try:
                cmds.write_flash(esp, [(offset, firmware)], erase_all=erase)
            except FatalError as error:  # what the flash holds now tells more than esptool's sentence
                refused = error
            digest = esp.flash_md5sum(offset, len(firmware))
            if digest != hashlib.md5(firmware).hexdigest():
                raise errors.NotVerified(f"the flash at {port} has the MD5 {digest}, not that of the file: flash again")
            if refused:
                raise refused
            cmds.reset_chip(esp, "hard-reset")
        except (FatalError, OSError) as error:  # serial.SerialException is an OSError
            raise errors.ConnectionLost(f"{port}: {_first_line(error)}; flash again") from None
        finally:
            esp._port.close()
    return port, f"the flash has the file's MD5, {digest}"


def check(board: Board, firmware: bytes) -> esp_image.Firmware:
    """What is in a firmware for this board. Raises DamagedImage, WrongChip, NoRoom."""
    image = esp_image.check(firmware, board.flash["offset"])
    if image.chip != _chip(board).IMAGE_CHIP_ID:
        names = {chip.IMAGE_CHIP_ID: chip.CHIP_NAME for chip in CHIP_DEFS.values() if hasattr(chip, "IMAGE_CHIP_ID")}
        found = names.get(image.chip, f"chip number {image.chip}")
        raise errors.WrongChip(f"this firmware is for an {found}; {board.name} has an {_chip(board).CHIP_NAME}")
    return image


def _chip(board: Board) -> type[loader.ESPLoader]:
    """esptool's description of the board's chip."""
    return CHIP_DEFS[board.flash["chip"]]


def _connect(port: str) -> loader.ESPLoader:
    """The chip at the port, in its boot loader."""
    try:
        return cmds.detect_chip(port, connect_attempts=ATTEMPTS)
    except FatalError as error:
        cause = error.__context__
        if not isinstance(cause, serial.SerialException):
            raise errors.NoAnswer(
                f"no ESP32 answers at {port}: hold its BOOT button, press RESET, and try again ({_first_line(error)})"
            ) from None
    except OSError as error:
        cause = error
    if cause.errno in (errno.EACCES, errno.EPERM):
        raise errors.PortBusy(f"{port} may not be opened: give yourself the right to (group dialout on Debian)")
    if cause.errno in (errno.EAGAIN, errno.EBUSY) or "denied" in str(cause):  # the latter is what Windows says
        raise errors.PortBusy(f"{port} is in use by another program: close it")
    if cause.errno == errno.ENOENT:
        raise errors.NoBoard(f"there is no port {port}: plug the board in, or choose with --port")
    raise errors.NoBoard(f"{port} is no port that a board could be at: {cause}")


def _check_room(esp: loader.ESPLoader, needed: int) -> None:
    found = flash_size_bytes(cmds.detect_flash_size(esp))
    if found is not None and found < needed:
        raise errors.NoRoom(f"the board has {found:,} bytes of flash, the firmware's partitions need {needed:,}")


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


class _Logger(esptool.logger.TemplateLogger):
    """esptool's messages are not for our users; its progress goes to our bar."""

    def __init__(self, progress: Callable[[int, int], None]):
        self.progress = progress

    def print(self, *args, **kwargs) -> None: ...

    def note(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def stage(self, finish: bool = False) -> None: ...

    def set_verbosity(self, verbosity: str) -> None: ...

    def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30) -> None:
        self.progress(cur_iter, total_iters)


@contextlib.contextmanager
def _quiet(progress: Callable[[int, int], None]) -> Iterator[None]:
    """esptool's logger is one for the whole process: ours while it works for us."""
    before = esptool.logger.EspLog.instance
    esptool.logger.log.set_logger(_Logger(progress))
    try:
        yield
    finally:
        esptool.logger.EspLog.instance = before
