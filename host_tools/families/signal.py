"""From samples to features."""

from __future__ import annotations

from typing import Any

from host_tools.families import samples, sound

KINDS: dict[str, Any] = {**samples.KINDS, **sound.KINDS}
SHAPES: dict[str, Any] = {**samples.SHAPES, **sound.SHAPES}
FLOAT: dict[str, Any] = {**samples.FLOAT, **sound.FLOAT}
SAME: dict[str, Any] = {}  # kinds whose output has the input's scale
FIXED: dict[str, Any] = {}  # kind to the (scale, zero point) that the kernel prescribes
INT16: dict[str, Any] = {**samples.INT16}  # kinds on int16 in an int8 graph: what follows for the output's type and scale
