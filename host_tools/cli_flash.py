"""`upyml flash`: firmware onto a board."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import BOARD_CODES, guarded
from host_tools.cli_progress import Bar


@click.command(epilog=BOARD_CODES)
@click.option("--board", required=True, metavar="NAME", help="What it is: pico, pico2, esp32, esp32-s3 ...")
@click.option("--image", type=click.Path(path_type=Path), help="The firmware's file; by default the one built here.")
@click.option("--drive", type=click.Path(path_type=Path), help="The boot drive's folder; by default the only one.")
@click.option("--port", help="The serial port of an ESP32; by default the only one.")
@click.option("--baud", type=click.IntRange(min=9600), default=460_800, show_default=True, help="Of the serial port.")
@click.option("--erase", is_flag=True, help="Erase all of the flash: files kept on the board go, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@guarded
def flash(board, image, drive, port, baud, erase, as_json):
    """Writes firmware to a board.

    A Pico takes it through its boot drive: hold BOOTSEL while you plug it in. An ESP32 takes it through its serial
    port. Firmware for another chip, a damaged file, or one that does not fit is refused before anything is written.
    """
    from host_tools.deploy import flash as flashing

    chosen = board_named(board)
    with Bar("flashing", as_json) as step:
        done = flashing.flash(chosen, image, drive=drive, port=port, baud=baud, erase=erase, progress=step)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
        return
    click.echo(f"{done.image}: {done.size:,} bytes on {done.place}; {done.verified}")
