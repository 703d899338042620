"""One recording: packets of a board become pieces without gaps, with a label, and what is to be told about them."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field

import numpy as np

from host_tools.deploy.errors import DeployError
from host_tools.record.board import Facts, Sensor
from host_tools.record.live import Live
from host_tools.record.packets import TICKS, Loss
from host_tools.recordings import Piece, Recordings


@dataclass
class Take:
    """What came. stopped: it was ended by Ctrl-C; failed: what ended it, where it failed in the middle.

    measured: frames a second by the board's clock, None where that cannot be told.
    """

    pieces: list[list[np.ndarray]] = field(default_factory=list)
    loss: Loss = field(default_factory=Loss)
    stopped: bool = False
    failed: DeployError | None = None
    measured: float | None = None

    @property
    def frames(self) -> int:
        return sum(len(counts) for piece in self.pieces for counts in piece)

    def recordings(self, facts: Facts, label: str, cut: tuple[int, int] | None) -> Recordings:
        pieces = tuple(Piece(np.concatenate(piece), label, 0) for piece in self.pieces)
        return empty(facts, cut, pieces)


def empty(facts: Facts, cut: tuple[int, int] | None = None, pieces: tuple[Piece, ...] = ()) -> Recordings:
    """Recordings of a sensor, none by default."""
    return Recordings(facts.channels, facts.units, facts.scales, facts.rate, pieces, cut)


def take(sensor: Sensor, frames: int, live: Live) -> Take:
    """Records so many frames, or until Ctrl-C. An error in the middle is noted; what came until then is kept."""
    done = Take(loss=sensor.loss)
    channels = len(sensor.facts.channels)
    last, passed, since = None, 0, 0  # us of the board's clock when the latest packet was full; us and frames since the first
    with _Interrupt() as interrupt:
        try:
            for packet, gap in sensor.record(frames, interrupt.came):
                counts = np.frombuffer(packet.content, "<i2").reshape(-1, channels).astype(np.int16)
                if gap or not done.pieces:
                    done.pieces.append([])
                done.pieces[-1].append(counts)
                if last is not None:
                    passed += (packet.time - last) % TICKS
                    since += len(counts)
                last = packet.time
                live.add(counts, sensor.loss)
        except DeployError as error:
            done.failed = error
        except KeyboardInterrupt:  # the second one: the board does not end
            pass
        done.stopped = interrupt.came()
    if len(done.pieces) == 1 and passed:
        done.measured = since * 1e6 / passed
    return done


class _Interrupt:
    """Ctrl-C is noted instead of raised; a second one is raised."""

    def __init__(self):
        self._came = False

    def came(self) -> bool:
        return self._came

    def _note(self, *_) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True

    def __enter__(self) -> _Interrupt:
        self._main = threading.current_thread() is threading.main_thread()  # only there signals can be taken
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exception) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)
