"""Where the files are that upyml brings along: boards' descriptions and native modules.

A wheel has them in host_tools/package_data/; in a checkout they stand where they are written or built.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).resolve().parent / "package_data"
_CHECKOUT = Path(__file__).resolve().parents[1]


def boards() -> Path:
    """The folder of the boards' .toml files."""
    packaged = _PACKAGED / "boards"
    return packaged if packaged.is_dir() else _CHECKOUT / "ports" / "boards"


def natmod(arch: str) -> Path:
    """The native module _upyml.mpy for an architecture ("armv6m" ...). Raises FileNotFoundError with a sentence."""
    for folder in (_PACKAGED / "natmod", _CHECKOUT / "build" / "natmod"):
        path = folder / arch / "_upyml.mpy"
        if path.is_file():
            return path
    raise FileNotFoundError(f"there is no native module for {arch or 'this board'} here: `make natmods` builds those there are")
