"""The boards upyml knows, each a file ports/boards/NAME.toml: what it is, how it is built, flashed and emulated.

    title = "Raspberry Pi Pico"
    mcu = "RP2040"              # stands in the board's own sys.implementation._machine
    cpu = "Cortex-M0+"
    clock_mhz = 125             # with which MicroPython starts
    rated_mhz = 133             # the most it is made for, with which others publish times; or not there
    flash_kb = 2048
    ram_kb = 264
    arch = "armv6m"             # of its native modules; "" where it takes none
    module = "xtensawin-plain"  # the native module for it, where that is not the one called like `arch`; or not there

    [build]                     # none: we build nothing for it
    with = "rp2"                # ports/rp2/build.sh FOLDER ARGUMENTS...
    arguments = ["UPYML_PICO"]
    image = "firmware.uf2"      # what the build leaves in FOLDER, build/boards/NAME
    without = ["SOFTMAX"]       # ops and codings its engine leaves out (names of upyml/format/layout.py); or not there

    [flash]                     # none: it is only emulated
    method = "uf2"              # host_tools/deploy/flash_uf2.py; the rest of the table is its own

    [emulate]                   # none: nothing emulates it
    with = "rp2040"             # host_tools/emulators/rp2040.py; the rest of the table is its own

    [count]                     # none: nothing counts what a model's run takes on its processor
    machine = "cortex_m0"       # a bare machine of host_tools/emulators/machines.py

    [power]                     # none: nothing is said about energy
    milliwatts = 79             # while it computes
    source = "its datasheet"    # where that is from
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from host_tools import package_files
from host_tools.emulators.machines import MACHINES
from upyml.format import layout

BUILD = Path(__file__).resolve().parents[1] / "build" / "boards"


class UnknownBoard(ValueError):
    """No board of that name; the message lists those there are."""


@dataclass(frozen=True)
class Board:
    """One board; clock_mhz, rated_mhz: 0 is none; flash_kb, ram_kb: of 1,024 bytes; a table may be empty."""

    name: str
    title: str
    mcu: str
    cpu: str
    clock_mhz: int
    flash_kb: int
    ram_kb: int
    arch: str
    build: dict = field(default_factory=dict)
    flash: dict = field(default_factory=dict)
    emulate: dict = field(default_factory=dict)
    count: dict = field(default_factory=dict)
    power: dict = field(default_factory=dict)
    rated_mhz: int = 0
    module: str = ""

    @property
    def natmod(self) -> str:
        """Its native module, one of package_files.ARCHS; "" where it takes none."""
        return self.module or self.arch

    @property
    def folder(self) -> Path:
        """Where a checkout builds its firmware."""
        return BUILD / self.name

    @property
    def image(self) -> Path | None:
        """The firmware's file, whether or not it was built yet; None where we build none."""
        return self.folder / self.build["image"] if self.build else None


def all() -> dict[str, Board]:
    """Every board by name, in the order of the names."""
    return {name: get(name) for name in _names()}


def get(name: str) -> Board:
    """The board of that name. Raises UnknownBoard; ValueError where its file describes none."""
    if name not in _names():
        raise UnknownBoard(f"there is no board {name!r}; the boards are {', '.join(_names())}")
    return _read(package_files.boards() / f"{name}.toml")


def _names() -> list[str]:
    return sorted(path.stem for path in package_files.boards().glob("*.toml"))


_KINDS = {"str": str, "int": int, "dict": dict}
_NAMES = {str: "a text", int: "a whole number", dict: "a table"}

# What a table has to have, before what is its method's or its emulator's own.
_BUILD = {"with": str, "image": str}  # and "arguments" and "without", lists, or none
_FLASH = {"uf2": {"family": int, "drive": str}, "esptool": {"chip": str, "offset": int}}
_EMULATE = {"with": str}
_COUNT = {"machine": str}
_POWER = {"milliwatts": int, "source": str}


def _read(path: Path) -> Board:
    try:
        board = Board(path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))
        _check(vars(board), {entry.name: _KINDS[entry.type] for entry in fields(Board)}, "")
        if board.build:
            lists = {"arguments": list, "without": list}
            _check({"arguments": [], "without": [], **board.build}, {**_BUILD, **lists}, "build.")
            _check_ops(board.build.get("without", []))
        if board.flash:
            method = board.flash.get("method")
            if method not in _FLASH:
                raise TypeError(f"flash.method is {method!r}, expected one of {', '.join(_FLASH)}")
            _check(board.flash, _FLASH[method], "flash.")
        if board.emulate:
            _check(board.emulate, _EMULATE, "emulate.")
        if board.count:
            _check(board.count, _COUNT, "count.")
            if board.count["machine"] not in MACHINES:
                raise TypeError(f"count.machine is {board.count['machine']!r}, expected one of {', '.join(MACHINES)}")
        if board.power:
            _check(board.power, _POWER, "power.")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise ValueError(f"{path}: not a board's description: {error}") from None
    return board


def _check_ops(names: list) -> None:
    known = [*(name for name, _ in layout.OPS.values()), *layout.FAMILIES[1:], *layout.CODINGS[1:]]
    for name in names:
        if name not in known:
            raise TypeError(f"build.without has {name!r}, expected ops of {', '.join(known)}")


def _check(table: dict, expected: dict[str, type], where: str) -> None:
    """Raises TypeError, a sentence, where an entry is not there or of another kind."""
    for name, kind in expected.items():
        if name not in table:
            raise TypeError(f"{where}{name} is missing")
        # TOML's true and false are whole numbers to Python, not to us.
        if not isinstance(table[name], kind) or isinstance(table[name], bool):
            raise TypeError(f"{where}{name} is {table[name]!r}, expected {_NAMES.get(kind, 'a list')}")
