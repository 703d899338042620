"""`upyml bench`: how long a run of a model takes, layer by layer."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import BOARD_CODES, guarded
from host_tools.cli_progress import Bar


@click.command(epilog=BOARD_CODES)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--board",
    default="pico",
    show_default=True,
    metavar="NAME",
    help="A board whose cycles (pico) or instructions (pico2, esp32-c3, cortex-m7 ...) are counted in an emulator, or host: "
    "this computer, measured by its clock.",
)
@click.option("--layers", is_flag=True, help="Each layer, too.")
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON.")
@guarded
def bench(model, board, layers, as_json):
    """Tells how long a run of MODEL (.upm) takes on a board, what energy, and where the time goes.

    An emulated processor runs the model, and its outputs are compared with those of the engine here. A Cortex-M0+'s cycles
    are counted, of other processors the instructions. Memory answers at once in the count; what reading weights from the
    Pico's flash adds is estimated, and said apart.
    """
    from host_tools import bench as benching
    from host_tools.deploy import errors
    from host_tools.emulators import EmulatorError

    file = model.read_bytes()
    if board == benching.HOST:
        with Bar("measuring", as_json) as step:
            numbers = benching.measure(file, step)
    else:
        chosen = board_named(board)
        try:
            benching.require_counter(chosen)
            with Bar("counting", as_json) as step:
                numbers = benching.count(file, chosen, step)
        except benching.NoCounter as error:
            raise click.UsageError(str(error)) from None
        except EmulatorError as error:
            raise errors.Missing(str(error)) from None
    if as_json:
        click.echo(json.dumps(numbers, indent=1))
        return
    from rich.console import Console

    console = Console()
    if layers:
        console.print(_table(numbers))
        console.print()
    for line in _summary(numbers):
        console.print(line, highlight=False, soft_wrap=True)


def _table(numbers):
    from rich.table import Table

    unit = numbers.get("unit")
    timed = unit and numbers["ms"]
    table = Table(box=None, header_style="bold", pad_edge=False)
    counted = [unit, "a MAC", *(["ms"] if timed else [])] if unit else ["us"]
    columns = ["", "layer", "output", "MACs", *counted, "bytes moved"]
    for title in columns:
        table.add_column(title, justify="left" if title in ("layer", "output") else "right", no_wrap=True)
    for layer in numbers["layers"]:
        together = layer["group"] != layer["number"]
        if not unit:
            times = [f"{layer['us']:.1f}"]
        elif together:
            times = [f"with {layer['group']}", "", ""]
        else:
            times = [f"{layer[unit]:,}", _digits(layer[f"{unit}_per_mac"]), f"{layer['ms']:.2f}" if timed else ""]
        if unit and not timed:
            times.pop()
        table.add_row(
            str(layer["number"]),
            layer["op"],
            "x".join(map(str, layer["output"])),
            f"{layer['macs']:,}" if layer["macs"] else "",
            *times,
            f"{layer['bytes_moved']:,}",
        )
    return table


def _summary(n: dict) -> list[str]:
    from host_tools.bench import sentences

    moves = (
        f"{n['macs']:,} MACs; moves {n['bytes_moved']:,} bytes: weights {n['weight_bytes']:,}, inputs "
        f"{n['input_bytes']:,}, outputs {n['output_bytes']:,}"
    )
    return [*sentences(n), moves, f"flash {n['file_bytes']:,} bytes, RAM {n['arena_bytes']:,} bytes (arena)"]


def _digits(x: float | None) -> str:
    return "" if x is None else f"{x:.2f}"
