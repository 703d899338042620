"""Keras layers of the family stream: ops with memory from run to run."""

from __future__ import annotations

from typing import Any

LAYERS: dict[str, Any] = {}
