"""The pictures of a report as SVG: the arena over the ops, and values told against right ones.

Colours are classes of report.html, so that they follow the page's scheme. The picture of the arena has its places across in
per cent and its rows in pixels: it becomes narrower with the page, and its text stays as large.
"""

from __future__ import annotations

import math
from typing import Any

ROW, HEAD = 20, 24  # pixels: an op's row, and the scale above the first one
_SIZE, _LEFT, _BELOW, _EDGE = 340, 56, 34, 10  # of a scatter plot
_ROOM = 18  # per cent of the width that the number of a block's bytes needs


def arena(numbers: dict[str, Any]) -> str:
    """Rows are ops, bytes go from left to right. numbers: of layers.costs()."""
    layers, state = numbers["layers"], numbers["state_bytes"]
    total = max(1, numbers["arena_bytes"])
    height = HEAD + ROW * len(layers)

    def rect(kind: str, first: int, rows: int, offset: int, size: int, title: str) -> str:
        x, width = (100 * bytes_ / total for bytes_ in (offset, min(size, total - offset)))
        return (
            f'<rect class="{kind}" x="{x:.3f}%" y="{HEAD + ROW * first + 1}" width="{max(width, 0.3):.3f}%" '
            f'height="{ROW * rows - 2}" rx="2"><title>{title}</title></rect>'
        )

    made = [f'<svg class="arena" width="100%" height="{height}" role="img" aria-label="{_arena_label(numbers)}">']
    made += _scale(total, height)
    made += [
        f'<line class="grid" x1="0" x2="100%" y1="{HEAD + ROW * row}" y2="{HEAD + ROW * row}"/>'
        for row in range(len(layers) + 1)
    ]
    if state:
        made.append(rect("state", 0, len(layers), 0, state, f"state: {state:,} bytes that stay from run to run"))
    for block in numbers["blocks"]:
        first, last = block["first"], min(block["last"], len(layers) - 1)
        title = f"{_shape(block['shape'])}: {block['size']:,} bytes at {block['offset']:,}"
        kept = max(first + 1, 0)
        if last >= kept:
            made.append(rect("kept", kept, last - kept + 1, state + block["offset"], block["size"], title))
    texts = []
    for block in numbers["blocks"]:
        offset, row = state + block["offset"], block["first"]
        if row >= 0:
            title = f"made by op {row}: {_shape(block['shape'])}, {block['size']:,} bytes at {block['offset']:,}"
            made.append(rect("made", row, 1, offset, block["size"], title))
        if row >= 0 and 100 * block["size"] / total >= _ROOM:
            x, y = 100 * (offset + block["size"] / 2) / total, HEAD + ROW * row + 14
            texts.append(f'<text class="in" x="{x:.3f}%" y="{y}" text-anchor="middle">{block["size"]:,}</text>')
    for layer in layers:
        if layer["ram_scratch"]:
            offset = state + (layer["ram_top"] + 3) // 4 * 4
            title = f"scratch of op {layer['number']}: {layer['ram_scratch']:,} bytes"
            made.append(rect("scratch", layer["number"], 1, offset, layer["ram_scratch"], title))
    return "\n".join([*made, *texts, "</svg>"])


def _scale(total: int, height: int) -> list[str]:
    marks = ((0, "start"), (total / 2, "middle"), (total, "end"))
    return [
        f'<text class="mark" x="{100 * at / total:.0f}%" y="14" text-anchor="{anchor}">{at:,.0f}'
        f"{' bytes' if anchor == 'end' else ''}</text>"
        f'<line class="grid" x1="{100 * at / total:.0f}%" x2="{100 * at / total:.0f}%" y1="{HEAD - 5}" y2="{height}"/>'
        for at, anchor in marks
    ]


def peak(numbers: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The layer that has most of the arena in use, activations and scratch, and how many bytes."""
    layer = max(numbers["layers"], key=lambda one: one["ram_live"] + one["ram_scratch"])
    return layer, numbers["state_bytes"] + layer["ram_live"] + layer["ram_scratch"]


def _arena_label(numbers: dict[str, Any]) -> str:
    layer, most = peak(numbers)
    return (
        f"The arena of {numbers['arena_bytes']:,} bytes over {len(numbers['layers'])} ops; most is in use, {most:,} bytes, "
        f"in op {layer['number']}, {layer['op']}. The table below has each block."
    )


def _shape(counts: list[int]) -> str:
    return " x ".join(map(str, counts))


def scatter(output: dict[str, Any]) -> str:
    """Values told over right ones. output: one of the `outputs` of scores.of()."""
    points = output["points"]
    values = [value for point in points for value in point if math.isfinite(value)] or [0.0]
    ticks = nice(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    room = _SIZE - _LEFT - _EDGE

    def x(value: float) -> float:
        return _LEFT + room * (value - low) / (high - low)

    def y(value: float) -> float:
        return _EDGE + room * (high - value) / (high - low)

    height = _EDGE + room + _BELOW
    label = (
        f"{len(points)} samples, the value told over the right one: mean error {output['mae']:.4g}, on a scale from "
        f"{low:g} to {high:g}. The table below has them by ranges."
    )
    made = [f'<svg class="scatter" viewBox="0 0 {_SIZE} {height}" role="img" aria-label="{label}">']
    for tick in ticks:
        made.append(f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{y(high):.1f}" y2="{y(low):.1f}"/>')
        made.append(f'<line class="grid" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        made.append(f'<text class="mark" x="{x(tick):.1f}" y="{y(low) + 15:.1f}" text-anchor="middle">{tick:g}</text>')
        made.append(f'<text class="mark" x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    made.append(f'<line class="right" x1="{x(low):.1f}" y1="{y(low):.1f}" x2="{x(high):.1f}" y2="{y(high):.1f}"/>')
    for right, told in points:
        if math.isfinite(right) and math.isfinite(told):
            made.append(f'<circle class="point" cx="{x(right):.1f}" cy="{y(told):.1f}" r="2.2"/>')
    made.append(f'<text class="mark" x="{x((low + high) / 2):.1f}" y="{height - 3}" text-anchor="middle">right</text>')
    middle = y((low + high) / 2)
    made.append(f'<text class="mark" transform="translate(11 {middle:.1f}) rotate(-90)" text-anchor="middle">told</text>')
    return "\n".join([*made, "</svg>"])


def nice(low: float, high: float) -> list[float]:
    """Three to seven round numbers, evenly apart, with all values between the first and the last."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span))
    step = next(power * factor for factor in (0.2, 0.5, 1, 2, 5) if span / (power * factor) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * i, 12) for i in range(first, max(last, first + 1) + 1)]
