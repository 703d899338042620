"""The file with an emulated board's flash: one emulator's at a time, and never half-written.

    with FlashFile("flash.bin", size=2 << 20) as file:
        file.write(content_from(file.old))      # whole, or not at all
        ...                                     # an emulator that writes into it
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from host_tools.emulators import EmulatorError


class FlashFileError(EmulatorError):
    """A file that cannot be an emulator's flash; the message says why and what to do."""


class FlashFile:
    """A file held for this process from open() until close().

    size: bytes that a file which is there already must have; old: its content, empty where there was none.
    open() raises FlashFileError for a file of another size and for one that another emulator has, and OSError.
    """

    def __init__(self, path: Path | str, size: int):
        self.path = Path(path).resolve()  # write() replaces the file, not a link to it
        self.size = size
        self.old = b""
        self._held: int | None = None

    def open(self) -> None:
        """Takes the file and reads it."""
        try:
            held = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:
            return  # it is made by write()
        try:
            if not _lock(held) or not os.path.samestat(os.fstat(held), os.stat(self.path)):
                raise FlashFileError(
                    f"{self.path} is the flash of an emulator that runs: end that one, or name another file"
                )
            found = os.fstat(held).st_size
            if found != self.size:
                raise FlashFileError(
                    f"{self.path} is no flash content: expected {self.size:,} bytes, found {found:,}; it stays as it is"
                )
            self.old = self.path.read_bytes()
        except BaseException:
            os.close(held)
            raise
        self._held = held

    def write(self, content: bytes) -> None:
        """Puts another file in its place, which is held as well."""
        name = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        held = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _lock(held)  # before it has the name that others open
            with os.fdopen(os.dup(held), "wb") as file:
                file.write(content)
            os.replace(name, self.path)
        except BaseException:
            os.close(held)
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        self.close()
        self._held = held

    def close(self) -> None:
        """Lets others have it."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def __enter__(self) -> FlashFile:
        self.open()
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def _lock(held: int) -> bool:
    """Whether it could be had. It ends with the last handle, however the process ends."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
