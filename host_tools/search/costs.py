"""What a candidate takes on the board: counted as `upyml bench` does, of the model as it is converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools import bench
from host_tools.boards import Board
from host_tools.convert import convert
from host_tools.describe import describe
from host_tools.emulators import counts
from host_tools.emulators.machines import CYCLES
from host_tools.errors import ConversionError

MS = "ms"
FEW = 16  # samples to calibrate an untrained model with: its scales do not matter


class TooCostly(Exception):
    """A candidate beyond a limit, or beyond the board; the message has the number and the limit."""


@dataclass(frozen=True)
class Limits:
    """The most that a candidate may take; None is no limit. ram: bytes; time: milliseconds or instructions a run."""

    ram: int | None = None
    time: float | None = None


@dataclass(frozen=True)
class Costs:
    """time: milliseconds or instructions of a run (Meter.unit); ram: bytes of the arena; flash: bytes of the file."""

    time: float
    ram: int
    flash: int


class Meter:
    """Converts candidates and counts what they take on a board.

    unit: "ms", of memory without wait states, where cycles of the board's processor are counted; else "instructions":
    nobody knows how long they take. The limits are held against the same numbers. Raises bench.NoCounter where nothing
    is counted for the board.
    """

    def __init__(self, board: Board, limits: Limits = Limits()):
        bench.require_counter(board)
        self.board, self.limits = board, limits
        counted = bench.unit_of(board)
        self.unit = MS if counted == CYCLES else counted

    def untrained(self, model: Any, x: np.ndarray) -> Costs:
        """The costs of a model before its training, which they do not depend on, in a fraction of a second.

        Except that training may leave channels which no input changes, and zeros: then it takes less. x: samples.
        Raises TooCostly, and ConversionError where it cannot be converted.
        """
        return self.measure(model, x[:FEW], method="minmax", keep_channels=True)[1]

    def measure(self, model: Any, x: np.ndarray, **options: Any) -> tuple[bytes, Costs]:
        """The file, and what it takes. options: of convert(). Raises TooCostly, ConversionError, EmulatorError."""
        file = convert(model, x, check=False, **options).file
        if self._over(needed := describe(file)["arena_size"]):
            try:  # a slower plan may have room
                file = convert(model, x, check=False, ram=self.limits.ram, **options).file
            except ConversionError:
                raise TooCostly(f"{needed:,} bytes of RAM, and the limit is {self.limits.ram:,}") from None
        self._check_least(file)
        try:
            counted = bench.count(file, self.board)
        except counts.DoesNotFit as error:
            raise TooCostly(str(error)) from None
        costs = Costs(counted[self.unit], counted["arena_bytes"], len(file))
        if self._over(costs.ram):
            raise TooCostly(f"{costs.ram:,} bytes of RAM, and the limit is {self.limits.ram:,}")
        if self.limits.time is not None and costs.time > self.limits.time:
            raise TooCostly(f"{self.text(costs.time)}, and the limit is {self.text(self.limits.time)}")
        return file, costs

    def text(self, time: float) -> str:
        if self.unit != MS:
            return f"{time:,.0f} instructions"
        return f"{time:,.1f} ms" if time >= 10 else f"{time:.3g} ms"

    def _over(self, ram: int) -> bool:
        return self.limits.ram is not None and ram > self.limits.ram

    def _check_least(self, file: bytes) -> None:
        """Minutes of emulation are not spent on what the multiplications alone make too slow, a cycle each."""
        if self.unit != MS or self.limits.time is None:
            return
        macs = sum(layer["macs"] for layer in bench.moved(file))
        least = macs / self.board.clock_mhz / 1000
        if least > self.limits.time:
            raise TooCostly(
                f"more than {self.text(least)} ({macs:,} multiply-accumulates), and the limit is "
                f"{self.text(self.limits.time)}"
            )
