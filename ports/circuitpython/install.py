"""Puts upyml onto the drive of a CircuitPython board: python ports/circuitpython/install.py DRIVE [FILE...]

DRIVE is where the computer shows the board (/media/you/CIRCUITPY). upyml's Python files go to lib/ there, each FILE (a
model, a code.py) to the top. Only what changed is written, first under another name.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path

from host_tools.deploy import bundle, errors

BLOCK = 4096  # a file takes whole clusters of the drive; this is the largest a small drive has


def install(drive: Path, files: list[Path]) -> list[str]:
    """Copies upyml and `files`; the names of what was written, relative to the drive.

    Raises errors.NoBoard where `drive` is no drive of CircuitPython, NoRoom before anything is written, OSError for a
    file that cannot be read; NoRoom, ReadOnly or ConnectionLost where writing fails.
    """
    note = drive / "boot_out.txt"
    if not note.is_file() or "CircuitPython" not in note.read_text(errors="replace"):
        raise errors.NoBoard(f"{drive} has no boot_out.txt of CircuitPython: name the drive CIRCUITPY of the board")
    contents = {f"lib/{path}": content for path, content in bundle.sources().items()}
    contents |= {file.name: file.read_bytes() for file in files}
    changed = {name: content for name, content in contents.items() if not _same(drive / name, content)}
    needed = sum(len(content) + BLOCK for content in changed.values())
    free = shutil.disk_usage(drive).free
    if needed > free:
        raise errors.NoRoom(f"{drive} has {free:,} bytes free, upyml needs up to {needed:,}: nothing was written")
    for name, content in changed.items():
        _write(drive / name, content)
    return list(changed)


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _write(path: Path, content: bytes) -> None:
    other = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(content)
        os.replace(other, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            other.unlink()
        raise _told(path, error) from None


def _told(path: Path, error: OSError) -> errors.DeployError:
    """What a failed write means, and what to do."""
    problem = f"cannot write {path} ({error.strerror})"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return errors.ReadOnly(
            f"{problem}: the board may hold its drive for itself (storage.remount() in its boot.py), or the computer "
            "has it read-only"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.NoRoom(f"{problem}: remove files from the drive, and call this again")
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
        return errors.ReadOnly(f"{problem}: a file is where a folder should be, or a folder where a file: remove it")
    return errors.ConnectionLost(f"{problem}: plug the board in again, and call this again")


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="Puts upyml onto the drive of a CircuitPython board.")
    parser.add_argument("drive", type=Path, help="where the computer shows the board, as /media/you/CIRCUITPY")
    parser.add_argument("files", type=Path, nargs="*", help="models and scripts for the top of the drive")
    given = parser.parse_args()
    try:
        written = install(given.drive, given.files)
    except errors.DeployError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)
    except OSError as error:
        print(f"cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    count = f"{len(written)} file{'s' * (len(written) != 1)}"
    print(f"{count} written to {given.drive}" if written else f"{given.drive} has it all: nothing written")


if __name__ == "__main__":
    main()
