"""Lowering of the family stream: ops with memory from run to run."""

from __future__ import annotations

from typing import Any

LOWERINGS: dict[str, Any] = {}
