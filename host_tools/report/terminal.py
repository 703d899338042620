"""The report for the terminal: tables of at most 80 columns where names and labels let them."""

from __future__ import annotations

from typing import Any

from host_tools import bench, memory
from host_tools.report import difference, fits, scores
from host_tools.report.layers import NAMES

_MOST_CLASSES = 10  # of a confusion matrix; of more the mistakes made most are listed


def show(numbers: dict[str, Any], console, drawn: list[str] = ()) -> None:
    """Prints the costs as a table, and the lines of picture() below it; then what gather() found besides."""
    from rich.markup import escape

    board = numbers.get("board") or {}
    run = board.get("count")
    columns = (
        ("", "right"),
        ("layer", "left"),
        ("output", "left"),
        ("MACs", "right"),
        ("flash", "right"),
        *(() if run else (("live RAM", "right"),)),  # 80 columns have no room for all of them
        ("scratch", "right"),
        *(((run["unit"], "right"), *((("ms", "right"),) if run["ms"] else ())) if run else ()),
    )
    table = _table(columns)
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
        console.print("\n".join(["", *drawn, f"{'':{NAMES}}{memory.LEGEND}", ""]), highlight=False, no_wrap=True)
    console.print(
        f"{escape(numbers['name']) or 'model'}: [bold]{numbers['macs']:,}[/] MACs a run, flash "
        f"[bold]{numbers['file_bytes']:,}[/] bytes, RAM "
        f"[bold]{numbers['arena_bytes']:,}[/] bytes (arena)"
    )
    console.print(f"An engine for it needs {', '.join(numbers['ops'])}.")
    if board:
        console.print(_room(numbers, board), highlight=False, soft_wrap=True)
    for line in _run(board) if board else ():
        console.print(escape(line), highlight=False, soft_wrap=True)
    if numbers.get("boards"):
        console.print(fits.sentence(numbers["boards"]), highlight=False, soft_wrap=True)
    if numbers.get("scores"):
        _scores(numbers["scores"], console)
    if numbers.get("difference"):
        _difference(numbers["difference"], console)


def _coding(layer: dict[str, Any]) -> str:
    return f" {layer['coding']}" if layer["coding"] in ("int4", "sparse") else ""


def _times(layer: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """The count of one of bench's layers, and milliseconds where they are known; a fused group's stand at its first."""
    n = layer[run["unit"]]
    cells = [f"with {layer['group']}" if n is None else f"{n:,}"]
    if run["ms"]:
        cells.append("" if n is None else f"{layer['ms']:.2f}")
    return cells


def _room(numbers: dict[str, Any], board: dict[str, Any]) -> str:
    return (
        f"{board['title']}: {'fits' if board['fits'] else '[bold]does not fit[/]'}, {numbers['file_bytes']:,} of "
        f"{board['flash_bytes']:,} bytes of flash, {numbers['arena_bytes']:,} of {board['ram_bytes']:,} of RAM, before "
        "what MicroPython takes"
    )


def _run(board: dict[str, Any]) -> list[str]:
    return bench.sentences(board["count"]) if board["count"] else [board["why_not"]]


def _table(columns):
    """columns: (title, side)."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, side in columns:
        table.add_column(title, justify=side, no_wrap=True)
    return table


def _scores(found: dict[str, Any], console) -> None:
    console.print()
    if found["kind"] == "classes":
        _classes(found, console)
        return
    from rich.markup import escape

    table = _table((("output", "left"), ("MAE", "right"), ("RMSE", "right"), ("R²", "right")))
    for one in found["outputs"]:
        table.add_row(escape(one["name"]), f"{one['mae']:.4g}", f"{one['rmse']:.4g}", "" if one["r2"] is None else f"{one['r2']:.4f}")
    console.print(table)
    console.print(
        f"mean absolute error [bold]{found['mae']:.4g}[/], root mean square error [bold]{found['rmse']:.4g}[/] over "
        f"{found['samples']:,} samples",
        highlight=False,
    )


def _classes(found: dict[str, Any], console) -> None:
    from rich.markup import escape

    labels, few = found["labels"], len(found["labels"]) <= _MOST_CLASSES
    titles = [(str(i), "right") for i in range(len(labels))] if few else []
    table = _table((("", "right"), ("true \\ answer", "left"), *titles, ("precision", "right"), ("recall", "right")))
    shown = found["per_class"] if few else sorted(
        (row for row in found["per_class"] if row["samples"]), key=lambda row: (row["recall"], row["label"])
    )[:_MOST_CLASSES]  # fmt: skip
    for row in shown:
        i = found["per_class"].index(row)
        cells = [_cell(n, i == j, row["samples"]) for j, n in enumerate(found["matrix"][i])] if few else []
        table.add_row(str(i), escape(row["label"]), *cells, _percent(row["precision"]), _percent(row["recall"]))
    console.print(table)
    if not few:
        console.print(f"the {len(shown)} of {len(labels)} classes with the least recall", highlight=False)
    for true, answer, count in [] if few else scores.confusions(found, 5):
        console.print(escape(f"{true} taken for {answer}: {count:,}"), highlight=False, soft_wrap=True)
    accuracy = f"[bold]{_percent(found['accuracy'])}[/] of {found['samples']:,} samples get the right class"
    console.print(accuracy, highlight=False)


def _cell(count: int, right: bool, whole: int) -> str:
    """The number on a ground that tells its part of the row."""
    if not count:
        return "[dim]·[/]"
    strength = int(90 * count / whole) + 40
    colour = f"rgb(0,{strength},0)" if right else f"rgb({strength + 60},20,0)"
    return f"[white on {colour}]{count:,}[/]"


def _percent(part: float | None) -> str:
    return "" if part is None else f"{100 * part:.1f} %"


def _difference(found: dict[str, Any], console) -> None:
    from rich.markup import escape

    console.print()
    if found["layers"]:
        table = _table((("", "right"), ("layer", "left"), ("of the float model", "left"), ("dB", "right"), ("loses", "right")))
        for row in found["layers"]:
            db = "" if row["sqnr"] is None else "equal" if row["sqnr"] == difference.EXACT else f"{row['sqnr']:.1f}"
            worst = row["number"] in found["worst"]
            name = row["counterpart"] or "none is near"
            table.add_row(
                str(row["number"]), row["op"], escape(name[:36]) + (" *" if row["scaled"] else ""),
                f"[bold red]{db}[/]" if worst else db, difference.loss(row),
            )  # fmt: skip
        console.print(table)
        if any(row["scaled"] for row in found["layers"]):
            console.print("* without the factors that the converter gave its channels", highlight=False)
    else:
        console.print(found["why_no_layers"], highlight=False, soft_wrap=True)
    same = "" if found["agree"] is None else f", the same class for [bold]{_percent(found['agree'])}[/]"
    its = "" if found["accuracy"] is None else f" (float accuracy {_percent(found['accuracy'])})"
    db = "equal to" if found["sqnr"] is None else f"[bold]{found['sqnr']:.1f} dB[/] signal to quantization noise against"
    console.print(
        f"{db} {escape(found['name'])} on {found['samples']:,} samples{same}{its}", highlight=False, soft_wrap=True
    )
