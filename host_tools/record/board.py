"""A sensor on a board: its driver and the recorder go into the board's RAM, nothing into its files, and frames come back.

    with connect(port) as board:
        sensor = Sensor(board, wanted("imu", rate=100))
        for packet, gap in sensor.record(seconds=10): ...

The files lie in a file system that is a dictionary on the board, and is gone with the next reset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.deploy import bundle, drivers, errors
from host_tools.deploy.connection import Connection, ScriptFailed
from host_tools.deploy.upload import Upload
from host_tools.record.packets import Loss, Packet, Parser

KINDS = {"imu": ("mpu6050", "lsm6ds3"), "mic": ("mic_i2s",), "adc": ("adc",)}  # the first that answers
SILENCE = 10  # seconds without a byte, beyond what a packet takes, after which the board is lost
BEGIN = 30  # the same before the first: the recorder is imported
PER_SECOND = 20  # packets, where that makes none of them too short or too long
SHORTEST = 8  # frames

# Files in RAM, where `import` and open() find them: contents by path.
_MOUNT = """
import gc, io, sys
try:
    import vfs
except ImportError:
    import os as vfs
class Ram:
    files = {}
    def mount(self, readonly, mkfs):
        pass
    def umount(self):
        pass
    def stat(self, path):
        path = path.strip('/')
        if path in self.files:
            return (0x8000, 0, 0, 0, 0, 0, len(self.files[path]), 0, 0, 0)
        if any(name.startswith(path + '/') for name in self.files):
            return (0x4000,) + (0,) * 9
        raise OSError(2)
    def open(self, path, mode):
        path = path.strip('/')
        if path not in self.files:
            raise OSError(2)
        data = self.files[path]
        return io.BytesIO(data) if 'b' in mode else io.StringIO(str(data, 'utf8'))
vfs.mount(Ram(), '/recorder')
sys.path.insert(0, '/recorder')
gc.collect()
print((sys.implementation._mpy & 255 == {mpy}, hasattr(sys.stdout, 'buffer'), gc.mem_free() if hasattr(gc, 'mem_free') else 1 << 20))
"""
_OPEN = """
import gc
gc.collect()
from upyml.sensors.base import SensorError
try:
    from upyml.sensors import {name}
    sensor = {name}.Sensor({arguments})
    print((list(sensor.channels), list(sensor.units), [float(s) for s in sensor.scales], float(sensor.rate)))
except SensorError as error:
    print(repr(str(error)))
