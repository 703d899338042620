"""What an op of one kind looks like; ops.py and families/ list the kinds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What an op of one kind looks like; `most` is None where any number of inputs will do."""

    least: int  # inputs
    most: int | None
    attrs: tuple[str, ...] = ()  # it must have these
    optional: tuple[str, ...] = ()
    float_only: bool = False  # gone before the quantize pass
