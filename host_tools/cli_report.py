"""`upyml report`: what a model costs, whether it fits, and how good it is; in the terminal, or as one HTML file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import CODES, guarded
from host_tools.cli_progress import Bar

_FILE = click.Path(path_type=Path)
_DEFAULT_BOARD = "pico"  # of an HTML report, which always has one


@click.command(epilog=CODES)
@click.argument("model", type=_FILE)
@click.option(
    "--board",
    metavar="NAME",
    help="Also whether it fits there, and what each layer takes; an HTML report is for pico by default.",
)
@click.option("--html", type=_FILE, metavar="FILE", help="Write one HTML file, with pictures, that needs nothing else.")
@click.option(
    "-d",
    "--data",
    type=_FILE,
    help="Samples, and what is right for them: .npz with x and y (or x_test, y_test): accuracy or errors.",
)
@click.option(
    "--float",
    "float_model",
    type=_FILE,
    metavar="FILE",
    help="The .keras, .h5 or .tflite model that MODEL was made from: how far each layer is from it on the data.",
)
@click.option("--no-count", is_flag=True, help="Leave out what a run takes on the board, which an emulator counts.")
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON.")
@guarded
def report(model, board, html, data, float_model, no_count, as_json):
    """Shows what MODEL (.upm) costs: multiply-accumulates, flash and RAM, layer by layer; with samples how good it is."""
    from host_tools.pages import page
    from host_tools.report import gather, layers, terminal
    from host_tools.whole_files import check_writable, write_atomically

    if float_model and not data:
        raise click.UsageError("--float needs --data, the samples on which both models are run")
    chosen = board_named(board or _DEFAULT_BOARD) if board or html else None
    file = model.read_bytes()
    if html:
        page.require()
        check_writable(html)
    numbers = gather.gather(file, chosen, data, float_model, not no_count, lambda title: Bar(title, as_json))
    if html:
        from host_tools.report.html import page as whole

        write_atomically(html, whole(numbers).encode())
    if as_json:
        click.echo(json.dumps(numbers, indent=1))
    elif html:
        click.echo(f"wrote {html}")
    else:
        from rich.console import Console

        console = Console()
        terminal.show(numbers, console, layers.picture(file, min(console.width, 100)))
