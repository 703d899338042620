"""`upyml new`: a project that works, to be changed."""

from __future__ import annotations

from pathlib import Path

import click

from host_tools import new_project
from host_tools.cli_errors import CODES, guarded

_KINDS = "\b\nKinds:\n" + "".join(f"  {kind:9}{text}\n" for kind, text in new_project.KINDS.items()) + "\n"


@click.command(epilog=_KINDS + CODES)
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--kind", required=True, metavar="KIND", help=f"{', '.join(new_project.KINDS)}.")
@guarded
def new(name, kind):
    """Makes a folder NAME with a project that works as it is, on sample data.

    In it: train.py (Keras) and main.py (for the board, and for this computer), a model that train.py made, a recording of a
    sensor that main.py plays where that is, data with a card that says what they are, and a README.md with wiring and commands.
    """
    files = new_project.create(name, kind)
    click.echo(f"{name}: {', '.join(files)}")
    click.echo(f"next: cd {name}; python main.py   (plays the recording; README.md tells how to go on)")
