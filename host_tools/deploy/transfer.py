"""Files onto a board: only those that differ, under temporary names first, verified there, then renamed together."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.deploy import errors
from host_tools.deploy.connection import Connection, ScriptFailed
from host_tools.deploy.upload import Upload

TEMPORARY = ".part"  # added to a name; what an interrupted copy leaves, the next one removes
DOING = "copying: what was there before is as it was"

# Size and CRC-32 of files, None for what is no file; and the names in folders, None for a folder that is not there.
# Their paths stand in one text with "|" between, which a board compiles faster than a list.
# CRC-32 is a quarter of SHA-256's work, and good enough to notice a change; what was copied is verified with SHA-256.
_LOOK = """
import os
from binascii import crc32
b=memoryview(bytearray(4096))
def look(p):
    try:
        f=open(p,'rb')
    except OSError:
        return
    s=c=0
    n=1
    while n:
        n=f.readinto(b)
        c=crc32(b[:n],c)
        s+=n
    return s,c&0xffffffff
print([look(p) for p in {paths!r}.split('|')])
"""
_FOLDERS = """
import os
def folder(p):
    try:
        return os.listdir(p)
    except OSError:
        return
print([folder(p) for p in {folders!r}.split('|')])
"""
# digest(path): SHA-256 where the board has it, else CRC-32.
DIGEST = """
try:
    from hashlib import sha256
    new, add, end = sha256, lambda h, d: h.update(d) or h, lambda h: h.digest()
except ImportError:
    from binascii import crc32
    new, add, end = lambda: 0, lambda h, d: crc32(d, h), lambda h: h & 0xffffffff
def digest(path):
    b = memoryview(bytearray(1024))
    h = new()
    with open(path, 'rb') as f:
        n = 1
        while n:
            n = f.readinto(b)
            h = add(h, b[:n])
    return end(h)
"""
_RENAME = """
import os
for p in {paths!r}:
    os.rename(p + {temporary!r}, p)
for p in {stale!r}:
    os.remove(p)
if hasattr(os, 'sync'):
    os.sync()
"""


@dataclass(frozen=True)
class Look:
    """What a board has of the wanted files: paths that differ, missing folders (outer ones first), stale paths."""

    changed: list[str]
    folders: list[str]
    stale: list[str]


def look(board: Connection, files: dict[str, bytes], stale: list[str]) -> Look:
    """Compares the wanted files (contents by path) with the board's. stale: paths that should not be there.

    What an interrupted copy has left beside the wanted files is stale too. Raises as Connection.ask() does.
    """
    found = board.ask(_LOOK.format(paths="|".join(files)), doing="its files were compared")
    changed = [path for path, answer in zip(files, found) if answer != (len(files[path]), zlib.crc32(files[path]))]
    # Where nothing is to be written, only the folders matter in which another file may be imported instead of ours.
    unwanted = [*stale, *(path + TEMPORARY for path in files)] if changed else stale
    folders = {folder for path in files if changed for folder in (*_above(path), _folder(path))}
    folders |= {_folder(path) for path in stale}
    if not folders:
        return Look([], [], [])
    listed = board.ask(_FOLDERS.format(folders="|".join(sorted(folders))), doing="its folders were read")
    names = dict(zip(sorted(folders), listed))
    missing = [folder for folder in sorted(folders) if names[folder] is None]
    return Look(changed, missing, [path for path in unwanted if _name(path) in (names.get(_folder(path)) or ())])


def find(board: Connection, paths: list[str], content: bytes) -> str | None:
    """The first of the paths at which the board has a file of this content."""
    found = board.ask(_LOOK.format(paths="|".join(paths)), doing="the model was looked for")
    wanted = len(content), zlib.crc32(content)
    return next((path for path, answer in zip(paths, found) if answer == wanted), None)


def copy(board: Connection, files: dict[str, bytes], found: Look, upload: Upload, step: Callable[[int], None]) -> None:
    """Copies what differs. Until the last script the board's files are as before; that one only removes and renames.

    step: called with each count of bytes. Raises errors.ReadOnly, NoRoom, NotVerified, ConnectionLost;
    connection.ScriptFailed.
    """
    changed = {path: files[path] for path in found.changed}
    try:
        board.run(f"import os\nfor p in {found.folders!r}:\n    os.mkdir(p)", doing=DOING)
        for path, content in changed.items():
            _write(path + TEMPORARY, content, upload, step)
        _verify(board, changed)
        written = {path + TEMPORARY for path in changed}
        stale = [path for path in found.stale if path not in written]
        script = _RENAME.format(stale=stale, paths=list(changed), temporary=TEMPORARY)
        board.run(script, doing="the copied files were renamed: deploy again")
    except (ScriptFailed, errors.NotVerified) as error:
        _clean(board, changed)
        raise _sentence(error, board) from None


def _write(path: str, content: bytes, upload: Upload, step: Callable[[int], None]) -> None:
    for start in range(0, len(content) or 1, upload.chunk):
        part = content[start : start + upload.chunk]
        first = f"f=open({path!r},'wb')\n" if start == 0 else ""
        last = "\nf.close()" if start + upload.chunk >= len(content) else ""
        upload.run(f"{first}f.write(DATA){last}", part, DOING)
        step(len(part))


def _verify(board: Connection, files: dict[str, bytes]) -> None:
    """The temporary files hold what was sent."""
    paths = [path + TEMPORARY for path in files]
    found = board.ask(f"{DIGEST}print([digest(p) for p in {paths!r}])", timeout=120, doing=DOING)
    for (path, content), answer in zip(files.items(), found):
        if not same(answer, content):
            raise errors.NotVerified(
                f"{path}: the board holds something else than was sent, and it was not put in place: deploy again; if "
                "that happens more often, the cable or the flash is bad"
            )


def same(answer: bytes | int, content: bytes) -> bool:
    """True where a board's digest is the content's."""
    return answer == (zlib.crc32(content) if isinstance(answer, int) else hashlib.sha256(content).digest())


def _clean(board: Connection, files: dict[str, bytes]) -> None:
    paths = [path + TEMPORARY for path in files]
    script = f"import os\ntry:\n    f.close()\nexcept Exception:\n    pass\nfor p in {paths!r}:\n"
    board.run(script + "    try:\n        os.remove(p)\n    except OSError:\n        pass", doing=DOING)


def _sentence(error: errors.DeployError, board: Connection) -> errors.DeployError:
    """What the board raised, as what it means."""
    last = getattr(error, "traceback", "").splitlines()[-1:] or [""]
    if "OSError: 30" in last[0] or "OSError: [Errno 30]" in last[0] or "EROFS" in last[0]:
        return errors.ReadOnly(
            f"the file system of the board at {board.port} is read-only: on CircuitPython eject the drive CIRCUITPY on "
            "this computer and call storage.remount('/', readonly=False) in boot.py, on MicroPython see how boot.py "
            "mounts it"
        )
    if "OSError: 28" in last[0] or "ENOSPC" in last[0]:
        return errors.NoRoom(f"the flash of the board at {board.port} is full: remove files. Nothing was replaced")
    return error


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _above(path: str) -> list[str]:
    """The folders that a path lies in, outer ones first: "/lib/upyml/x.mpy" lies in "/lib" and "/lib/upyml"."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[: i + 1]) for i in range(len(parts))]
