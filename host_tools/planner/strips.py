"""What an op costs on a Cortex-M0+: time, scratch, and the time that smaller strips add.

An engine works on strips as large as its scratch has room for. Each strip of a convolution widens the weights anew,
each of a depthwise convolution packs some rows again; the strips of a dense layer are pieces of its input, each of which
begins all channels anew. So more RAM is less time.
"""

from __future__ import annotations

from collections.abc import Iterable

from host_tools.planner.geometry import Window, fully_connected, macs, phases, product_sizes, window
from host_tools.planner.scratch import PIECE, SOFTMAXES, scratch
from host_tools.program import Step
from upyml.format import layout, ops_math
from upyml.format.ops_attention import BATCH_MATMUL, LAYER_NORM, MASKED_SOFTMAX

# Cycles of an op, counted on an emulated Cortex-M0+ without wait states: for each multiply-accumulate (or, where there
# is none, each element), and for each value it makes.
CYCLES = {
    layout.CONV2D: (2.7, 27),
    layout.DEPTHWISE_CONV2D: (3.0, 25),
    layout.FULLY_CONNECTED: (4.1, 50),
    layout.MAX_POOL: (17, 20),
    layout.AVERAGE_POOL: (17, 20),
    layout.ADD: (20, 0),
    layout.SUB: (20, 0),
    layout.MUL: (300, 0),
    layout.SOFTMAX: (0, 130),
    MASKED_SOFTMAX: (0, 130),
    LAYER_NORM: (0, 100),
    BATCH_MATMUL: (2.7, 40),
    layout.MEAN: (8, 0),
    ops_math.TRANSPOSE_CONV2D: (2.7, 31),  # its convolutions, and pixels moved to their places
}
OTHER = (12, 0)
# Part of that time that a product takes with other weights than INT8; of SPARSE ones, each that is left.
CODED = {
    (layout.CONV2D, layout.SPARSE_WEIGHTS): 1.1,
    (layout.FULLY_CONNECTED, layout.SPARSE_WEIGHTS): 0.9,
    (layout.FULLY_CONNECTED, layout.INT4_WEIGHTS): 0.6,
}
# Cycles of each strip.
WEIGHT = 2.6  # of a convolution: a weight widened to 16 bits
BLOCK = 120  # of a convolution: four channels begun
CHANNEL = 115  # of a convolution: a channel's requantization prepared
LINE, LINE_BEGUN = 24, 140  # of a pointwise one: pixels whose four accumulators are requantized at a time, what that takes
PLANE = 1100  # of a depthwise convolution: a channel begun
PACKED = 10.0  # of a depthwise convolution: two columns packed to a word
FEW_ROWS, WIDE = 3, 4  # strips of a few rows, with so many columns for each, have two columns of a row in a word
PAIR = 30  # of a dense layer: two channels begun
BATCH = 32  # channels of a dense layer that are made together, where the output does not lie over the input
BEGUN = 90  # of a dense layer: such a batch begun
WIDENED = 4.0  # an input of a dense layer packed again
EXPONENTIAL = 410  # of a softmax
MANY = 256  # values of a softmax, so that a table of exponentials saves time
ROW, ROW_PACKED = 150, 6.0  # of a BATCH_MATMUL: a row begun, one of its values packed
COPIED = 1.5  # a byte of input copied whole, where the output lies over it


