"""Unpacks a package of the npm registry: python ports/fetch/npm.py build/rp2040js

npm itself fetches it, from the registry it is configured with; the SHA-256 below is the same whatever the registry.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import debian

PACKAGE, VERSION = "rp2040js", "1.4.1"
SHA256 = "83328017cf7e503477e8d218cb742d3e843782d795edd175a0b81346c194e56f"


def unpack(target: Path) -> None:
    """Puts the package's files below `target`, which is made anew if it holds another version."""
    stamp = target / "version"
    with debian.only_one(target):
        if stamp.exists() and stamp.read_text() == VERSION:
            return
        with tarfile.open(_tarball()) as archive, tempfile.TemporaryDirectory(dir=target.parent) as folder:
            archive.extractall(folder)  # its SHA-256 is pinned: nothing in it can surprise
            (Path(folder) / "package" / "version").write_text(VERSION)
            shutil.rmtree(target, ignore_errors=True)
            (Path(folder) / "package").rename(target)


def _tarball() -> Path:
    name = f"{PACKAGE}-{VERSION}.tgz"
    if not debian.is_cached(name, SHA256):
        if not shutil.which("npm"):
            sys.exit(f"{name}: npm is not here to fetch it; on Debian: sudo apt-get install npm")
        with tempfile.TemporaryDirectory() as folder:
            command = ["npm", "pack", "--loglevel=error", f"{PACKAGE}@{VERSION}"]
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL)
            debian.keep(Path(folder) / name, SHA256)
        if not debian.is_cached(name, SHA256):
            sys.exit(f"{name}: npm could not fetch it, or not with SHA-256 {SHA256}")
    return debian.cache_dir() / name


if __name__ == "__main__":
    unpack(Path(sys.argv[1]))
