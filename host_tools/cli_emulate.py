"""`upyml emulate`: a Pico without a Pico, for everything that talks to a port."""

from __future__ import annotations

import time
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import BOARD_CODES, guarded


@click.command(epilog=BOARD_CODES)
@click.argument("board", default="pico")
@click.option(
    "--image",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The firmware, a UF2 file for the RP2040; by default the one built here.",
)
@click.option(
    "--flash",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of 2 MB that keeps the flash's content from start to start, made if it is not there; without it the "
    "content is forgotten at the end.",
)
@guarded
def emulate(board, image, flash):
    """Runs the firmware of BOARD (pico, pico-stock) in an emulator, and prints its serial port, until Ctrl-C.

    mpremote and the other commands of upyml work on that port as on a board at USB; only slower.
    """
    from host_tools import boards
    from host_tools.deploy import errors, flash_uf2
    from host_tools.deploy.flash import built_image
    from host_tools.emulators import EmulatorError, rp2040
    from host_tools.emulators.flash_file import FlashFileError

    chosen = board_named(board)
    if chosen.emulate.get("with") != "rp2040":
        offered = ", ".join(name for name, one in boards.all().items() if one.emulate.get("with") == "rp2040")
        raise ValueError(f"no emulator with a serial port for {board}: there is one for {offered}")
    image = image or built_image(chosen)
    flash_uf2.check(chosen, image.read_bytes())
    try:
        with rp2040.Pico(image, flash) as pico:
            click.echo(f"{chosen.title} at {pico.port}, until Ctrl-C")
            click.echo(f"in another terminal: upyml deploy MODEL.upm --port {pico.port}")
            while pico.running():
                time.sleep(0.2)
            raise errors.ConnectionLost(f"the emulator has stopped: {pico.why() or 'it gave no reason'}")
    except KeyboardInterrupt:
        click.echo("")
    except FlashFileError as error:
        raise click.UsageError(str(error)) from None
    except EmulatorError as error:
        raise errors.Missing(str(error)) from None
