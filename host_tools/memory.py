"""The arena over the ops of a .upm file: which tensor lies where and how long, and each op's scratch."""

from __future__ import annotations

import math
from typing import Any

from host_tools.graph import Tensor
from host_tools.planner.strips import Strips
from host_tools.program import Step
from upyml.format import layout

_MADE, _KEPT, _SCRATCH, _FREE = "█▓░·"
LEGEND = f"{_MADE} made   {_KEPT} read or kept   {_SCRATCH} scratch   {_FREE} free"


def blocks(model: dict[str, Any]) -> list[dict[str, int]]:
    """Each tensor's place and life: bytes from the arena's start, first and last op.

    The first op makes the tensor (-1: an input of the model), the last one reads it (the number of ops: an output of
    the model). model: of describe(). Equal tensors at one place share a record of the file, not a block.
    """
    tensors, made = model["tensors"], []
    current: dict[int, dict[str, int]] = {}

    def begin(number: int, first: int) -> None:
        tensor = tensors[number]
        if tensor["kind"] == "arena":
            place = {"tensor": number, "offset": tensor["offset"], "size": tensor["bytes"]}
            made.append(place | {"first": first, "last": first})
            current[number] = made[-1]

    for number in model["inputs"]:
        begin(number, -1)
    groups_end, place = 0, 0
    for place, op in enumerate(model["ops"]):
        groups_end = max(groups_end, place + op.get("fused", 0) - 1)
        for number in op["inputs"]:
            if number in current:
                current[number]["last"] = max(place, groups_end)
        for number in op["outputs"]:
            begin(number, place)
            if number in current:  # not in a state
                current[number]["last"] = max(place, groups_end)
    for number in model["outputs"]:
        if number in current:
            current[number]["last"] = len(model["ops"])
    return made


def live_bytes(model: dict[str, Any], found: list[dict[str, int]]) -> list[int]:
    """Bytes of activations live during each op; those that tensors share count once. found: of blocks()."""
    out = []
    for number in range(len(model["ops"])):
        spans = sorted((b["offset"], b["offset"] + b["size"]) for b in found if b["first"] <= number <= b["last"])
        covered, at = 0, 0
        for start, stop in spans:
            covered += max(0, stop - max(start, at))
            at = max(at, stop)
        out.append(covered)
    return out


def scratch_bytes(model: dict[str, Any]) -> list[int]:
    """Bytes of scratch each op takes on a Cortex-M0+ when it has the arena the plan was made for."""
    out = []
    for op in model["ops"]:
        step = _step(model, op)
        room = max(0, model["arena_size"] - model["state_size"] - (op["top"] + 3) // 4 * 4)
        strips, order = Strips(step), layout.ORDERS.index(op["order"].upper())
        rings = _rings(model, op) if op["strip"] else None
        best = strips.best(order, room, rings, op["strip"] or None)
        out.append(strips.size(order, best[0], rings) if best else room)
    return out


def _rings(model: dict[str, Any], op: dict[str, Any]) -> tuple[int, int]:
    """Rows of input and output that an op of a fused group has room for."""
    x, y = (model["tensors"][numbers[0]] for numbers in (op["inputs"], op["outputs"]))
    return x["ring_rows"] or x["shape"][0], y["ring_rows"] or y["shape"][0]


def _step(model: dict[str, Any], op: dict[str, Any]) -> Step:
    inputs, outputs = (
        [Tensor("", tuple(model["tensors"][i]["shape"]), model["tensors"][i]["dtype"]) for i in numbers]
        for numbers in (op["inputs"], op["outputs"])
    )
    opcode = layout.opcode(op["op"].upper())
    return Step(opcode, inputs, outputs, op["params"])


def picture(model: dict[str, Any], found: list[dict[str, int]], scratch: list[int], width: int) -> list[str]:
    """A line for each op, the arena's bytes from left to right in `width` characters."""
    size = max(1, model["arena_size"] - model["state_size"])

    def cells(start: int, stop: int) -> range:
        return range(start * width // size, min(width, max(math.ceil(stop * width / size), start * width // size + 1)))

    lines = []
    for number, op in enumerate(model["ops"]):
        line = [_FREE] * width
        top = (op["top"] + 3) // 4 * 4
        spans = [(_SCRATCH, top, top + scratch[number])] if scratch[number] else []
        live = [b for b in found if b["first"] <= number <= b["last"]]
        spans += [(_KEPT, b["offset"], b["offset"] + b["size"]) for b in live if b["first"] < number]
        spans += [(_MADE, b["offset"], b["offset"] + b["size"]) for b in live if b["first"] == number]
        for mark, start, stop in spans:
            for cell in cells(start, stop):
                line[cell] = mark
        lines.append("".join(line))
    return lines
