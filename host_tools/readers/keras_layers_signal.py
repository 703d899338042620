"""Keras layers of the family signal: from samples to features."""

from __future__ import annotations

from typing import Any

LAYERS: dict[str, Any] = {}
