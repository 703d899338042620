"""`upyml boards` and `upyml deploy`: their options, and what they print."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from host_tools.cli_errors import BOARD_CODES, guarded

_FILE = click.Path(path_type=Path)
_PORT = "The board's port: /dev/ttyACM0, COM3, a pseudo-terminal, socket://HOST:PORT"


@click.command(epilog=BOARD_CODES)
@click.option("-p", "--port", multiple=True, help=f"{_PORT}; by default every USB port, and those in UPYML_PORTS.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@guarded
def boards(port, as_json):
    """Lists the boards at serial ports: firmware, architecture, free flash and RAM, and the upyml that is there.

    Each board's program is interrupted, and started again afterwards.
    """
    from host_tools.deploy import find

    rows = [_ask(one) for one in port or [found.device for found in find.ports()]]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
    elif not rows:
        find.choose(None)  # says what to do
    else:
        for row in rows:
            click.echo(_line(row))
    sys.exit(0 if any("error" not in row for row in rows) or as_json else 1)


def _ask(port: str) -> dict:
    from host_tools.deploy import errors, facts
    from host_tools.deploy.connection import connect

    try:
        with connect(port) as board:
            told = facts.ask(board)
            has = facts.room(board, told)  # before the imports of the next line take RAM
            told = facts.installed(board, told)
    except errors.DeployError as error:
        return {"port": port, "error": str(error)}
    return {
        "port": port,
        "firmware": told.firmware,
        "machine": told.machine,
        "board": told.board,
        "arch": told.arch,
        "mpy": ".".join(map(str, told.mpy_version)),
        "flash_free": has.free,
        "romfs": has.romfs,
        "ram_free": has.heap_free,
        "upyml": told.upyml,
    }


def _line(row: dict) -> str:
    if "error" in row:
        return f"{row['port']}: {row['error'].removeprefix(row['port'] + ': ')}"
    native = f", native modules {row['arch']} {row['mpy']}" if row["arch"] else ", no native modules"
    flash = "no file system" if row["flash_free"] is None else f"{row['flash_free']:,} bytes of flash free"
    rom = f", ROMFS of {row['romfs']:,}" if row["romfs"] else ""
    known = f" ({row['board']})" if row["board"] else ""
    return (
        f"{row['port']}: {row['machine']}{known}, {row['firmware']}{native}; {flash}{rom}, {row['ram_free']:,} bytes "
        f"of RAM free; upyml: {row['upyml']}"
    )


@click.command(epilog=BOARD_CODES)
@click.argument("model", type=_FILE)
@click.option("-p", "--port", help=f"{_PORT}; by default the only USB port with a board.")
@click.option("--to", metavar="FOLDER", help="The board's folder for the model, made if need be; by default /.")
@click.option("--romfs", is_flag=True, help="Put the model into ROMFS, from where it runs without a copy in RAM.")
@click.option(
    "--main",
    type=_FILE,
    help="A file to put onto the board as its main.py (CircuitPython: code.py), with the drivers of upyml.sensors it imports.",
)
@click.option("--python", is_flag=True, help="Take the engine in Python where no native module fits: much slower.")
@click.option("--test", is_flag=True, help="Run the self test also where nothing changed since it passed there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@guarded
def deploy(model, port, to, romfs, main, python, test, as_json):
    """Brings MODEL (.upm) onto a board, with the upyml it needs, and tests it there.

    Only what differs is copied: under temporary names, verified on the board, and renamed last. The model's self test
    runs on the board, and is timed there.
    """
    from host_tools.cli_progress import Bar
    from host_tools.deploy import find, install

    with Bar("copying", as_json) as step:
        done = install.deploy(find.choose(port), install.Wish(model, to, romfs, main, python, test), step)
    _tell(done, as_json)
    sys.exit(0 if done.tried.selftest is True else 1)


def _tell(done, as_json: bool) -> None:
    tried = done.tried
    if as_json:
        told = {
            "machine": done.board.machine,
            "firmware": done.board.firmware,
            "arch": done.board.arch,
            "upyml": done.needs.how,
            "path": done.path,
            "file_bytes": done.file_bytes,
            "copied": done.copied,
            "copied_bytes": done.copied_bytes,
            "in_romfs": done.in_romfs,
            "emulated": done.emulated,
            "tried_before": done.tried_before,
        }
        click.echo(json.dumps(told | vars(tried)))
        return
    click.echo(f"{done.board.machine}, {done.board.firmware}{', ' + done.board.arch if done.board.arch else ''}")
    click.echo(f"upyml: {done.needs.how}")
    if done.copied:
        plural = "files" if len(done.copied) > 1 else "file"
        click.echo(f"copied: {len(done.copied)} {plural}, {done.copied_bytes:,} bytes, verified on the board")
    else:
        click.echo("copied: nothing, all of it is there already")
    click.echo(f"{done.path}: {done.file_bytes:,} bytes of flash{', run from there' if done.in_romfs else ''}")
    click.echo(
        f"RAM: {tried.heap_used:,} bytes in use with the model loaded, {tried.heap_free:,} free (upyml "
        f"{tried.heap_import:,}, loading the model {tried.heap_load:,}, of which its arena {tried.arena:,})"
    )
    where = " by its clock (a pseudo-terminal or socket: probably an emulated board)" if done.emulated else ""
    passed = "passed" + (" when this was deployed (--test repeats it)" if done.tried_before else "")
    click.echo(f"selftest {passed if tried.selftest is True else tried.selftest}, {tried.ms:.3g} ms a run{where}")
