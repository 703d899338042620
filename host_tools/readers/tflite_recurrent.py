"""TFLite operators of the family recurrent: recurrent layers."""

from __future__ import annotations

from typing import Any

CONVERTERS: dict[str, Any] = {}
