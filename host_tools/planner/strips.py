"""What an op costs on a Cortex-M0+: time, scratch, and the time that smaller strips add.

An engine works on strips as large as its scratch has room for. Each strip of a convolution widens the weights anew,
each of a depthwise convolution packs some rows again; so more RAM is less time.
"""

from __future__ import annotations

from host_tools.planner.geometry import macs, window
from host_tools.planner.scratch import scratch
from host_tools.program import Step
from upyml.format import layout

# Cycles of an op for each multiply-accumulate, or each element where it has none.
CYCLES = {
    layout.CONV2D: 3.3,
    layout.DEPTHWISE_CONV2D: 8.5,
    layout.FULLY_CONNECTED: 4.3,
    layout.MAX_POOL: 8,
    layout.AVERAGE_POOL: 8,
    layout.ADD: 60,
    layout.SUB: 60,
    layout.MUL: 40,
    layout.SOFTMAX: 600,
    layout.MEAN: 8,
    layout.TABLE: 8,
}
OTHER = 12
# Cycles that each strip adds.
WEIGHT = 2.6  # of a convolution: a weight widened to 16 bits
BLOCK = 150  # of a convolution: four channels begun
CHANNEL = 60  # of a convolution: a channel's requantization prepared
PLANE = 300  # of a depthwise convolution: a channel begun
PACKED = 4.0  # of a depthwise convolution: a column of a row packed again
COPIED = 1.5  # a byte of input copied whole, where the output lies over it


class Strips:
    """Strips, scratch and time of one op."""

    def __init__(self, step: Step):
        self.step, self.shape = step, window(step)
        self.cycles = macs(step) * CYCLES.get(step.opcode, OTHER)
        self._sizes: dict[tuple, int] = {}
        self._best: dict[tuple, tuple[int, float] | None] = {}

    @property
    def units(self) -> int:
        """Units of the whole op: the largest strip."""
        if self.shape is None or self.step.opcode not in (layout.CONV2D, layout.DEPTHWISE_CONV2D):
            return 1
        rows = self.shape.out_h
        pixels = self.step.opcode == layout.CONV2D and self.shape.pointwise
        return rows * self.shape.out_w if pixels else rows

    def size(self, order: int, strip: int, rings: tuple[int, int] | None = None) -> int:
        """Bytes of scratch; rings: in a fused group, rows of input and output there is room for."""
        key = order, strip, rings
        if key not in self._sizes:
            self._sizes[key] = scratch(self.step, order, strip, rings)
        return self._sizes[key]

    def sizes(self, order: int) -> list[int]:
        """Scratch of a few strips from one unit to the whole op, for a search to try."""
        strips, strip = {1, self.units}, self.units
        while strip > 1 and len(strips) < 8:
            strip = (strip + 1) // 2
            strips.add(strip)
        return sorted({self.size(order, strip) for strip in strips})

    def again(self, strips: int) -> float:
        """Cycles of so many strips more than one."""
        shape = self.shape
        if strips <= 0 or shape is None:
            return 0.0
        if self.step.opcode == layout.CONV2D:
            weights = shape.kernel_h * shape.kernel_w * shape.in_c * shape.out_c
            return strips * (WEIGHT * weights + BLOCK * -(-shape.out_c // 4) + CHANNEL * shape.out_c)
        if self.step.opcode == layout.DEPTHWISE_CONV2D:
            carried = max(0, shape.reach - shape.stride_h) * shape.in_w
            return strips * shape.out_c * (PLANE + PACKED * carried)
        return 0.0

    def best(
        self, order: int, room: int, rings: tuple[int, int] | None = None, most: int | None = None
    ) -> tuple[int, float] | None:
        """(the largest strip whose scratch has room, cycles it adds); None where one unit has none.

        rings, most: in a fused group, rows of input and output there is room for, and rows made at a time.
        """
        key = order, room, rings, most
        if key not in self._best:
            self._best[key] = self._largest(*key)
        return self._best[key]

    def _largest(self, order, room, rings, most) -> tuple[int, float] | None:
        low, high, copying = 1, most or self.units, self._copying(order)
        if self.size(order, 1, rings) > room:
            return None
        if self.size(order, high, rings) <= room:
            low = high
        while high - low > 1:  # low has room, high has not
            middle = (low + high) // 2
            if self.size(order, middle, rings) <= room:
                low = middle
            else:
                high = middle
        return low, copying + self.again(-(-self.units // low) - 1)

    def _copying(self, order: int) -> float:
        """Cycles of the copy of its input that a kernel makes which else reads it where it lies."""
        rows = order in (layout.FORWARD, layout.REVERSE) and self.shape is not None
        return COPIED * self.shape.in_h * self.shape.in_row if rows and self.step.opcode != layout.CONV2D else 0.0
