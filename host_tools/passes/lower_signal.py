"""Lowering of the family signal: from samples to features."""

from __future__ import annotations

from typing import Any

from host_tools.passes import lower_samples, lower_sound, lower_spectrogram

LOWERINGS: dict[str, Any] = {**lower_samples.LOWERINGS, **lower_sound.LOWERINGS, **lower_spectrogram.LOWERINGS}
