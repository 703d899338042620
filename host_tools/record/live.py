"""What a sensor measures, drawn in the terminal while it is recorded; nothing where that is no terminal."""

from __future__ import annotations

import sys
from collections import deque

import numpy as np

from host_tools.record.board import Facts
from host_tools.record.packets import Loss

SECONDS = 8  # that are drawn
HEIGHT = 2  # lines of text a channel
DRAWN = 8  # pictures a second
FULL = 32767

# The dots of a character of Braille, by column and, downwards, row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def braille(values: np.ndarray, columns: int, height: int) -> list[str]:
    """The curve of values as lines of Braille: two dots a character across, four down, from least to greatest value.

    Where several values share a column of dots, it reaches from the least to the greatest of them. The curve is at the
    right; where there are fewer values than dots, the left stays empty.
    """
    cells = np.zeros((height, columns), int)
    if len(values):
        values = values.astype(float)  # the difference of two int16 may be none
        dots = min(2 * columns, len(values))
        parts = np.array_split(values, dots)
        least, most = min(part.min() for part in parts), max(part.max() for part in parts)
        rows = 4 * height
        scale = (rows - 1) / (most - least) if most > least else 0
        before = None
        for i, part in enumerate(parts, 2 * columns - dots):
            low, high = part.min(), part.max()
            if before is not None:  # joined to the column before
                low, high = min(low, before[1]), max(high, before[0])
            before = part.min(), part.max()
            top, bottom = (rows - 1 - round((value - least) * scale) for value in (high, low))
            if most == least:
                top = bottom = rows // 2
            for row in range(top, bottom + 1):
                cells[row // 4, i // 2] |= _DOTS[i % 2][row % 4]
    return ["".join(chr(0x2800 + cell) for cell in line) for line in cells]


class Live:
    """A context manager: add() frames as they come. seconds: the recording's length."""

    def __init__(self, facts: Facts, label: str, seconds: float, quiet: bool):
        self._facts, self._label, self._seconds = facts, label, seconds
        self._quiet = quiet or not sys.stderr.isatty()
        self._recent: deque[np.ndarray] = deque()
        self._kept = self._frames = 0
        self._live = None

    def __enter__(self) -> Live:
        if not self._quiet:
            from rich.console import Console
            from rich.live import Live as Screen

            self._live = Screen(console=Console(stderr=True), refresh_per_second=DRAWN, transient=True)
            self._live.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        if self._live:
            self._live.__exit__(*exception)

    def add(self, counts: np.ndarray, loss: Loss) -> None:
        """New frames, int16 (n, channels), and what got lost so far."""
        self._frames += len(counts)
        if not self._live:
            return
        self._recent.append(counts)
        self._kept += len(counts)
        while self._kept - len(self._recent[0]) >= SECONDS * self._facts.rate:
            self._kept -= len(self._recent.popleft())
        self._live.update(self.picture(self._live.console.width, loss))

    def picture(self, width: int, loss: Loss):
        """All channels, for a terminal of so many columns."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        facts = self._facts
        counts = np.concatenate(self._recent)
        names = [f"{name} {unit}" for name, unit in zip(facts.channels, facts.units)]
        room = max(8, width - max(map(len, names)) - 26)
        table = Table.grid(padding=(0, 1))
        latest = counts[-max(1, int(facts.rate / 4)) :].astype(float)
        for i, name in enumerate(names):
            peak = np.abs(latest[:, i]).max() / FULL
            curve = Text("\n".join(braille(counts[:, i], room, HEIGHT)), style="cyan", no_wrap=True)
            value = f"{latest[-1, i] * facts.scales[i]:9.3g}"
            table.add_row(Text(name, style="bold"), curve, value, _level(peak))
        done = self._frames / facts.rate
        head = Text(f"{self._label}: {done:.1f} of {self._seconds:g} s, Ctrl-C ends it; {loss}", no_wrap=True)
        head.stylize("red" if loss else "green", len(head) - len(str(loss)))
        return Group(head, table)


def _level(peak: float):
    """How much of the sensor's range the last quarter of a second took."""
    from rich.text import Text

    bar = "█" * round(6 * min(peak, 1))
    if peak >= 0.999:
        return Text(f"{bar:<6} full", style="red")
    return Text(f"{bar:<6}{peak:4.0%}", style="green" if peak < 0.9 else "yellow")
