"""The board that a command is given by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from host_tools.boards import Board


def board_named(name: str) -> Board:
    """The board. Raises click.UsageError, which ends with the exit code of wrong use, where there is none."""
    from host_tools import boards

    try:
        return boards.get(name)
    except boards.UnknownBoard as error:
        raise click.UsageError(str(error)) from None
