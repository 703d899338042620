"""From samples to features."""

from __future__ import annotations

from typing import Any

from host_tools.families import samples, sound, spectrogram

KINDS: dict[str, Any] = {**samples.KINDS, **sound.KINDS, **spectrogram.KINDS}
SHAPES: dict[str, Any] = {**samples.SHAPES, **sound.SHAPES, **spectrogram.SHAPES}
FLOAT: dict[str, Any] = {**samples.FLOAT, **sound.FLOAT, **spectrogram.FLOAT}
SAME: dict[str, Any] = {}  # kinds whose output has the input's scale
FIXED: dict[str, Any] = {}  # kind to the (scale, zero point) that the kernel prescribes
INT16: dict[str, Any] = {**samples.INT16, **spectrogram.INT16}  # kinds on int16 in an int8 graph: the output's type and scale
