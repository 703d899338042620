"""Prints the folder of MicroPython's source with all that its rp2 port needs, the Pico SDK among it.

    python ports/fetch/pico.py build/micropython-rp2

A checkout in $MICROPYTHON_DIR that has its submodules is taken as it is. Otherwise the folder is a copy of
MicroPython's source (ports/fetch/micropython.py) whose empty lib folders are filled from Debian's packages: the source
itself stays as it is. A second call copies only what has changed; the copy of another source, or with
other libraries, is made anew.
"""

import hashlib
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import debian
import micropython

# Binary packages that hold sources.
PACKAGES = [
    (
        "pico-sdk-source",
        "pico-sdk-source_2.1.1-1_all.deb",
        "507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3",
    ),
    (
        "tinyusb-source",
        "tinyusb-source_0.18.0+dfsg-1_all.deb",
        "01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e",
    ),
]
MBEDTLS = "mbedtls_3.6.6.orig.tar.bz2"
MBEDTLS_SHA256 = "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a"
# A file of each library: it is there where the library is.
MARKS = {
    "pico-sdk": "pico_sdk_init.cmake",
    "tinyusb": "src/tusb.h",
    "mbedtls": "include/mbedtls/ssl.h",
    "micropython-lib": "README.md",
}


def source_dir(target: Path) -> Path:
    """The folder with the source; made at `target` unless MicroPython's own folder is whole."""
    root = Path(__file__).resolve().parents[2]
    source = micropython.source_dir(root / "build" / "micropython")
    if not _missing(source):
        return source
    with debian.only_one(target):
        origin = target / ".origin"
        if target.exists() and not (origin.exists() and origin.read_text() == _origin(source)):
            shutil.rmtree(target)
        no_git = shutil.ignore_patterns(".git")
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=_copy, ignore=no_git)
        if missing := _missing(target):
            print("fetching the Pico SDK, TinyUSB and Mbed TLS", file=sys.stderr)
            for name in missing:
                _fill(name, target / "lib" / name)
        if not origin.exists():
            origin.write_text(_origin(source))
    return target.resolve()


def _origin(source: Path) -> str:
    """What a copy is made of: the source's folder, the version that is in it, the libraries."""
    version = hashlib.sha256((source / "py" / "mpconfig.h").read_bytes()).hexdigest()
    return f"{source}\n{version}\n{[*PACKAGES, MBEDTLS_SHA256]}\n"


def _missing(source: Path) -> list[str]:
    return [name for name, mark in MARKS.items() if not (source / "lib" / name / mark).exists()]


def _copy(source: str, target: str) -> None:
    """Copies a file unless the target is as old and as large."""
    there, here = Path(source).lstat(), Path(target).lstat() if Path(target).exists() else None
    if not here or (there.st_mtime_ns, there.st_size) != (here.st_mtime_ns, here.st_size):
        shutil.copy2(source, target, follow_symlinks=False)


def _fill(name: str, target: Path) -> None:
    """Puts one library into its folder below lib."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if name == "mbedtls":
            with tarfile.open(debian.source_tarball("mbedtls", MBEDTLS, MBEDTLS_SHA256)) as archive:
                archive.extractall(folder)  # its SHA-256 is pinned: nothing in it can surprise
            (found,) = Path(folder).iterdir()
        elif name == "micropython-lib":
            # Nothing of it is frozen in here; the port's build only looks for this file.
            found = Path(folder) / name
            found.mkdir()
            (found / MARKS[name]).touch()
        else:
            debian.unpack_binary(debian.binary_packages(PACKAGES), Path(folder) / "root")
            found = Path(folder) / "root" / "usr" / "src" / name
        shutil.rmtree(target, ignore_errors=True)
        found.rename(target)


if __name__ == "__main__":
    print(source_dir(Path(sys.argv[1])))