"""
_RECORD = "from upyml.sensors.recorder import record\nrecord(sensor, {frames}, {block}, {text})\n"


@dataclass(frozen=True)
class Wanted:
    """What is to be recorded. modules: names of drivers, of which the first that answers is taken; options: for its Sensor.

    sources: drivers that are the user's own, by name; files: what else goes along, by path.
    """

    modules: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def wanted(sensor: str, options: dict[str, Any], rate: float | None = None) -> Wanted:
    """imu, mic, adc, the name of a driver, FILE.py (a driver of one's own), replay:FILE, or replay::PATH of the board.

    Raises ValueError for what is none of these, OSError for a file that cannot be read.
    """
    options = dict(options) if rate is None else {"rate": int(rate) if rate == int(rate) else rate, **options}
    kind, _, path = sensor.partition(":")
    if kind == "replay" and path.startswith(":"):
        return Wanted(("replay",), {"path": path[1:], **options})
    if kind == "replay" and path:
        from host_tools import recordings

        counts, header = recordings.board_files(Path(path))
        files = {"replay.bin": counts, "replay.json": header}
        return Wanted(("replay",), {"path": "/recorder/replay.bin", **options}, files=files)
    if sensor.endswith(".py"):
        return Wanted((Path(sensor).stem,), options, {Path(sensor).stem: Path(sensor).read_bytes()})
    if sensor in KINDS:
        return Wanted(KINDS[sensor], options)
    if sensor in drivers.names() and sensor != "replay":
        return Wanted((sensor,), options)
    raise ValueError(
        f"there is no sensor {sensor!r}: there are {', '.join(KINDS)}, replay:FILE, a driver ("
        f"{', '.join(name for name in drivers.names() if name != 'replay')}), or a driver of yours, FILE.py"
    )


@dataclass(frozen=True)
class Facts:
    """What a sensor says of itself: a name, a unit and a scale (units a count) for each channel; rate in frames a second."""

    channels: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[float, ...]
    rate: float


class Sensor:
    """A sensor that has answered. facts: what it is; driver: the name of its driver."""

    facts: Facts
    driver: str

    def __init__(self, board: Connection, what: Wanted, text: bool = False):
        """text: packets as lines of text, for a way that does not let all bytes through.

        Raises errors.DeployError: BoardFailed where no sensor answers, with the driver's sentence.
        """
        self._board = board
        raw, room = self._mount()
        self.text = text or not raw
        self._parser = Parser(self.text)
        self._send(what, room)
        said = []
        for name in what.modules:
            arguments = ", ".join(f"{key}={value!r}" for key, value in what.options.items())
            answer = self._ask(_OPEN.format(name=name, arguments=arguments), name, what.options)
            if not isinstance(answer, str):
                channels, units, scales, rate = answer
                self.facts, self.driver = Facts(tuple(channels), tuple(units), tuple(scales), rate), name
                return
            said.append(answer)
        raise errors.BoardFailed("; ".join(said))

    def _mount(self) -> tuple[bool, int]:
        """Whether the board writes bytes as they are, and how many are free in its RAM."""
        script = _MOUNT.replace("{mpy}", str(bundle.MPY_VERSION))
        try:
            fits, raw, room = self._board.ask(script, doing="room for the driver was made")
            why = f"it reads no .mpy files of version {bundle.MPY_VERSION}"
        except ScriptFailed as error:
            fits, why = False, error.traceback.splitlines()[-1]
        if not fits:
            raise errors.OldFirmware(
                f"the board at {self._board.port} cannot import from its RAM ({why}): recording needs MicroPython 1.23 or "
                "newer; CircuitPython cannot do it"
            )
        return raw, room

    def _send(self, what: Wanted, room: int) -> None:
        """The drivers with what they import, the recorder, and an empty package upyml, so that no other is needed."""
        own = {f"upyml/sensors/{name}.py": source for name, source in what.sources.items()}
        stock = [name for name in what.modules if name not in what.sources]
        program = "from upyml.sensors import " + ", ".join([*stock, "base", "recorder"])
        sources = {"upyml/__init__.py": b"", **drivers.files(program, "the recorder"), **own}
        for path, source in own.items():
            sources = {**drivers.files(source, path), **sources}
        content = dict(what.files)
        content |= {path.removesuffix(".py") + ".mpy": bundle.compile_mpy(path, text) for path, text in sources.items()}
        need = sum(map(len, content.values()))
        if need > room * 3 // 4:
            raise errors.NoRoom(
                f"the recorder and its files take {need:,} bytes of RAM, the board at {self._board.port} has {room:,} free: "
                "put a long recording into the board's files, and name it replay::/PATH.bin"
            )
        upload = Upload(self._board, room - need)
        for path, data in content.items():
            if len(data) <= upload.chunk:
                upload.run(f"Ram.files[{path!r}] = DATA", data, "the driver was sent")
                continue
            self._board.run(f"d = Ram.files[{path!r}] = bytearray({len(data)})", doing="room for a file was made")
            for start in range(0, len(data), upload.chunk):
                part = data[start : start + upload.chunk]
                upload.run(f"d[{start}:{start + len(part)}] = DATA", part, "a recording was sent")

    def _ask(self, script: str, name: str, options: dict) -> Any:
        try:
            return self._board.ask(script, doing="the sensor was asked")
        except ScriptFailed as error:
            last = error.traceback.splitlines()[-1] if error.traceback else "?"
            kind, _, text = last.partition(": ")
            if kind in ("ValueError", "OSError") and " " in text and "Errno" not in text:
                raise errors.BoardFailed(text) from None  # the driver's own sentence
            if name == "replay" and kind == "OSError":
                path = options["path"]
                raise errors.BoardFailed(
                    f"the board at {self._board.port} has no recording {path}: expected that file and, beside it, its .json"
                ) from None
            given = ", ".join(f"{key}={value!r}" for key, value in options.items()) or "no options"
            raise errors.BoardFailed(f"the driver {name} with {given} failed on the board: {last}") from None

    def frames(self, seconds: float) -> int:
        """How many there are in so many seconds."""
        return max(1, round(seconds * self.facts.rate))

    def record(self, frames: int, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[Packet, bool]]:
        """The packets of so many frames, each with whether something is missing before it. Ends early once stop() says so.

        Raises errors.ConnectionLost where the board falls silent; BoardFailed where the driver raised meanwhile. What came
        until then has been given.
        """
        facts, parser = self.facts, self._parser
        width = 2 * len(facts.channels)
        block = int(min(max(facts.rate / PER_SECOND, SHORTEST), 1024 // width or 1))
        patience = BEGIN
        script = _RECORD.format(frames=frames, block=block, text=self.text)
        with self._board.stream(script, "it recorded") as pieces:
            last = time.monotonic()
            while not parser.ended:
                if stop() and not parser.stopping:
                    parser.stopping = True
                    pieces.interrupt()
                piece = pieces.get(0.1)
                if piece:
                    last, patience = time.monotonic(), SILENCE + block / facts.rate
                    yield from parser.feed(piece)
                elif time.monotonic() - last > patience:
                    yield from parser.finish()
                    if not parser.ended:
                        raise errors.ConnectionLost(
                            f"the board at {self._board.port} fell silent while it recorded: look at its cable and power"
                        )
        if parser.reason:
            raise errors.BoardFailed(f"the driver {self.driver} failed while it recorded: {parser.reason}")

    @property
    def loss(self) -> Loss:
        """What got lost so far."""
        return self._parser.loss
