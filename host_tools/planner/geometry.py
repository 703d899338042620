"""The sizes that an op's kernel sees, as ports/engine/params.c reads them from the file."""

from __future__ import annotations

import math
from dataclasses import dataclass

from host_tools.program import Step
from upyml.format import layout, ops_math
from upyml.format.ops_attention import BATCH_MATMUL

WINDOWS = (layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.MAX_POOL, layout.AVERAGE_POOL)


@dataclass(frozen=True)
class Window:
    """A window that slides over an int8 image; sizes in elements, which are bytes."""

    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_left: int
    multiplier: int
    coding: int = layout.INT8_WEIGHTS  # of a convolution's weights
    pairs: int = 0  # of SPARSE ones: the most in a block of four channels

    @property
    def reach(self) -> int:
        """Input rows from the first to the last that one output row reads."""
        return (self.kernel_h - 1) * self.dilation_h + 1

    @property
    def in_row(self) -> int:
        """Bytes of an input row."""
        return self.in_w * self.in_c

    @property
    def out_row(self) -> int:
        """Bytes of an output row."""
        return self.out_w * self.out_c

    @property
    def pointwise(self) -> bool:
        """Does each output pixel read the input pixel at its place and nothing else (upyml_is_pointwise)?"""
        same = (self.in_h, self.in_w) == (self.out_h, self.out_w)
        single = (self.kernel_h, self.kernel_w, self.stride_h, self.stride_w) == (1, 1, 1, 1)
        return same and single and self.pad_top == self.pad_left == 0

    def rows_read(self, first: int, end: int) -> tuple[int, int]:
        """[first, end) of the input rows that the output rows [first, end) read."""
        low = max(0, first * self.stride_h - self.pad_top)
        return low, max(low, min(self.in_h, (end - 1) * self.stride_h - self.pad_top + self.reach))

    def by_pixel(self) -> Window:
        """A pointwise window over an image of one column, whose rows are the pixels (upyml_by_pixel)."""
        pixels = self.in_h * self.in_w
        ones = (1, 1, 1, 1, 1, 1, 0, 0, self.multiplier)
        return Window(pixels, 1, self.in_c, pixels, 1, self.out_c, *ones, self.coding, self.pairs)


def image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(height, width, channels); missing axes in front count 1."""
    rest = tuple(int(n) for n in shape)[-3:]
    return (1,) * (3 - len(rest)) + rest  # type: ignore[return-value]


def window(step: Step) -> Window | None:
    """The window of a convolution or a pool; None for other ops."""
    if step.opcode not in WINDOWS:
        return None
    p = step.params
    sides = [p[name + side] for name in ("kernel_", "stride_", "dilation_") for side in "hw"]
    shapes = image(step.inputs[0].shape) + image(step.outputs[0].shape)
    own = p.get("multiplier", 1), p.get("coding", layout.INT8_WEIGHTS), p.get("pairs", 0)
    return Window(*shapes, *sides, p["pad_top"], p["pad_left"], *own)


def phases(step: Step) -> list[Window]:
    """The convolutions of a transposed one."""
    p, (height, width, channels) = step.params, image(step.outputs[0].shape)
    found = []
    for number, own in enumerate(p["phases"]):
        row, column = divmod(number, p["stride_w"])
        sides = [own[name + side] for name in ("kernel_", "stride_", "dilation_") for side in "hw"]
        out = (-(-(height - row) // p["stride_h"]), -(-(width - column) // p["stride_w"]), channels)
        coded = own.get("coding", layout.INT8_WEIGHTS), own.get("pairs", 0)
        found.append(Window(*image(step.inputs[0].shape), *out, *sides, own["pad_top"], own["pad_left"], 1, *coded))
    return found


def product_sizes(step: Step) -> tuple[int, int, int]:
    """(rows, columns, depth) of the matrices of a BATCH_MATMUL."""

    def size(tensor, order, place):
        return (*tensor.shape, 1, 1, 1, 1)[step.params[order][place]]

    y = step.outputs[0]
    return size(y, "output", 2), size(y, "output", 3), size(step.inputs[0], "left", 3)


def fully_connected(step: Step) -> tuple[int, int, int]:
    """(rows, inputs, outputs) of a fully connected op."""
    channels = int(step.outputs[0].shape[-1]) if step.outputs[0].shape else 1
    rows = step.outputs[0].size // channels
    return rows, step.inputs[0].size // rows, channels


def macs(step: Step) -> int:
    """Multiply-accumulates of a run, those with zeros too; for ops without any, the elements they make or read."""
    shape = window(step)
    if step.opcode == layout.FULLY_CONNECTED:
        return math.prod(fully_connected(step))
    if step.opcode == ops_math.TRANSPOSE_CONV2D:
        return step.macs
    if step.opcode == BATCH_MATMUL:
        return step.outputs[0].size * product_sizes(step)[2]
    if shape is None:
        return max(t.size for t in step.inputs + step.outputs)
    places = shape.out_h * shape.out_w * shape.out_c * shape.kernel_h * shape.kernel_w
    return places * (shape.in_c if step.opcode == layout.CONV2D else 1)
