"""Keras layers of the family signal: from samples to features."""

from __future__ import annotations

from typing import Any

from host_tools.readers import keras_layers_spectrogram

LAYERS: dict[str, Any] = {**keras_layers_spectrogram.LAYERS}
