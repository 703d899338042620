"""A note on the board of the last trial that passed, and of what was tried: the same need not be tried again.

Its key is a digest of the firmware's own description and of every file that the trial ran; a deployment compares those
files byte by byte first, so a note that fits tells what a new trial would.
"""

from __future__ import annotations

import ast
import hashlib
from dataclasses import asdict

from host_tools.deploy import errors
from host_tools.deploy.connection import Connection
from host_tools.deploy.facts import Facts
from host_tools.deploy.trial import Trial

NAME = "upyml.tested"  # beside /lib/upyml

_READ = """
try:
    with open({path!r}) as f:
        print(repr(f.read()))
except OSError:
    print(None)
"""


def key(told: Facts, path: str, content: bytes, files: dict[str, bytes]) -> str:
    """What is tried: the model at a path, with these files, by this firmware."""
    parts = [(name, hashlib.sha256(file).hexdigest()) for name, file in sorted((files | {path: content}).items())]
    return hashlib.sha256(repr((told.build, told.machine, path, parts)).encode()).hexdigest()


def read(board: Connection, told: Facts, wanted: str) -> Trial | None:
    """The trial that the board's note tells of, where its key is the wanted one."""
    try:
        found, trial = ast.literal_eval(board.ask(_READ.format(path=told.lib + "/" + NAME)) or "")
        return Trial(**trial) if found == wanted else None
    except (ValueError, SyntaxError, TypeError):
        return None


def write(board: Connection, told: Facts, wanted: str, trial: Trial) -> None:
    """Leaves the note. A board that cannot be written to has none, and is tried every time."""
    text = repr((wanted, asdict(trial)))
    path = told.lib + "/" + NAME
    script = f"import os\ntry:\n    os.mkdir({told.lib!r})\nexcept OSError:\n    pass\nwith open({path!r}, 'w') as f:\n"
    try:
        board.run(f"{script}    f.write({text!r})", doing="its self test had passed, and a note of it was written")
    except errors.BoardFailed:
        pass
