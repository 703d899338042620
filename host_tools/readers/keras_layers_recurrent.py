"""Keras layers of the family recurrent: recurrent layers."""

from __future__ import annotations

from typing import Any

LAYERS: dict[str, Any] = {}
