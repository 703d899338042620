"""A model onto a board: what is needed is planned, counted, copied where it differs, and tried there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import upyml
from host_tools import compare, report
from host_tools.deploy import bundle, drivers, errors, facts, plan, romfs_device, room, stamp, transfer, trial
from host_tools.deploy.connection import Connection, connect
from host_tools.deploy.upload import Upload
from upyml.format import decode, layout

OBJECTS = 16 * 1024  # bytes of heap that loading a model may take beside its arena, with what it imports


@dataclass(frozen=True)
class Deployed:
    """What was done. copied: paths on the board; copied_bytes: sent for them; in_romfs: the model runs from there.

    tried: the trial, of now or (tried_before) of an earlier deployment of the same to the same.
    """

    board: facts.Facts
    needs: plan.Plan
    path: str
    file_bytes: int
    copied: list[str]
    copied_bytes: int
    in_romfs: bool
    emulated: bool
    tried: trial.Trial
    tried_before: bool


@dataclass(frozen=True)
class Wish:
    """What is wanted on a board.

    model: the file; to: the folder for it, by default the file system's root (with romfs: ROMFS's). main: a file to put
    there as the program that the board starts, with the drivers of upyml.sensors that it imports. python: take the engine in Python where none in C fits. again: run the
    trial also where nothing changed since it passed.
    """

    model: Path
    to: str | None = None
    romfs: bool = False
    main: Path | None = None
    python: bool = False
    again: bool = False


def deploy(port: str, wish: Wish, progress: Callable[[int, int], None] = lambda done, total: None) -> Deployed:
    """Brings a model, and the upyml that it needs, onto the board at a port, and tries it there.

    progress: called with bytes sent and bytes to send. Raises errors.DeployError, OSError, ValueError (no model, or one
    that this version refuses).
    """
    if "|" in wish.model.name + (wish.to or ""):
        raise ValueError(f"{wish.model.name}: a file on a board cannot have | in its path")
    content = wish.model.read_bytes()
    arena = report.costs(content)["arena_bytes"]
    upyml.load(content, compare.best_engine())  # checks every byte
    program = wish.main.read_bytes() if wish.main else None
    brought = drivers.files(program, wish.main.name) if wish.main else {}
    with connect(port) as board:
        told = facts.ask(board)
        path = _place(told, wish)
        own = {} if wish.romfs else {path: content}
        if program is not None:
            own[told.root + ("code.py" if told.name == "circuitpython" else "main.py")] = program
        needs, found = _look(board, told, wish, content, own, brought)
        files = needs.files | own
        copied, sent = [], 0
        if found.changed or found.stale or wish.romfs:
            has = facts.room(board, told)
            room.check_ram(has, needs, arena, 0 if wish.romfs else len(content))
            room.check_flash(has, files, found)
            image = romfs_device.prepare(board, told, has, path, content) if wish.romfs else None
            copied, sent = _copy(board, has, files, found, image, progress)
            copied += [path] * (image is not None)
        key = stamp.key(told, path, content, needs.files)
        tried = None if copied or wish.again else stamp.read(board, told, key)
        before = tried is not None
        if tried is None:
            if copied:
                board.reset()
            tried = trial.run(board, path)
            if wish.romfs and tried.heap_load - tried.arena > max(len(content), OBJECTS):
                raise errors.BoardFailed(
                    f"{path} does not run in place: loading it took {tried.heap_load:,} bytes of RAM, its arena is "
                    f"{arena:,}"
                )
            if tried.selftest is True:
                stamp.write(board, told, key, tried)
        return Deployed(told, needs, path, len(content), copied, sent, wish.romfs, board.emulated, tried, before)


def _look(
    board: Connection,
    told: facts.Facts,
    wish: Wish,
    content: bytes,
    own: dict[str, bytes],
    brought: dict[str, bytes],
):
    """The plan, drivers that are brought along included, and what of its files and of `own` is on the board: (plan.Plan,
    transfer.Look).

    The lightest native module that runs the model will do, but a heavier one stays where it is: another model may need it.
    """
    version = decode.header(content)["engine_version"]
    needs = plan.plan(told, wish.python, version, brought)
    found = transfer.look(board, needs.files | own, needs.stale)
    heavier = range(version + 1, layout.ENGINE_VERSION + 1) if needs.native and _lacks_native(found) else ()
    for version in heavier:
        other = plan.plan(told, wish.python, version, brought)
        there = transfer.look(board, other.files | own, other.stale)
        if not _lacks_native(there):
            return other, there
    return needs, found


def _lacks_native(found: transfer.Look) -> bool:
    return any(path.endswith(bundle.NATIVE) for path in found.changed)


def _copy(
    board: Connection,
    has: facts.Room,
    files: dict[str, bytes],
    found: transfer.Look,
    image: bytes | None,
    progress: Callable[[int, int], None],
) -> tuple[list[str], int]:
    """Copies what differs, and last the ROMFS image where there is one: the files' paths, and the bytes sent."""
    total = sum(len(files[path]) for path in found.changed) + len(image or b"")
    sent = 0

    def step(count: int) -> None:
        nonlocal sent
        sent += count
        progress(sent, total)

    if total or found.stale:
        upload = Upload(board, has.heap_free)
        if found.changed or found.stale:
            transfer.copy(board, files, found, upload, step)
        if image is not None:
            romfs_device.write(board, image, upload, step)
    return list(found.changed), total


def _place(told: facts.Facts, wish: Wish) -> str:
    """The model's path on the board."""
    folder = (wish.to or "").strip("/")
    if wish.romfs:
        folder = folder.removeprefix("rom").strip("/") if folder.split("/")[0] == "rom" else folder
        root = "/rom/"
    else:
        root = "/" if (wish.to or "").startswith("/") else told.root
    return root + (folder + "/" if folder else "") + wish.model.name
