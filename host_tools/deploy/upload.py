"""Bytes into a script on the board: as they are where its standard input takes them, else as text in the script."""

from __future__ import annotations

import base64
from typing import Any

from host_tools.deploy.connection import Connection

PIECE = 240  # bytes sent at once: less than any port buffers
CHUNK, SMALL_CHUNK = 4096, 512  # bytes in one script; the smaller one where the board has little RAM
MUCH = 48 * 1024  # bytes of free heap from which on the larger one is used

# take(n) asks for one piece after the other with ">". Without kbd_intr() the byte 3 would stop it, as Ctrl-C does.
_TAKE = f"""
try:
    import sys
    from micropython import kbd_intr
    read = sys.stdin.buffer.readinto
    def take(n):
        b = bytearray(n)
        m = memoryview(b)
        kbd_intr(-1)
        try:
            for i in range(0, n, {PIECE}):
                sys.stdout.write('>')
                read(m[i:i + {PIECE}])
        finally:
            kbd_intr(3)
        return b
    print(True)
except (ImportError, AttributeError):
    from binascii import a2b_base64
    print(False)
"""


class Upload:
    """A way for bytes to a board that was not reset since. chunk: how many to send in one script."""

    def __init__(self, board: Connection, heap_free: int):
        self._board = board
        self._raw = board.ask(_TAKE)
        self.chunk = CHUNK if heap_free >= MUCH else SMALL_CHUNK

    def run(self, script: str, part: bytes, doing: str) -> Any:
        """Runs a script in which DATA stands for the bytes. Raises as Connection.run() does."""
        if not part:
            return self._board.run(script.replace("DATA", "b''"), doing=doing)
        if self._raw:
            pieces = [part[i : i + PIECE] for i in range(0, len(part), PIECE)]
            return self._board.feed(script.replace("DATA", f"take({len(part)})"), pieces, doing)
        return self._board.run(script.replace("DATA", f"a2b_base64({base64.b64encode(part)!r})"), doing=doing)
