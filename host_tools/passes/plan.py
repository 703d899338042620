"""Arena offsets: tensors that are never live together share bytes.

Steps in place first: an output that may take an input's place does (see inplace.py). What shares an offset that way is
a block. Blocks are placed one after another at the lowest offset that is free during their life; the order matters, so
several are tried, then random changes of the best one, until the arena is as small as the bytes live at the worst step
(no plan is smaller) or the tries are used up. The same program always gets the same plan.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.passes import inplace
from host_tools.program import Program, nbytes
from upyml.format import layout

ALIGN = 4  # bytes: floats need it, and word loads of int8 rows profit
TRIES = 400
MOST = 1 << 26  # bytes: no board has more, and a file that asks for more was not made for one


@dataclass(eq=False)
class _Piece:
    """A tensor's life: from the step that makes it (-1: an input) to its last reader (past the end: an output)."""

    tensor: Tensor
    first: int
    last: int
    size: int


def plan(program: Program) -> Program:
    """The program with offsets, and with `order` and `top` of each step. Raises ConversionError above MOST bytes."""
    pieces = lives(program)
    best = None
    for prefer_last in (False, True):
        blocks, merged = _blocks(program, pieces, prefer_last)
        size, offsets = _place(blocks, _bound(blocks, len(program.steps)))
        if best is None or size < best[0]:
            best = size, offsets, blocks, merged
    _, offsets, blocks, merged = best
    program.offsets = {piece.tensor: offset for block, offset in zip(blocks, offsets) for piece in block}
    for number, step in enumerate(program.steps):
        step.order = layout.FORWARD if number in merged else layout.DISJOINT
        live = [piece for piece in pieces.values() if piece.first <= number <= piece.last]
        step.top = max(program.offsets[piece.tensor] + nbytes(piece.tensor) for piece in live)
    needed = max(program.offsets[tensor] + nbytes(tensor) for tensor in program.offsets)
    if needed > MOST:
        raise ConversionError(
            f"the model needs {needed:,} bytes of RAM, more than any board has: give it smaller inputs or "
            "fewer channels"
        )
    return program


def lives(program: Program) -> dict[Tensor, _Piece]:
    """The life of each tensor that owns arena bytes."""
    pieces: dict[Tensor, _Piece] = {}
    for tensor in program.inputs:
        base = program.base(tensor)
        pieces[base] = _Piece(base, -1, -1, _aligned(nbytes(base)))
    for number, step in enumerate(program.steps):
        for tensor in step.inputs:
            if tensor.data is None:
                pieces[program.base(tensor)].last = number
        for tensor in step.outputs:
            base = program.base(tensor)
            pieces[base] = _Piece(base, number, number, _aligned(nbytes(base)))
    for tensor in program.outputs:
        pieces[program.base(tensor)].last = len(program.steps)
    return pieces


def _aligned(n: int) -> int:
    return n + -n % ALIGN


def _blocks(program, pieces, prefer_last) -> tuple[list[list[_Piece]], set[int]]:
    """Pieces that share an offset because a step works in place, and the numbers of those steps."""
    block_of = {tensor: [piece] for tensor, piece in pieces.items()}
    merged = set()
    for number, step in enumerate(program.steps):
        options = [t for t in inplace.candidates(program, step) if pieces[t].last == number]
        if not options:
            continue
        taken = block_of[options[-1 if prefer_last else 0]]
        out = program.base(step.outputs[0])
        taken.extend(block_of[out])
        block_of[out] = taken
        merged.add(number)
    unique = {id(block): block for block in block_of.values()}
    return list(unique.values()), merged


def _bound(blocks, steps) -> int:
    """Bytes live at the worst moment: no plan with these blocks is smaller."""
    live = [0] * (steps + 2)
    for block in blocks:
        for number in {n for piece in block for n in range(piece.first, piece.last + 1)}:
            live[number + 1] += max(piece.size for piece in block if piece.first <= number <= piece.last)
    return max(live)


def _conflict(a, b) -> bool:
    return any(p.first <= q.last and q.first <= p.last for p in a for q in b)


def _place(blocks, bound) -> tuple[int, list[int]]:
    """(arena size, offset of each block) of the best order of placing found."""
    count = len(blocks)
    sizes = [max(piece.size for piece in block) for block in blocks]
    conflicts = [[j for j in range(count) if j != i and _conflict(blocks[i], blocks[j])] for i in range(count)]

    def fit(order):
        offsets: list[int] = [-1] * count
        end = 0
        for i in order:
            taken = sorted((offsets[j], offsets[j] + sizes[j]) for j in conflicts[i] if offsets[j] >= 0)
            at = 0
            for start, stop in taken:
                if start - at >= sizes[i]:
                    break
                at = max(at, stop)
            offsets[i] = at
            end = max(end, at + sizes[i])
        return end, offsets

    def span(i):
        return max(p.last for p in blocks[i]) - min(p.first for p in blocks[i])

    keys = (
        lambda i: -sizes[i],
        lambda i: -sizes[i] * (1 + span(i)),
        lambda i: (-span(i), -sizes[i]),
        lambda i: min(p.first for p in blocks[i]),
    )
    orders = [sorted(range(count), key=key) for key in keys]
    end, offsets, order = min((fit(order) + (order,) for order in orders), key=lambda found: found[0])
    chance = random.Random(1)
    for _ in range(TRIES if count > 2 else 0):
        if end <= bound:
            break
        changed = list(order)
        changed.insert(chance.randrange(count), changed.pop(chance.randrange(count)))
        new_end, new_offsets = fit(changed)
        if new_end <= end:
            end, offsets, order = new_end, new_offsets, changed
    return end, offsets
