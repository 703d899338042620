"""How much RAM a plan is made for: --ram smallest, balanced, fastest, or a number of bytes."""

from __future__ import annotations

import re

from host_tools.errors import ConversionError
from host_tools.planner.search import ALIGN, Found, Search, aligned

# Part of the time that a plan gives for less RAM. The last thousandth would cost as much RAM as all before it.
GIVEN = {"smallest": float("inf"), "balanced": 0.025, "fastest": 0.001}
BALANCED = "balanced"
FINE = 4096  # parts of the arena's size to which it is searched


def parse(ram: str | int) -> str | int:
    """A name of GIVEN, or bytes: 20k is 20 * 1,024. Raises ConversionError for anything else."""
    if ram in GIVEN:
        return ram
    found = re.fullmatch(r"(\d+)([kK]?)", str(ram))
    if not found or not int(found[1]):
        raise ConversionError(f"the RAM must be {', '.join(GIVEN)}, or bytes as 20480 or 20k, received {ram!r}")
    return int(found[1]) * (1024 if found[2] else 1)


def choose(search: Search, ram: str | int) -> Found:
    """The plan for a choice that parse() took. Raises ConversionError where the bytes asked for are too few."""
    ram = parse(ram)
    return _within(search, ram) if isinstance(ram, int) else _least(search, GIVEN[ram])


def _within(search: Search, size: int) -> Found:
    """The fastest plan in so many bytes, and of those as fast the smallest."""
    plans = [plan for fuse in (False, True) if (plan := search.find(size, fuse=fuse))]
    if not plans:
        least = _least(search, float("inf"))
        if least.size > size:
            raise ConversionError(
                f"no plan needs as little RAM as {size:,} bytes: the least for this model is {least.size:,} bytes"
            )
        return least  # the search is no proof: what it missed at one size it may find below
    best = min(plans, key=lambda plan: plan.extra)
    smaller = _least(search, max(best.extra / search.cycles, GIVEN["fastest"]))
    return smaller if smaller.size < size else best


def _least(search: Search, part: float) -> Found:
    """The plan of the smallest arena whose strips add at most this part of the time, found by halving."""
    low, step = aligned(search.least()) - ALIGN, 64  # nothing fits in `low`
    best = None
    while best is None:
        step *= 2
        best = _good(search, low + step, part if low < 2 * search.most() else float("inf"))
        if best is None:
            low += step
    while best.size - low > max(ALIGN, best.size // FINE):
        middle = aligned((low + best.size) // 2)
        found = _good(search, middle, part)
        if found:
            best = found
        else:
            low = middle
    return best


def _good(search: Search, size: int, part: float) -> Found | None:
    return search.find(size, part * search.cycles, fuse=False) or search.find(size, part * search.cycles)
