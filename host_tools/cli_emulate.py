"""`upyml emulate`: a Pico without a Pico, for everything that talks to a port."""

from __future__ import annotations

import time
from pathlib import Path

import click

from host_tools.cli_errors import BOARD_CODES, guarded


@click.command(epilog=BOARD_CODES)
@click.argument("board", default="pico")
@click.option(
    "--flash",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that keeps the flash's content from start to start; without it the content is forgotten at the end.",
)
@guarded
def emulate(board, flash):
    """Runs the firmware of BOARD (pico, pico-stock) in an emulator, and prints its serial port, until Ctrl-C.

    mpremote and the other commands of upyml work on that port as on a board at USB; only slower.
    """
    from host_tools import boards
    from host_tools.deploy import errors
    from host_tools.emulators import EmulatorError, rp2040

    chosen = boards.get(board)
    if chosen.emulate.get("with") != "rp2040":
        offered = ", ".join(name for name, one in boards.all().items() if one.emulate.get("with") == "rp2040")
        raise ValueError(f"no emulator with a serial port for {board}: there is one for {offered}")
    if not chosen.image.exists():
        raise errors.Missing(f"the firmware {chosen.image} is not built: make boards")
    try:
        with rp2040.Pico(chosen.image, flash) as pico:
            click.echo(f"{chosen.title} at {pico.port}, until Ctrl-C")
            click.echo(f"in another terminal: upyml deploy MODEL.upm --port {pico.port}")
            while pico.running():
                time.sleep(0.2)
            raise errors.ConnectionLost("the emulator has stopped")
    except KeyboardInterrupt:
        click.echo("")
    except EmulatorError as error:
        raise errors.Missing(str(error)) from None
