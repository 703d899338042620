"""TFLite operators of the family wide: ops on int16 activations with int8 weights."""

from __future__ import annotations

from typing import Any

CONVERTERS: dict[str, Any] = {}
