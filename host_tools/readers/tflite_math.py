"""TFLite operators of the family math: ops on tensors beyond the base ones."""

from __future__ import annotations

from typing import Any

CONVERTERS: dict[str, Any] = {}