class Strips:
    """Strips, scratch and time of one op."""

    def __init__(self, step: Step):
        self.step, self.shape = step, window(step)
        self.dense = fully_connected(step) if step.opcode == layout.FULLY_CONNECTED else None
        self.phases = phases(step) if step.opcode == ops_math.TRANSPOSE_CONV2D else []
        each, made = CYCLES.get(step.opcode, OTHER)
        coding = step.params.get("coding", layout.INT8_WEIGHTS)
        self.sparse = coding == layout.SPARSE_WEIGHTS
        products = macs(step) * step.density * CODED.get((step.opcode, coding), 1)
        self.cycles = each * products + made * step.outputs[0].size + self._call(self.units, self.units)
        self._sizes: dict[tuple, int] = {}
        self._best: dict[tuple, tuple[int, float] | None] = {}

    @property
    def units(self) -> int:
        """Units of the whole op: the largest strip."""
        if self.dense and self.dense[0] == 1 and not self.sparse:
            return -(-self.dense[1] // PIECE)
        if self.phases:
            return self.phases[0].out_h  # no other has more
        if self.step.opcode in SOFTMAXES:
            return 2 if self.step.outputs[0].size > MANY else 1
        if self.step.opcode == BATCH_MATMUL:
            return -(-product_sizes(self.step)[1] // 4)
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

    def extra(self, calls: Iterable[int], strip: int) -> float:
        """Cycles that strips of this size add to a single one. calls: units of each call of the kernel."""
        return max(0.0, sum(self._call(units, strip) for units in calls) - self._call(self.units, self.units))

    def _call(self, units: int, strip: int) -> float:
        """Cycles of a call of the kernel beside the multiplications: what its strips of this size begin with."""
        shape, strip = self.shape, min(units, strip)
        strips = -(-units // strip)
        if self.dense:
            return strips * (PAIR * self.dense[2] / 2 + BEGUN * -(-self.dense[2] // BATCH))
        if self.phases:
            return sum(self._blocks(phase, units, -(-min(units, phase.out_h) // strip)) for phase in self.phases)
        if self.step.opcode in SOFTMAXES:
            size = self.step.outputs[0].size
            return EXPONENTIAL * (2 * size if units == 1 or strip == 1 else MANY // 2)
        if self.step.opcode == BATCH_MATMUL:
            rows, columns, depth = product_sizes(self.step)
            return self.step.outputs[0].size / columns * strips * (ROW + ROW_PACKED * depth)
        if self.step.opcode == layout.CONV2D:
            return self._blocks(shape, units, strips)
        if self.step.opcode != layout.DEPTHWISE_CONV2D:
            return 0.0
        columns, wasted = shape.out_w, units // strip * (strip % 2) + units % strip % 2  # rows come in pairs
        if strip <= FEW_ROWS and shape.out_w >= WIDE * strip:
            columns, wasted = (columns + 1) // 2, 0
            rows = (units - 1) * shape.stride_h + shape.reach
        else:
            rows = strips * (((strip + 1) // 2 - 1) * shape.stride_h + shape.reach)
        words = rows * ((columns - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1)
        lanes = CYCLES[layout.DEPTHWISE_CONV2D][0] * shape.kernel_h * shape.kernel_w * shape.out_w * wasted
        return shape.out_c * (strips * PLANE + PACKED * words / shape.multiplier + lanes)

    def _blocks(self, shape: Window, units: int, strips: int) -> int:
        """Cycles of a call of a convolution beside the multiplications: each strip prepares the blocks of channels but
        for the one that the strip before ended with."""
        blocks = -(-shape.out_c // 4)
        weights = shape.kernel_h * shape.kernel_w * shape.in_c * shape.out_c * self.step.density
        strip_cycles = WEIGHT * weights + BLOCK * blocks + CHANNEL * shape.out_c
        batches = max(strips, units / LINE) if shape.pointwise and not self.phases else 0
        return round(strips * strip_cycles - (strips - 1) * strip_cycles / blocks + LINE_BEGUN * blocks * batches)

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
        low, high = 1, most or self.units
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
        return low, self._copying(order, low) + self.extra((self.units,), low)

    def _copying(self, order: int, strip: int) -> float:
        """Cycles of the copies of its input that a kernel makes beyond what it always does."""
        if self.dense:
            again = order == layout.DISJOINT and strip < self.units
            return WIDENED * self.dense[1] * ((self.dense[2] - 1) // BATCH) if again else 0.0
        rows = order in (layout.FORWARD, layout.REVERSE) and self.shape is not None
        return COPIED * self.shape.in_h * self.shape.in_row if rows and self.step.opcode != layout.CONV2D else 0.0
