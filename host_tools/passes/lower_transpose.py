"""Lowering of transposed convolutions: one with a stride becomes an ordinary convolution for each place modulo the stride.

Output row y adds up weight row j times input row i where y + top = i * stride + j. So rows with one y % stride read only every
stride-th row of the weights, and neighbours among them read neighbouring input rows: an ordinary convolution with these
weight rows from the last to the first. No product with an inserted zero is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools.graph import Op, Tensor
from host_tools.passes import lower_window
from host_tools.program import Program, Step
from upyml.format import ops_math


@dataclass(frozen=True)
class Taps:
    """Along one axis: the weights' rows in the order in which they are laid over the input, None for zeros; how far the first
    window begins before the input; how many outputs there are."""

    rows: tuple[int | None, ...]
    before: int
    count: int


def taps(size: int, kernel: int, stride: int, cut: int, out: int) -> list[Taps]:
    """Of each output place modulo the stride, as far as the output reaches.

    size, out: elements of the input and the output; cut: what the output lacks in front of all that the input reaches.
    """
    found = []
    for place in range(min(stride, out)):
        rows: list[int | None] = list(range((place + cut) % stride, kernel, stride))[::-1]
        last = (place + cut) // stride  # the input row that the last of them reads for the first output
        count = -(-(out - place) // stride)
        # The engine's windows begin inside the image or its padding: zeros in front make them.
        zeros = max(0, last + 1 - len(rows), count - size + last + 1 - len(rows), 1 - len(rows))
        rows = [None] * zeros + rows
        found.append(Taps(tuple(rows), len(rows) - 1 - last, count))
    return found


def _dilated(weights: np.ndarray, dilation: tuple[int, int]) -> np.ndarray:
    """The weights with zeros between them."""
    if tuple(dilation) == (1, 1):
        return weights
    rows, columns = ((k - 1) * d + 1 for k, d in zip(weights.shape[1:3], dilation))
    out = np.zeros((weights.shape[0], rows, columns, weights.shape[3]), weights.dtype)
    out[:, :: dilation[0], :: dilation[1]] = weights
    return out


def _chosen(weights: np.ndarray, rows: tuple, columns: tuple) -> np.ndarray:
    """The weights' rows and columns named, zeros for None."""
    padded = np.pad(weights, ((0, 0), (0, 1), (0, 1), (0, 0)))  # -1 is a row (column) of zeros
    rows, columns = ([-1 if i is None else i for i in names] for names in (rows, columns))
    return np.ascontiguousarray(padded[:, rows][:, :, columns])


def lower(program: Program, op: Op) -> None:
    """Appends the steps of a transposed convolution."""
    x, w = op.inputs[:2]
    stride, (top, _, left, _) = op.attrs["stride"], op.attrs["padding"]
    if tuple(stride) == (1, 1) and _plain(program, op):
        return
    weights = _dilated(w.data, op.attrs["dilation"])
    size, out = ((1, *shape)[-3:-1] for shape in (x.shape, op.output.shape))
    vertical, horizontal = (
        taps(size[i], weights.shape[1 + i], stride[i], cut, out[i]) for i, cut in enumerate((top, left))
    )
    phases, macs, held = [], 0, 0.0
    for rows in vertical:
        for columns in horizontal:
            own = Tensor(w.name, (), "int8", w.scale, 0, _chosen(weights, rows.rows, columns.rows))
            own.shape = own.data.shape
            attrs = {"stride": (1, 1), "padding": (rows.before, 0, columns.before, 0)}
            attrs |= {"activation": op.attrs.get("activation")}
            one = Op("conv2d", [x, own, *op.inputs[2:]], op.outputs, attrs, op.name)
            fields, density = lower_window.conv2d_fields(program, one)
            products = rows.count * columns.count * own.data.size
            phases.append(fields)
            macs += products
            held += density * products
    params = {"stride_h": len(vertical), "stride_w": len(horizontal), "phases": phases}
    density = held / max(macs, 1)
    program.steps.append(
        Step(ops_math.TRANSPOSE_CONV2D, [x], [op.output], params, op.name, macs, density)
    )


def _plain(program: Program, op: Op) -> bool:
    """Without a stride it is an ordinary convolution with mirrored weights, if nothing lies beyond what it reaches."""
    w, dilation = op.inputs[1], op.attrs["dilation"]
    reach = [(k - 1) * d for k, d in zip(w.shape[1:3], dilation)]
    padding = tuple(reach[i // 2] - cut for i, cut in enumerate(op.attrs["padding"]))
    if min(padding) < 0 or any(cut < 0 for cut in op.attrs["padding"]):
        return False
    mirrored = Tensor(w.name, w.shape, w.dtype, w.scale, 0, np.ascontiguousarray(w.data[:, ::-1, ::-1]))
    attrs = {"stride": (1, 1), "dilation": dilation, "padding": padding, "activation": op.attrs.get("activation")}
    lower_window.LOWERINGS["conv2d"](program, Op("conv2d", [op.inputs[0], mirrored, *op.inputs[2:]], op.outputs, attrs, op.name))
    return True
