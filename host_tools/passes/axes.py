"""Rewriting of shapes with many axes into equal ones with few: the engine takes at most four."""

from __future__ import annotations

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.program import Program, Step
from upyml.format import layout


def _size(shape) -> int:
    return int(np.prod(shape, dtype=np.int64))


def merged_broadcast(inputs: list[tuple], output: tuple) -> list[tuple] | None:
    """The inputs' and the output's shapes with neighbouring axes merged where all operands broadcast alike.

    Shapes are aligned at their last axis, as in NumPy. None where more than four axes stay.
    """
    rank = len(output)
    full = [(1,) * (rank - len(shape)) + tuple(shape) for shape in inputs] + [tuple(output)]
    merged: list[list[int]] = []
    previous = None
    for axis in range(rank):
        sizes = [shape[axis] for shape in full]
        if sizes[-1] == 1:
            continue
        pattern = [n == 1 for n in sizes]
        if pattern == previous:
            merged[-1] = [a * b for a, b in zip(merged[-1], sizes)]
        else:
            merged.append(sizes)
        previous = pattern
    merged = merged or [[1] * len(full)]
    return None if len(merged) > layout.MAX_RANK else [tuple(shape) for shape in zip(*merged)]


def merged_transpose(shape: tuple, perm: tuple) -> tuple[tuple, tuple]:
    """An equal transposition with as few axes as possible: (shape, perm). One axis means nothing moves."""
    kept = [axis for axis in perm if shape[axis] != 1]
    groups: list[list[int]] = []  # axes that stay neighbours, in the output's order
    for axis in kept:
        follows = groups and all(shape[i] == 1 for i in range(groups[-1][-1] + 1, axis)) and axis > groups[-1][-1]
        if follows:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    order = sorted(range(len(groups)), key=lambda i: groups[i][0])
    new_shape = tuple(_size([shape[axis] for axis in groups[i]]) for i in order)
    return new_shape or (1,), tuple(order.index(i) for i in range(len(groups))) or (0,)


def transpose(program: Program, x: Tensor, y: Tensor, perm: tuple, name: str) -> None:
    """Appends y = x with its axes in another order; a view where only axes of length 1 move."""
    shape, perm = merged_transpose(x.shape, perm)
    if perm == tuple(range(len(perm))):
        program.views[y] = x
        return
    if len(shape) > layout.MAX_RANK:
        raise ConversionError(
            f"transpose {name!r} moves {len(shape)} axes of {x.shape}: the engine moves at most four; "
            "merge axes by a reshape before it"
        )
    out = tuple(shape[i] for i in perm)
    permutation = perm + tuple(range(len(perm), layout.MAX_RANK))
    program.steps.append(
        Step(layout.TRANSPOSE, [program.view(x, shape)], [program.view(y, out)], {"permutation": permutation}, name)
    )


def gathered(program: Program, x: Tensor, axes: tuple, name: str) -> tuple[Tensor, tuple[int, int, int]]:
    """x as (outer, count, inner) where count runs over the given axes; scattered axes are moved to the end first."""
    wide = [axis for axis in axes if x.shape[axis] != 1]
    if not wide:
        return x, (1, 1, x.size)
    first, last = min(wide), max(wide)
    if all(axis in wide or x.shape[axis] == 1 for axis in range(first, last + 1)):
        return x, (_size(x.shape[:first]), _size(x.shape[first : last + 1]), _size(x.shape[last + 1 :]))
    stay = [axis for axis in range(len(x.shape)) if axis not in wide]
    perm = tuple(stay + wide)
    moved = Tensor(x.name, tuple(x.shape[axis] for axis in perm), x.dtype, x.scale, x.zero_point)
    transpose(program, x, moved, perm, name)
    return moved, (_size([x.shape[axis] for axis in stay]), _size([x.shape[axis] for axis in wide]), 1)


def merged_ranges(shape: tuple, ranges: list[tuple]) -> list[tuple]:
    """An equal list of (length in, first, stride or padding, length out) with fewer axes.

    ranges: for each axis (begin, stride, count of the output); an axis taken whole is merged into the one before it
    when that one is taken with stride 1 or whole.
    """
    merged: list[list[int]] = []
    for n, (begin, stride, count) in zip(shape, ranges):
        whole = begin == 0 and stride == 1 and count == n
        if whole and n == 1:
            continue
        if merged and whole and merged[-1][2] == 1:
            merged[-1] = [merged[-1][0] * n, merged[-1][1] * n, 1, merged[-1][3] * n]
        else:
            merged.append([n, begin, stride, count])
    return [tuple(axis) for axis in merged] or [(1, 0, 1, 1)]
