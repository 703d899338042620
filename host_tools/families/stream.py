"""Ops with memory from run to run."""

from __future__ import annotations

from typing import Any

from host_tools.op_kind import Kind

KINDS: dict[str, Any] = {
    # The last rows that came in, the input's being the newest: the output has more rows than the input has, along the
    # first axis that is not 1. `initial`: raw values of all before the first run, else the zero point.
    "window": Kind(1, 1, (), ("initial",)),
    # x, feature weights (filters, in), time weights (filters, memory), bias (filters / rank); state: its memories' number
    # type, scale and zero point.
    "svdf": Kind(4, 4, ("rank", "state")),
}
SHAPES: dict[str, Any] = {"window": lambda op: None, "svdf": lambda op: (op.inputs[1].shape[0] // op.attrs["rank"],)}
FLOAT: dict[str, Any] = {}
SAME: dict[str, Any] = {}  # kinds whose output has the input's scale
FIXED: dict[str, Any] = {}  # kind to the (scale, zero point) that the kernel prescribes
