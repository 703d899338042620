"""Boards that QEMU emulates, with MicroPython's qemu port as firmware (ports/qemu).

The board's [emulate] table:

    program = "qemu-system-arm"     # and the Debian package that has it
    package = "qemu-system-arm"
    machine = "mps2-an385"          # -machine
    options = []                    # further arguments
    romfs = 0x20000000              # where the ROMFS image is put
    romfs_kb = 4096                 # what it may take there, in units of 1,024 bytes

The script goes through the emulated serial port and mpremote, as to a real board.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import tty
from pathlib import Path

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from host_tools import romfs
from host_tools.emulators import TIED, EmulatorError, ScriptFailed

# One expression: the script finds no names that it did not make itself.
MOUNT = (
    "(lambda vfs, uctypes: vfs.mount(vfs.VfsRom(uctypes.bytearray_at({address}, {size})), '/rom'))"
    "(__import__('vfs'), __import__('uctypes'))"
)

# What the port prints when the CPU has stopped: on Arm, where it then waits for ever, and on RISC-V, where QEMU ends.
FAULT = re.compile(
    rb"(?:(?P<arm>\w+) exception caught:\r\n(?:R\d+: .*\r\n){3}R12: .*R15: +(?P<arm_at>\w+)\r\nxPSR: \w+"
    rb"|MACHINE EXCEPTION CAUGHT:\r\n[^(]* MEPC=(?P<riscv_at>\w+) [^(]*\((?P<riscv>.+)\))\r\n$"
)
FAULT_LENGTH = 1000

# What talking to a port looks like that went away.
PORT_GONE = (TransportError, OSError, termios.error, struct.error)


class Stopped(Exception):
    """The board's CPU stopped; the message is the end of a sentence."""


def run(board, script: str, files: dict[str, bytes], timeout: float = 60) -> str:
    """Boots the board with `files` below /rom, runs the script and returns what it printed, "\\n" at the lines' ends.

    timeout: seconds, for booting and running together. Raises ScriptFailed with the board's traceback where the script
    raises; EmulatorError where QEMU is missing, the files are too large, or the board comes to no end. The protocol
    ends its texts with the character 4: a script must not print that one.
    """
    emulate = board.emulate
    program = shutil.which(emulate["program"])
    if not program:
        package = emulate["package"]
        raise EmulatorError(f"{emulate['program']} is not installed; on Debian: sudo apt-get install {package}")
    image = romfs.build(files)
    if len(image) > emulate["romfs_kb"] * 1024:
        room = f"{board.name} has room for {emulate['romfs_kb'] * 1024}"
        raise EmulatorError(f"the files make a ROMFS image of {len(image)} bytes, {room}: use fewer or smaller ones")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.romfs"
        path.write_bytes(image)
        command = [
            program, "-machine", emulate["machine"], *emulate["options"],
            "-nographic", "-monitor", "null", "-semihosting", "-kernel", str(board.image),
            "-device", f"loader,file={_quoted(path)},addr={emulate['romfs']:#x},force-raw=on",
        ]  # fmt: skip
        qemu = Qemu(command, timeout)
        try:
            with qemu as port:
                _execute(port, MOUNT.format(address=emulate["romfs"], size=len(image)))
                return _execute(port, script)
        except Stopped as stopped:
            raise EmulatorError(f"{board.name}: {stopped}") from None
        except PORT_GONE as error:
            raise EmulatorError(f"{board.name}: {qemu.why(error)}") from None


class Qemu:
    """QEMU while it runs: `with Qemu(command, timeout) as port`, port being an mpremote transport in the raw REPL.

    The process group is killed after `timeout` seconds, and at the end of the block in any case.
    """

    def __init__(self, command: list[str], timeout: float):
        self.command = [*TIED, *command]
        self.timeout = timeout
        self.timed_out = False
        self.left = threading.Event()  # the `with` block
        self.port: SerialTransport | None = None
        self.said = ""  # by QEMU itself, not by the board

    def __enter__(self) -> SerialTransport:
        self.log = tempfile.TemporaryFile()
        # A pseudo terminal of our own, QEMU at one end and mpremote at the other: with QEMU's own (-serial pty) what
        # the board says before mpremote is there is lost, and QEMU looks for mpremote once a second only.
        qemu_end, our_end = os.openpty()
        tty.setraw(our_end)
        serial = ["-add-fd", f"fd={qemu_end},set=1", "-chardev", "serial,id=board,path=/dev/fdset/1"]
        self.process = subprocess.Popen(
            [*self.command, *serial, "-serial", "chardev:board"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            pass_fds=[qemu_end], start_new_session=True,
        )  # fmt: skip
        self.watchdog = threading.Thread(target=self._watch, args=[qemu_end])
        self.watchdog.start()
        try:
            self.port = SerialTransport(os.ttyname(our_end))
            self.port.enter_raw_repl(soft_reset=False, timeout_overall=self.timeout)
        except BaseException:
            self.__exit__()
            raise
        finally:
            os.close(our_end)
        return self.port

    def __exit__(self, *_) -> None:
        self.left.set()
        self._kill()
        self.watchdog.join()
        if self.port:
            with contextlib.suppress(*PORT_GONE):
                self.port.serial.close()
        self.log.seek(0)
        self.said = self.log.read().decode(errors="replace").strip()
        self.log.close()

    def why(self, error: Exception) -> str:
        """Why there is nothing to talk to any more, as the end of a sentence."""
        if self.timed_out:
            return f"no end after {self.timeout:g} s: the script hangs or needs more time"
        if self.said:
            return self.said.splitlines()[0]
        if isinstance(error, OSError):
            return "the board switched itself off before the script's end"
        return f"the board does not answer as MicroPython does ({error})"

    def _watch(self, qemu_end: int) -> None:
        """Ends QEMU when its time is over. Closes the port when all that came is read: closing loses the rest."""
        try:
            self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            self.timed_out = True
            self._kill()
            self.process.wait()
        with contextlib.suppress(*PORT_GONE):
            while not self.left.wait(0.1) and self.port and self.port.serial.in_waiting:
                pass
        os.close(qemu_end)  # from here on reading fails

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _execute(port: SerialTransport, source: str) -> str:
    """Runs source text on the board; what it printed. Raises ScriptFailed, Stopped or one of PORT_GONE."""
    output = bytearray()

    def take(piece: bytes) -> None:
        output.extend(piece)
        if piece == b"\n":
            fault = FAULT.search(output, max(0, len(output) - FAULT_LENGTH))
            if fault:
                kind, place = fault["arm"] or fault["riscv"], fault["arm_at"] or fault["riscv_at"]
                raise Stopped(f"the CPU stopped at 0x{place.decode()}: {kind.decode()}")

    port.exec_raw_no_follow(source)
    _, traceback = port.follow(timeout=None, data_consumer=take)
    if traceback:
        raise ScriptFailed(_text(traceback))
    return _text(output.removesuffix(b"\x04"))


def _quoted(path: Path) -> str:
    """A path inside one of QEMU's options, where a comma ends a value."""
    return str(path).replace(",", ",,")


def _text(sent: bytes) -> str:
    """The board's serial port puts a \\r before each \\n."""
    return sent.decode(errors="backslashreplace").replace("\r\n", "\n")
