"""Bytes of scratch that the kernels for a Cortex-M0+ need, which need the most of all: plans are made for them.

The kernels' own functions answer where the C extension is built. The formulas here, close to them, serve without it.
"""

from __future__ import annotations

import importlib
from functools import cache

from host_tools.planner.geometry import Window, fully_connected, phases, product_sizes, window
from host_tools.program import Step
from upyml.format import check_recurrent, layout, ops_math, ops_recurrent
from upyml.format.ops_attention import BATCH_MATMUL, MASKED_SOFTMAX

SHORT_RUN = 6  # values of a convolution's kernel row
PIECE = 32  # inputs of a dense layer: one unit of those that are packed piece by piece
SOFTMAXES = (layout.SOFTMAX, MASKED_SOFTMAX)
EXPONENTIALS = 1024  # bytes: those of a softmax with many values need to be worked out but once
CHUNK = 68  # bytes of such a piece, where the weights have four bits
LISTED = 20  # bytes of a pair of sparse weights of four channels


@cache
def _kernels():
    try:
        return getattr(importlib.import_module("_upyml"), "_scratch_size", None)
    except ImportError:
        return None


def scratch(step: Step, order: int, strip: int, rings: tuple[int, int] | None = None) -> int:
    """Bytes for strips of so many units in this order.

    rings: rows of input and output that there is room for, by default all.
    """
    shape = window(step)
    if shape is not None:
        ask = _kernels()
        if ask is None:
            return _window(step.opcode, shape, order, strip, rings)
        *sizes, coding, pairs = vars(shape).values()
        return ask(step.opcode, (*sizes, order, *(rings or (shape.in_h, shape.out_h)), coding, pairs), strip)
    if step.opcode == layout.FULLY_CONNECTED:
        return _dense(step, order, strip)
    if step.opcode == ops_math.TRANSPOSE_CONV2D:
        return max(_phase(phase, min(strip, phase.out_h)) for phase in phases(step))
    if step.opcode in ops_recurrent.OPS:
        x, y = step.inputs[0], step.outputs[0]
        return check_recurrent.scratch(step.opcode, x.shape[-1], y.shape[-1], x.dtype == "int16")
    if step.opcode in SOFTMAXES:
        return EXPONENTIALS if strip > 1 else 0
    return _product(step, strip) if step.opcode == BATCH_MATMUL else 0


def _product(step: Step, strip: int) -> int:
    """A row of the left matrix widened to 16 bits, and blocks of four columns of the right one."""
    pairs = (product_sizes(step)[2] + 1) // 2
    return pairs * 4 + strip * (pairs * 16 + 16)


def _phase(shape: Window, strip: int) -> int:
    """One convolution of a transposed one: the rows it makes, and its own scratch for as many."""
    made = strip * shape.out_row
    ask, rings = _kernels(), (shape.in_h, strip)
    if ask is None:
        own = _window(layout.CONV2D, shape, layout.DISJOINT, strip, rings)
    else:
        *sizes, coding, pairs = vars(shape).values()
        own = ask(layout.CONV2D, (*sizes, layout.DISJOINT, *rings, coding, pairs), strip)
    return made + -made % 4 + own


def _dense(step: Step, order: int, strip: int) -> int:
    """The least, and room for more inputs widened to 16 bits, up to all of them."""
    rows, inputs, channels = fully_connected(step)
    coding, pairs = step.params.get("coding", layout.INT8_WEIGHTS), step.params.get("pairs", 0)
    piece, pieces, whole = _pieces(coding, inputs)
    if _kernels():
        least = _kernels()(layout.FULLY_CONNECTED, (rows, inputs, channels, order, coding, pairs), 1)
    elif rows > 1:
        least = whole * (1 if order == layout.DISJOINT else rows)
    else:
        least = min(whole, pieces * piece + (0 if order == layout.DISJOINT else (channels + 3) // 4 * 16))
    return least if rows > 1 else max(least, min(least + piece * (strip - pieces), whole))


def _pieces(coding: int, inputs: int) -> tuple[int, int, int]:
    """Bytes of PIECE inputs, the least number of such pieces, bytes of all inputs."""
    if coding == layout.INT4_WEIGHTS:
        return CHUNK, 2, -(-inputs // PIECE) * CHUNK
    whole = (inputs + 3) // 4 * 8
    if coding == layout.SPARSE_WEIGHTS:  # in any order: all at once, and two words for two of them
        whole = (inputs + 1) // 2 * 8
        return whole, 1, whole
    return 2 * PIECE, 1, whole


def _window(opcode: int, shape: Window, order: int, strip: int, rings: tuple[int, int] | None) -> int:
    if opcode == layout.CONV2D:
        return _pixels(shape, strip) if shape.pointwise and not rings else _conv(shape, strip)
    if opcode == layout.DEPTHWISE_CONV2D and order in (layout.DISJOINT, layout.PLANE):
        return _depthwise(shape, strip)
    return 0 if order == layout.DISJOINT else min(shape.reach, shape.in_h) * shape.in_row


def _pixels(shape: Window, strip: int) -> int:
    """Pixels widened to 16 bits, weights of four channels."""
    return strip * shape.in_c * 2 + shape.in_c * 8


def _conv(shape: Window, strip: int) -> int:
    """Rows widened to 16 bits with their padding, or of each column what a kernel row reads; weights of four channels."""
    width = (shape.out_w - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1
    rows = (strip - 1) * shape.stride_h + shape.reach
    run = (shape.kernel_w * shape.in_c + 1) // 2 * 2
    row, weights = width * shape.in_c * 2, shape.kernel_h * run // 2 * 16
    if shape.coding == layout.SPARSE_WEIGHTS:
        weights = shape.pairs * LISTED
    if run <= SHORT_RUN and shape.kernel_h > 1:
        return rows * shape.out_w * run * 2 + row + weights
    return rows * row + weights


def _depthwise(shape: Window, strip: int) -> int:
    """Rows of one channel in pairs, four bytes a column; sums of the strip, or of some 32 pairs at least."""
    width = (shape.out_w - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1
    rows = ((strip + 1) // 2 - 1) * shape.stride_h + shape.reach
    sums = min(strip, max(1, -(-32 // shape.out_w)))
    return rows * max(width, shape.in_w) * 4 + sums * shape.out_w * 8
