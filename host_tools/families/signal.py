"""From samples to features."""

from __future__ import annotations

from typing import Any

KINDS: dict[str, Any] = {}
SHAPES: dict[str, Any] = {}
FLOAT: dict[str, Any] = {}
SAME: dict[str, Any] = {}  # kinds whose output has the input's scale
FIXED: dict[str, Any] = {}  # kind to the (scale, zero point) that the kernel prescribes
