"""Prints the folder of MicroPython's source: $MICROPYTHON_DIR if set, else Debian's source package, unpacked.

    python ports/fetch/micropython.py build/micropython
"""

import os
import shutil
import sys
import tarfile
from pathlib import Path

import debian

VERSION = "1.25.0"
TARBALL = f"micropython_{VERSION}+ds.orig.tar.xz"
SHA256 = "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea"


def source_dir(target: Path) -> Path:
    """The folder with MicroPython's source; made at `target` if none is given in the environment."""
    given = os.environ.get("MICROPYTHON_DIR")
    if given:
        if not _is_whole(Path(given)):
            sys.exit(f"MICROPYTHON_DIR: expected a folder with MicroPython's source, received: {given}")
        return Path(given).resolve()
    if not _is_whole(target):
        with debian.only_one(target):
            if not _is_whole(target):
                print(f"fetching MicroPython {VERSION} (or set MICROPYTHON_DIR to a checkout)", file=sys.stderr)
                _unpack(debian.source_tarball("micropython", TARBALL, SHA256), target)
    return target.resolve()


def _is_whole(folder: Path) -> bool:
    return (folder / "py" / "dynruntime.mk").exists()


def _unpack(tarball: Path, target: Path) -> None:
    """Unpacks the tarball's one top folder as `target`."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a call that was stopped
    with tarfile.open(tarball) as archive:
        archive.extractall(part)  # its SHA-256 is pinned: nothing in it can surprise
    (top,) = part.iterdir()
    shutil.rmtree(target, ignore_errors=True)
    top.rename(target)
    part.rmdir()


if __name__ == "__main__":
    print(source_dir(Path(sys.argv[1])))
