"""What a board tells about itself: firmware, .mpy architecture, free flash and RAM, and the upyml that is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from host_tools import boards
from host_tools.deploy.connection import Connection

# By the number in sys.implementation._mpy, as MicroPython's documentation of .mpy files lists them.
ARCHS = (
    "",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)

# Scripts are kept short: an emulated board compiles ten lines a second. With ".frozen" alone in sys.path, only what is
# in the firmware can be imported.
_SCRIPT = """
import sys
i=sys.implementation
f={'name':i.name,'version':i.version[:3],'build':sys.version}
f['machine']=getattr(i,'_machine',sys.platform)
f['mpy']=getattr(i,'_mpy',0)
p=f['path']=sys.path[:]
def ask(n,v):
    try:
        return str(getattr(__import__(n),v,'?'))
    except ImportError:
        return None
    except Exception as e:
        return repr(e)
sys.path[:]=['.frozen']
f['frozen']=ask('upyml','__version__')
f['builtin']=ask('_upyml','VERSION')
sys.path[:]=p
"""
_INSTALLED = "print((ask('upyml','__version__'),ask('_upyml','VERSION')))"
_ROOM = """
import gc, os
gc.collect()
try:
    s = os.statvfs({root!r})
    s = s[0], s[0] * s[4] if s[2] else None
except (OSError, AttributeError):
    s = None, None
try:
    import vfs
    d = vfs.rom_ioctl(2, 0) if vfs.rom_ioctl(1) > 0 else b''
    d = d.ioctl(4, 0) * d.ioctl(5, 0) if hasattr(d, 'ioctl') else len(d)
except (ImportError, AttributeError, OSError):
    d = 0
print(s + (d, gc.mem_free()))
"""


@dataclass(frozen=True)
class Facts:
    """A board. build: its firmware's own text of what it is; path: its sys.path.

    frozen, builtin: the versions of upyml and _upyml in the firmware, or None. python, engine: those that `import`
    finds, wherever they are; None where there are none, or where it was not asked.
    """

    name: str  # sys.implementation.name: "micropython", "circuitpython"
    version: tuple[int, ...]
    build: str
    machine: str
    mpy: int
    path: list[str]
    frozen: str | None
    builtin: str | None
    python: str | None = None
    engine: str | None = None

    @property
    def firmware(self) -> str:
        title = {"micropython": "MicroPython", "circuitpython": "CircuitPython"}.get(self.name, self.name)
        return f"{title} {'.'.join(map(str, self.version))}"

    @property
    def arch(self) -> str:
        """Of the native modules it takes; "" where it takes none."""
        number = self.mpy >> 10 & 15
        if self.name != "micropython" or number >= len(ARCHS):
            return ""
        return ARCHS[number]

    @property
    def mpy_version(self) -> tuple[int, int]:
        """Version of the .mpy files it reads, and of the native code in them: (6, 3)."""
        return self.mpy & 0xFF, self.mpy >> 8 & 3

    @property
    def lib(self) -> str:
        """The folder that modules are installed in."""
        return next((path for path in self.path if path.endswith("/lib") and not path.startswith("/rom")), "/lib")

    @property
    def root(self) -> str:
        """The folder that /lib lies in, with "/" at its end."""
        return self.lib.removesuffix("lib")

    @property
    def board(self) -> str | None:
        """The name of the board in ports/boards that this one looks like."""
        fits = [board for board in boards.all().values() if board.mcu and board.mcu in self.machine]
        # "ESP32" stands in "ESP32S3" too; of two boards with one chip the shorter name is the usual one.
        return max(fits, key=lambda board: (len(board.mcu), -len(board.name))).name if fits else None

    @property
    def chip_is_known(self) -> bool:
        """Whether `board` has this very chip: "ESP32" stands in the names of chips that are other ones, too, and of boards.

        The chip's name stands behind the last "with".
        """
        chip = self.machine.rpartition(" with ")[2]
        return self.board is not None and boards.get(self.board).mcu in re.findall(r"[\w-]+", chip)

    @property
    def upyml(self) -> str:
        """Where upyml is and in which version, in words."""
        if not self.python:
            return "not there"
        if not self.engine:
            return f"{self.python}, Python only"
        if self.engine != self.python:
            return f"{self.python} with an engine that does not fit it ({self.engine})"
        return f"{self.python}, {'in the firmware' if self.builtin else 'with the native module'}"


@dataclass(frozen=True)
class Room:
    """Bytes: of a block of the file system and free in it, None without one; of the ROMFS partition, 0 without one.

    heap_free: bytes of RAM. Counting takes the board long, and is done only where something is to be written.
    """

    block: int | None
    free: int | None
    romfs: int
    heap_free: int


def ask(board: Connection) -> Facts:
    """What the board is. Raises connection.ScriptFailed; errors.ConnectionLost, NoAnswer."""
    return Facts(**board.ask(_SCRIPT + "print(f)", doing="it was asked what it is"))


def room(board: Connection, told: Facts) -> Room:
    """The board's flash and RAM. Raises as ask() does."""
    return Room(*board.ask(_ROOM.format(root=told.root), doing="its memory was counted"))


def installed(board: Connection, told: Facts) -> Facts:
    """The same with what is in its files, which are imported for it, after ask(). Raises as ask() does."""
    python, engine = board.ask(_INSTALLED, timeout=60, doing="upyml was imported there")
    return replace(told, python=python, engine=engine)
