"""What a model costs, layer by layer."""

from __future__ import annotations

from typing import Any

from host_tools import memory
from host_tools.describe import describe

NAMES = 21  # characters before the picture of the memory


def costs(file: bytes) -> dict[str, Any]:
    """Layers with multiply-accumulates, bytes in the file and RAM in use, and the totals.

    blocks: each tensor's shape, offset, size, and first and last op in the arena; picture(width): lines that draw them.
    Raises ValueError where the file is no .upm file this version reads.
    """
    model = describe(file)
    layers, blocks, scratch = [], memory.blocks(model), memory.scratch_bytes(model)
    for op, live, room in zip(model["ops"], memory.live_bytes(model, blocks), scratch):
        y = model["tensors"][op["outputs"][0]]
        layers.append(
            {
                "number": op["number"],
                "op": op["op"],
                "output": y["shape"],
                "macs": op["macs"],
                "coding": op["coding"],
                "file_bytes": op["constant_bytes"],
                "ram_live": live,
                "ram_top": op["top"],
                "ram_scratch": room,
                "fused": op["strip"] > 0,
                "in_place": op["order"] != "disjoint",
            }
        )
    return {
        "name": model["metadata"].get("name", ""),
        "version": model["metadata"].get("version", ""),
        "format_version": model["format_version"],
        "engine_version": model["engine_version"],
        "crc32": model["crc32"],
        "labels": model["metadata"].get("labels", "").split("\n") if model["metadata"].get("labels") else [],
        "inputs": _ends(model, "inputs"),
        "outputs": _ends(model, "outputs"),
        "file_bytes": model["file_size"],
        "arena_bytes": model["arena_size"],
        "state_bytes": model["state_size"],
        "constant_bytes": model["data_size"],
        "macs": sum(layer["macs"] for layer in layers),
        # As a build that leaves ops, or codings of weights, out names them.
        "ops": sorted({layer["op"].upper() for layer in layers})
        + sorted({layer["coding"].upper() for layer in layers} - {"", "INT8"}),
        "layers": layers,
        "blocks": [block | {"shape": model["tensors"][block["tensor"]]["shape"]} for block in blocks],
    }


def _ends(model: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The model's inputs or outputs: name, shape, dtype."""
    names = model["metadata"].get(key, "").split("\n")
    found = []
    for place, number in enumerate(model[key]):
        tensor = model["tensors"][number]
        name = names[place] if place < len(names) and names[place] else f"{key[:-1]}{place}"
        found.append({"name": name, "shape": tensor["shape"], "dtype": tensor["dtype"]})
    return found


def picture(file: bytes, width: int) -> list[str]:
    """The arena over the ops, in lines of at most `width` characters: a line for each op, bytes from left to right."""
    model = describe(file)
    lines = memory.picture(model, memory.blocks(model), memory.scratch_bytes(model), max(16, width - NAMES))
    size = f"{model['arena_size']:,} bytes of RAM"
    head = f"{'':{NAMES}}0{size:>{len(lines[0]) - 1}}"
    return [head] + [f"{op['number']:>3} {op['op'][:16]:<16} {line}" for op, line in zip(model["ops"], lines)]
