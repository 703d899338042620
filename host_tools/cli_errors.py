"""What the commands answer when something is wrong: one line on standard error, and an exit code."""

from __future__ import annotations

import functools
import sys

import click

from host_tools.deploy import errors

USER_ERROR, MODEL_ERROR, FAULT = 2, 3, 70

CODES = """\b
Exit codes:
  0   done
  1   a check did not pass
  2   wrong use: an option, or a file that cannot be opened
  3   a model, or data, that cannot be used; the message says why
  70  a fault of upyml itself: please report it
"""
# Of the commands that work on boards, in the order of the codes.
BOARD_CODES = CODES.replace("  70  ", "".join(f"  {error.code}  {error.meaning}\n" for error in errors.ALL) + "  70  ")


def guarded(command):
    """A user's mistake becomes one line and an exit code; a fault of ours says so."""

    @functools.wraps(command)
    def run(*args, **kwargs):
        from host_tools.errors import ConversionError

        try:
            return command(*args, **kwargs)
        except errors.DeployError as error:
            _stop(str(error), error.code)
        except (ConversionError, ValueError) as error:  # ModelError is a ValueError
            _stop(str(error), MODEL_ERROR)
        except MemoryError as error:
            _stop(str(error) or "not enough memory", MODEL_ERROR)
        except BrokenPipeError:
            raise  # of `| head`: click ends quietly
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            _stop(f"{error.strerror or (error.args[-1] if error.args else error)}{where}", USER_ERROR)
        except AssertionError as error:
            _stop(f"a fault in upyml, please report it with the model: {error}", FAULT)

    return run


def _stop(message: str, code: int) -> None:
    click.echo(f"upyml: {message}", err=True)
    sys.exit(code)
