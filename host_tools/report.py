"""What a model costs, layer by layer, for the terminal."""

from __future__ import annotations

from typing import Any

from host_tools.describe import describe, live_bytes

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDTH = 24  # of a bar, in characters


def costs(file: bytes) -> dict[str, Any]:
    """Layers with multiply-accumulates, bytes in the file and RAM in use, and the totals.

    Raises ValueError where the file is no .upm file this version reads.
    """
    model = describe(file)
    layers = []
    for op, live in zip(model["ops"], live_bytes(model)):
        y = model["tensors"][op["outputs"][0]]
        layers.append(
            {
                "number": op["number"],
                "op": op["op"],
                "output": y["shape"],
                "macs": op["macs"],
                "file_bytes": op["constant_bytes"],
                "ram_live": live,
                "ram_top": op["top"],
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
        "layers": layers,
    }


def bar(part: float, width: int = _WIDTH) -> str:
    """A horizontal bar for a part in [0, 1], in eighths of a character."""
    eighths = round(min(max(part, 0.0), 1.0) * width * 8)
    return _EIGHTHS[8] * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def show(numbers: dict[str, Any], console) -> None:
    """Prints the costs as a table with a bar of RAM over the layers."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, side in (
        ("", "right"),
        ("layer", "left"),
        ("output", "left"),
        ("MACs", "right"),
        ("flash", "right"),
        ("RAM", "right"),
        ("", "left"),
    ):
        table.add_column(title, justify=side, no_wrap=True)
    arena = max(numbers["arena_bytes"], 1)
    width = max(8, min(_WIDTH, console.width - 64))
    for layer in numbers["layers"]:
        table.add_row(
            str(layer["number"]),
            layer["op"] + (" (in place)" if layer["in_place"] else ""),
            "x".join(map(str, layer["output"])),
            f"{layer['macs']:,}" if layer["macs"] else "",
            f"{layer['file_bytes']:,}" if layer["file_bytes"] else "",
            f"{layer['ram_live']:,}",
            bar(layer["ram_live"] / arena, width),
        )
    console.print(table)
    console.print(
        f"{numbers['name'] or 'model'}: [bold]{numbers['macs']:,}[/] MACs a run, flash "
        f"[bold]{numbers['file_bytes']:,}[/] bytes, RAM "
        f"[bold]{numbers['arena_bytes']:,}[/] bytes (arena)"
    )
