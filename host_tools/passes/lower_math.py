"""Lowering of the family math: ops on tensors beyond the base ones."""

from __future__ import annotations

from typing import Any

LOWERINGS: dict[str, Any] = {}
