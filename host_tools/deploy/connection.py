"""A board at a serial port: opened by mpremote's transport, brought to its raw REPL, and given scripts to run.

    with connect("/dev/ttyACM0") as board:
        print(board.run("print(1 + 1)"))
"""

from __future__ import annotations

import ast
import contextlib
import errno
import io
import queue
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from host_tools.deploy import errors

ANSWER = 5  # seconds that a board may take for the two bytes that begin an answer
SILENCE = 30  # seconds without a sign of life, then the board is lost
END = b"\x04"  # of what a script prints, and of its traceback
ATTEMPTS = 4, 10  # seconds to reach the raw REPL; a board that is just starting loses the first attempt


class ScriptFailed(errors.BoardFailed):
    """A script raised on the board. `traceback`: what the board printed; the message has its last line."""

    def __init__(self, port: str, traceback: str):
        self.traceback = traceback.replace("\r\n", "\n").strip()
        super().__init__(f"the board at {port} raised: {self.traceback.splitlines()[-1] if self.traceback else '?'}")


class Connection:
    """A board that waits for scripts, after a soft reset: its boot.py has run, its main.py has not."""

    def __init__(self, port: str):
        """Raises errors.NoBoard, PortBusy, NoAnswer."""
        self.port = port
        self._transport = _open(port)
        try:
            self.reset()
        except BaseException:
            self._close()
            raise

    @property
    def emulated(self) -> bool:
        """True for a pseudo-terminal or a socket: what answers there is no board, or not at this computer."""
        return "://" in self.port or self.port.startswith("/dev/pts/")

    def reset(self) -> None:
        """Soft reset: an empty heap, nothing imported. Raises errors.NoAnswer, ConnectionLost."""
        from mpremote.transport import TransportError

        for seconds in ATTEMPTS:
            try:
                with contextlib.redirect_stdout(io.StringIO()):  # what mpremote prints of a failure
                    self._transport.enter_raw_repl(soft_reset=True, timeout_overall=seconds)
                return
            except TransportError:
                continue
            except OSError as error:
                raise errors.ConnectionLost(f"the board at {self.port} was lost: {_reason(error)}") from None
        raise errors.NoAnswer(
            f"{self.port}: no MicroPython answers there. Is it a board with MicroPython or CircuitPython, and does its "
            "program let itself be interrupted? Reset the board and try again; `upyml flash` brings it firmware"
        )

    def run(self, script: str, timeout: float = SILENCE, doing: str = "it was asked") -> str:
        """What the script (source text) prints. timeout: seconds without a sign of life.

        Raises ScriptFailed; errors.ConnectionLost, which names what the board was `doing`.
        """
        with self._talking(doing):
            output, traceback = self._transport.exec_raw(script, timeout=timeout)
        if traceback:
            raise ScriptFailed(self.port, traceback.decode(errors="replace"))
        return output.decode(errors="replace").replace("\r\n", "\n")

    def feed(self, script: str, pieces: list[bytes], doing: str) -> None:
        """Runs a script that prints ">" for each piece it wants to read, and nothing else. Raises as run() does."""
        transport, left = self._transport, list(pieces)
        with self._talking(doing):
            transport.exec_raw_no_follow(script)
            try:
                while left:
                    asked = self._byte()
                    if asked != b">":
                        break
                    transport.serial.write(left.pop(0))
            except BaseException:
                with contextlib.suppress(Exception):  # the board waits for the rest with Ctrl-C switched off
                    transport.serial.write(b"".join(left))
                raise
            if left and asked != END:
                raise OSError(f"it said {asked!r}")
            if not left:
                transport.read_until(1, END, timeout=SILENCE)
            traceback = transport.read_until(1, END, timeout=SILENCE)[:-1]
        if traceback:
            raise ScriptFailed(self.port, traceback.decode(errors="replace"))

    @contextlib.contextmanager
    def stream(self, script: str, doing: str) -> Iterator[Stream]:
        """Starts a script and gives the bytes that it writes as they come. Raises errors.ConnectionLost, as the stream does."""
        serial = self._transport.serial
        with self._talking(doing):
            self._transport.exec_raw_no_follow(script)
        patience, serial.timeout = serial.timeout, Stream.PAUSE
        stream = Stream(serial, lambda: self._talking(doing))
        try:
            yield stream
        finally:
            stream.close()
            with contextlib.suppress(Exception):  # where the port is gone
                serial.timeout = patience

    def _byte(self) -> bytes:
        """The next byte from the board, which may be erasing flash; empty where none comes."""
        return next(filter(None, (self._transport.serial.read(1) for _ in range(SILENCE // ANSWER))), b"")

    @contextlib.contextmanager
    def _talking(self, doing: str) -> Iterator[None]:
        """What goes wrong on the way becomes a ConnectionLost."""
        from mpremote.transport import TransportError

        try:
            with contextlib.redirect_stdout(io.StringIO()):  # what mpremote prints of a failure
                yield
        except TransportError:
            raise errors.ConnectionLost(f"the board at {self.port} stopped answering while {doing}") from None
        except (OSError, TypeError, ValueError, struct.error) as error:  # pyserial's where a port vanishes under it
            raise errors.ConnectionLost(f"the board at {self.port} was lost while {doing}: {_reason(error)}") from None

    def ask(self, script: str, timeout: float = SILENCE, doing: str = "it was asked") -> Any:
        """The value that the script prints in its last line, with repr(). Raises as run() does, and errors.NoAnswer."""
        lines = self.run(script, timeout, doing).strip().splitlines()
        try:
            return ast.literal_eval(lines[-1])
        except (IndexError, ValueError, SyntaxError):
            said = lines[-1][:80] if lines else "nothing"
            raise errors.NoAnswer(f"{self.port}: expected an answer, received {said!r}: reset the board") from None

    def close(self) -> None:
        """Leaves the board as after a reset: its main.py runs again."""
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            self._transport.serial.write(b"\r\x03")  # what still runs, where we were interrupted
            self._transport.exit_raw_repl()
            self._transport.read_until(1, b">>> ", timeout=1)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout=2)
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(Exception):
            self._transport.close()


class Stream:
    """What a running script writes. A thread reads it from the port, whatever the program does meanwhile: a board whose bytes
    nobody takes throws them away after half a second."""

    PAUSE = 0.05  # seconds from piece to piece

    def __init__(self, serial, talking: Callable[[], contextlib.AbstractContextManager]):
        """talking: what makes an error of the port one of ours."""
        self._serial = serial
        self._talking = talking
        self._pieces: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def get(self, timeout: float) -> bytes:
        """The next bytes; none after so many seconds. Raises errors.ConnectionLost."""
        try:
            piece = self._pieces.get(timeout=timeout)
        except queue.Empty:
            return b""
        if isinstance(piece, Exception):
            with self._talking():
                raise piece
        return piece

    def interrupt(self) -> None:
        """Ctrl-C to the script."""
        with self._talking():
            self._serial.write(b"\x03")

    def close(self) -> None:
        self._ended = True
        self._thread.join()

    def _read(self) -> None:
        try:
            while not self._ended:
                piece = self._serial.read(4096)
                if piece:
                    self._pieces.put(piece)
        except Exception as error:  # the one who waits for it has to know
            self._pieces.put(error)


@contextlib.contextmanager
def connect(port: str) -> Iterator[Connection]:
    """The board at a port: a device's path, or a pyserial URL as socket://127.0.0.1:2000. Raises as Connection does."""
    board = Connection(port)
    try:
        yield board
    except errors.ConnectionLost:
        board._close()
        raise
    finally:
        board.close()


def _open(port: str):
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    try:
        transport = SerialTransport(port, timeout=ANSWER)
    except (TransportError, ValueError):
        raise _why(port) from None
    transport.serial.write_timeout = 2 * ANSWER
    return transport


def _why(port: str) -> errors.DeployError:
    """mpremote does not say why a port cannot be opened: opened once more without it, it says so itself."""
    import serial

    try:
        serial.serial_for_url(port, exclusive=True).close()
    except ValueError:
        return errors.NoBoard(f"{port} is no port: expected a device as /dev/ttyACM0 or COM3, or socket://HOST:PORT")
    except OSError as error:
        number = error.errno or (errno.EACCES if "PermissionError" in str(error) else None)
        if number == errno.ENOENT or "FileNotFoundError" in str(error):
            return errors.NoBoard(f"there is no port {port}: `upyml boards` lists those there are")
        if number in (errno.EAGAIN, errno.EBUSY) or "PermissionError" in str(error):
            return errors.PortBusy(f"{port} is in use by another program (a terminal, an IDE?): close it there")
        if number in (errno.EACCES, errno.EPERM):
            return errors.PortBusy(f"{port}: you may not open it: on Linux join the group dialout and log in anew")
        if "://" in port:
            return errors.NoBoard(f"{port}: nothing listens there")
        return errors.NoBoard(f"{port} is no serial port: {_reason(error)}")
    return errors.PortBusy(f"{port} was in use a moment ago: try again")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
