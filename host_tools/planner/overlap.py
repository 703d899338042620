"""Where an output may lie over an input that dies with the op: the orders of SPEC.md as rules about distances.

A distance is the output's offset less the input's, in bytes. What a rule allows for one unit at a time it allows for
any strip, because a strip's input is read before any of its output is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from host_tools.planner.geometry import Window, window
from host_tools.program import Program, Step, nbytes
from upyml.format import layout, ops_math
from upyml.format.ops_attention import LAYER_NORM, MASKED_SOFTMAX

FREE = 1 << 40  # a limit that no distance reaches
_BY_ROWS = (layout.SOFTMAX, LAYER_NORM, MASKED_SOFTMAX)  # which read a row more than once
_ELEMENTWISE = (
    *(layout.ADD, layout.SUB, layout.MUL, layout.TABLE, layout.REQUANTIZE),
    *_BY_ROWS,
    *ops_math.PAIRWISE,
)


@dataclass(frozen=True)
class Rule:
    """The distances one order allows: low <= distance <= high, a multiple of `step`."""

    order: int
    low: int = -FREE
    high: int = FREE
    step: int = 1

    def allows(self, distance: int) -> bool:
        """May the output lie at this distance?"""
        return self.low <= distance <= self.high and distance % self.step == 0

    def nearest(self, align: int) -> list[int]:
        """The greatest and the least distance, and 0, where they are limited: multiples of `align`."""
        step = math.lcm(self.step, align)
        found = [0] if self.allows(0) else []
        if self.high < FREE:
            found.append(self.high // step * step)
        if self.low > -FREE:
            found.append(-(-self.low // step) * step)
        return [distance for distance in found if self.allows(distance)]


def rules(program: Program, step: Step, place: int) -> list[Rule]:
    """The orders in which the step may write over its input number `place`."""
    x, y = step.inputs[place], step.outputs[0]
    if not (program.in_arena(x) and program.in_arena(y)):
        return []
    shape = window(step)
    if shape is not None:
        return _window_rules(step.opcode, shape)
    if step.opcode == layout.FULLY_CONNECTED:
        return [Rule(layout.FORWARD)]  # all of it is read first
    if step.opcode == layout.RESHAPE:
        return [Rule(layout.FORWARD, high=0), Rule(layout.REVERSE, low=0)]
    if step.opcode == layout.MEAN and step.params["outer"] == 1:
        return [Rule(layout.FORWARD, 0, 0)]
    # Of one size, so an operand that broadcasts is not among them, nor a change of the elements' width.
    if step.opcode not in _ELEMENTWISE or x.size != y.size or nbytes(program.base(x)) != nbytes(program.base(y)):
        return []
    if step.opcode in _BY_ROWS:
        return [Rule(layout.FORWARD, 0, 0)]
    return [Rule(layout.FORWARD, high=0), Rule(layout.REVERSE, low=0)]


def _window_rules(opcode: int, shape: Window) -> list[Rule]:
    if opcode == layout.CONV2D and shape.pointwise:  # the limits are straight lines: their ends will do
        pixels = shape.by_pixel()
        high, low = limits(pixels, {1, pixels.out_h - 1} - {0, pixels.out_h})
    else:
        high, low = limits(shape, range(1, shape.out_h))
    made = [Rule(layout.FORWARD, high=high), Rule(layout.REVERSE, low=low)]
    if opcode == layout.DEPTHWISE_CONV2D and shape.multiplier == 1:
        made.insert(0, Rule(layout.PLANE, high=high, step=shape.in_c))
    return made


def limits(shape: Window, rows: Iterable[int]) -> tuple[int, int]:
    """(the greatest distance of FORWARD, the least of REVERSE); FREE where no row is unread when one is written."""
    high, low = FREE, -FREE
    for row in rows:
        unread = max(0, (row - 1) * shape.stride_h - shape.pad_top + shape.reach)
        if unread < shape.in_h:  # rows below `row` are written while those from `unread` on wait
            high = min(high, unread * shape.in_row - row * shape.out_row)
        waiting = min(shape.in_h, max(0, row * shape.stride_h - shape.pad_top))
        if waiting > 0:  # rows from `row` on are written while those below `waiting` wait
            low = max(low, waiting * shape.in_row - row * shape.out_row)
    return high, low


def may_overlap(program: Program, step: Step) -> list:
    """Tensors (owners of bytes) that the step's output may lie over, if nothing reads them later."""
    found: dict = {}
    for place, tensor in enumerate(step.inputs):
        if rules(program, step, place):
            found[program.base(tensor)] = None
    return list(found)
