"""What a model costs, layer by layer, for the terminal."""

from __future__ import annotations

from typing import Any

from host_tools import bench, memory
from host_tools.describe import describe

_NAMES = 21  # characters before the picture of the memory


def costs(file: bytes) -> dict[str, Any]:
    """Layers with multiply-accumulates, bytes in the file and RAM in use, and the totals.

    blocks: each tensor's offset, size, and first and last op in the arena; picture(width): lines that draw them.
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
        "file_bytes": model["file_size"],
        "arena_bytes": model["arena_size"],
        "state_bytes": model["state_size"],
        "constant_bytes": model["data_size"],
        "macs": sum(layer["macs"] for layer in layers),
        # As a build that leaves ops, or codings of weights, out names them.
        "ops": sorted({layer["op"].upper() for layer in layers})
        + sorted({layer["coding"].upper() for layer in layers} - {"", "INT8"}),
        "layers": layers,
        "blocks": blocks,
    }


def picture(file: bytes, width: int) -> list[str]:
    """The arena over the ops, in lines of at most `width` characters: a line for each op, bytes from left to right."""
    model = describe(file)
    lines = memory.picture(model, memory.blocks(model), memory.scratch_bytes(model), max(16, width - _NAMES))
    size = f"{model['arena_size']:,} bytes of RAM"
    head = f"{'':{_NAMES}}0{size:>{len(lines[0]) - 1}}"
    return [head] + [f"{op['number']:>3} {op['op'][:16]:<16} {line}" for op, line in zip(model["ops"], lines)]


def show(numbers: dict[str, Any], console, drawn: list[str] = ()) -> None:
    """Prints the costs as a table, and the lines of picture() below it; what a run takes if there is a `board`."""
    from rich.table import Table

    board = numbers.get("board") or {}
    run = board.get("count")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, side in (
        ("", "right"),
        ("layer", "left"),
        ("output", "left"),
        ("MACs", "right"),
        ("flash", "right"),
        *(() if run else (("live RAM", "right"),)),  # 80 columns have no room for all of them
        ("scratch", "right"),
        *(((run["unit"], "right"), *((("ms", "right"),) if run["ms"] else ())) if run else ()),
    ):
        table.add_column(title, justify=side, no_wrap=True)
    for layer in numbers["layers"]:
        table.add_row(
            str(layer["number"]),
            layer["op"] + _coding(layer) + ("" if run else " (fused)" if layer["fused"] else " (in place)" if layer["in_place"] else ""),
            "x".join(map(str, layer["output"])),
            f"{layer['macs']:,}" if layer["macs"] else "",
            f"{layer['file_bytes']:,}" if layer["file_bytes"] else "",
            *(() if run else (f"{layer['ram_live']:,}",)),
            f"{layer['ram_scratch']:,}" if layer["ram_scratch"] else "",
            *(_times(run["layers"][layer["number"]], run) if run else ()),
        )
    console.print(table)
    if drawn:
        console.print("\n".join(["", *drawn, f"{'':{_NAMES}}{memory.LEGEND}", ""]), highlight=False, no_wrap=True)
    console.print(
        f"{numbers['name'] or 'model'}: [bold]{numbers['macs']:,}[/] MACs a run, flash "
        f"[bold]{numbers['file_bytes']:,}[/] bytes, RAM "
        f"[bold]{numbers['arena_bytes']:,}[/] bytes (arena)"
    )
    console.print(f"An engine for it needs {', '.join(numbers['ops'])}.")
    for line in _on_board(numbers, board) if board else ():
        console.print(line, highlight=False, soft_wrap=True)


def _coding(layer: dict[str, Any]) -> str:
    return f" {layer['coding']}" if layer["coding"] in ("int4", "sparse") else ""


def _times(layer: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """The count of one of bench's layers, and milliseconds where they are known; a fused group's stand at its first."""
    n = layer[run["unit"]]
    cells = [f"with {layer['group']}" if n is None else f"{n:,}"]
    if run["ms"]:
        cells.append("" if n is None else f"{layer['ms']:.2f}")
    return cells


def _on_board(numbers: dict[str, Any], board: dict[str, Any]) -> list[str]:
    room = (
        f"{board['title']}: {'fits' if board['fits'] else '[bold]does not fit[/]'}, {numbers['file_bytes']:,} of "
        f"{board['flash_bytes']:,} bytes of flash, {numbers['arena_bytes']:,} of {board['ram_bytes']:,} of RAM, before "
        "what MicroPython takes"
    )
    return [room, *(bench.sentences(board["count"]) if board["count"] else [board["why_not"]])]
