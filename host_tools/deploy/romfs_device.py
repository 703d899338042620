"""A model into a board's ROMFS, beside what is there already: read back, merged, written as one image, verified.

A file in ROMFS lies in flash as it is, and a model runs from there without a copy in RAM. The partition holds one
image: while it is written the old one is gone. Its first bytes are written last, so that a half image never looks like
one.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from host_tools import romfs
from host_tools.deploy import errors, transfer
from host_tools.deploy.connection import Connection
from host_tools.deploy.facts import Facts, Room
from host_tools.deploy.upload import Upload

ALIGN = 16  # bytes; what kernels expect of weights
READ = 4096  # bytes read back with one script
UNIT = 512  # bytes; a multiple of what any flash writes at once
DOING = "its ROMFS was written, which is empty until a whole image is there: deploy again"

_LIST = """
import os
def walk(folder, prefix):
    a = []
    for e in os.ilistdir(folder):
        name = folder + '/' + e[0]
        if e[1] & 0x4000:
            a += walk(name, prefix + e[0] + '/')
        else:
            a.append((prefix + e[0], os.stat(name)[6]))
    return a
def in_place(path):
    import uctypes
    try:
        with open(path, 'rb') as f:
            return uctypes.addressof(memoryview(f)) % {align} == 0
    except (OSError, TypeError):
        return False
try:
    there = walk('/rom', '')
except OSError:
    there = []
here = in_place({path!r})
print((there, digest({path!r}) if here else None))
"""
_READ = """
from binascii import b2a_base64
with open({path!r}, 'rb') as f:
    f.seek({start})
    print(b2a_base64(f.read({count})))
"""
# The partition is either a block device that is also a buffer (RP2, ESP32), or a buffer with calls of its own (STM32).
_OPEN = """
import vfs
try:
    vfs.umount('/rom')
except OSError:
    pass
d = vfs.rom_ioctl(2, 0)
if hasattr(d, 'ioctl'):
    size = d.ioctl(5, 0)
    for i in range(({count} + size - 1) // size):
        d.ioctl(6, i)
    def w(at, data):
        d.writeblocks(at // size, data, at % size)
    def finish():
        pass
else:
    size = vfs.rom_ioctl(6, 0)
    if 0 < size < len(d):
        for at in range(0, {count}, size):
            vfs.rom_ioctl(3, 0, at, size)
    else:
        vfs.rom_ioctl(3, 0, {count})
    def w(at, data):
        vfs.rom_ioctl(4, 0, at, data)
    def finish():
        vfs.rom_ioctl(5, 0)
"""
_VERIFY = """
finish()
h = new()
for i in range(0, {count}, 4096):
    h = add(h, memoryview(d)[i:min(i + 4096, {count})])
print(end(h))
"""


def prepare(board: Connection, told: Facts, has: Room, path: str, content: bytes) -> bytes | None:
    """The image that holds the file (its path begins with /rom/) and all that is in ROMFS now.

    None where the board has the file already, aligned. Raises errors.OldFirmware, NoRoom, ConnectionLost.
    """
    if not has.romfs:
        raise errors.OldFirmware(
            f"{told.machine} with {told.firmware} has no ROMFS: flash firmware that has one (upyml's own does), or "
            "leave out --romfs"
        )
    script = transfer.DIGEST + _LIST.format(align=ALIGN, path=path)
    there, found = board.ask(script, timeout=120, doing="its ROMFS was read")
    if found is not None and transfer.same(found, content):
        return None
    name = path.removeprefix("/rom/")
    size = len(content) + sum(size for other, size in there if other != name)
    if size > has.romfs:  # before anything is read back
        raise _no_room(size, has)
    files = {other: _read(board, "/rom/" + other, size) for other, size in there if other != name}
    image = romfs.build(files | {name: content}, ALIGN)
    if len(image) > has.romfs:
        raise _no_room(len(image), has)
    return image


def _no_room(size: int, has: Room) -> errors.NoRoom:
    return errors.NoRoom(
        f"the ROMFS image has {size:,} bytes, the board's partition {has.romfs:,}: use a smaller model, or firmware "
        "with a larger partition. Nothing was written"
    )


def _read(board: Connection, path: str, size: int) -> bytes:
    parts = [
        base64.b64decode(board.ask(_READ.format(path=path, start=start, count=READ), doing="its ROMFS was read"))
        for start in range(0, size, READ)
    ]
    return b"".join(parts)


def write(board: Connection, image: bytes, upload: Upload, step: Callable[[int], None]) -> None:
    """Replaces the partition's content. The board needs a reset before it finds the new files.

    step: called with each count of bytes. Raises errors.NotVerified, ConnectionLost; connection.ScriptFailed.
    """
    board.run(_OPEN.format(count=len(image)), timeout=120, doing=DOING)
    padded = image + bytes(-len(image) % UNIT)
    starts = range(0, len(image), upload.chunk)
    for start in [*starts[1:], 0]:
        part = padded[start : start + upload.chunk]
        upload.run(f"w({start}, DATA)", part, DOING)
        step(len(image[start : start + upload.chunk]))
    found = board.ask(transfer.DIGEST + _VERIFY.format(count=len(image)), timeout=120, doing=DOING)
    if not transfer.same(found, image):
        raise errors.NotVerified(
            "the board's ROMFS holds something else than was written: deploy again; if that happens more often, the "
            "cable or the flash is bad"
        )
