"""`upyml record`: labelled recordings of a board's sensor, to train with."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import tempfile
from pathlib import Path

import click

from host_tools.cli_errors import BOARD_CODES, guarded

_OFF = 0.02  # of the rate: beyond that the board's clock and the driver do not agree


@click.command(epilog=BOARD_CODES)
@click.option("-p", "--port", help="The board's port, as `upyml deploy` takes it; by default the only USB port with a board.")
@click.option(
    "-s",
    "--sensor",
    metavar="SENSOR",
    help="imu (MPU-6050 or LSM6DS3), mic (I2S), adc, the name of a driver of upyml.sensors, a driver of yours (FILE.py), or a "
    "recording instead of a sensor: replay:FILE of this computer, replay::PATH of the board.",
)
@click.option("-l", "--label", help="What is recorded.")
@click.option("--seconds", type=float, default=10, show_default=True, help="How long; Ctrl-C ends it earlier.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("recordings.npz"),
    show_default=True,
    help="An .npz or .csv file; one that is there keeps what it has, and gets this recording, too. Or a new .bin, which "
    "upyml.sensors.replay plays.",
)
@click.option("--rate", type=float, help="Frames a second; the sensor takes the nearest that it has.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="For the driver, as scl=9, pins=26,27, g=4.")
@click.option("--window", type=int, help="An .npz gets windows of so many frames, x and y, to train and convert with.")
@click.option("--stride", type=int, help="Frames from the begin of a window to that of the next; by default a window.")
@click.option("--allow-loss", is_flag=True, help="Lost frames are told, but are no failure.")
@click.option("--text", is_flag=True, help="Send text instead of bytes, over a line that changes some: it takes a third more.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@guarded
def record(port, sensor, label, seconds, output, rate, settings, window, stride, allow_loss, text, as_json):
    """Records what a board's sensor measures, with a label, into a file to train with.

    The sensor's driver goes into the board's RAM, nothing into its files. Frames come in numbered packets with a CRC: what is
    lost is told, the exit code is 1 then, and no window spans the gap. The program of the board is interrupted, and started
    again afterwards.
    """
    from host_tools import recordings
    from host_tools.deploy import find
    from host_tools.deploy.connection import connect
    from host_tools.record import board as boards
    from host_tools.record.live import Live
    from host_tools.record.take import empty, take

    _check(sensor, label, seconds, rate, window, stride)
    wanted = boards.wanted(sensor, _options(settings), rate)
    before = _before(output)
    cut = _cut(output, before, window, stride)
    with connect(find.choose(port)) as board:
        source = boards.Sensor(board, wanted, text)
        facts = source.facts
        kept = before.added(empty(facts, cut), str(output)) if before else empty(facts, cut)
        frames = source.frames(seconds)
        with Live(facts, label, seconds, as_json) as live:
            done = take(source, frames, live)
    if done.pieces:
        kept = kept.added(done.recordings(facts, label, cut), str(output))
        _save(output, kept)
    if done.failed:
        come = f"{done.frames / facts.rate:.1f} s until then are in {output}" if done.pieces else "nothing had come"
        raise type(done.failed)(f"{done.failed}; {come}")
    told = {
        "file": str(output),
        "driver": source.driver,
        "label": label,
        "frames": done.frames,
        "seconds": done.frames / facts.rate,
        "rate": facts.rate,
        "measured_rate": done.measured,
        "channels": facts.channels,
        "units": facts.units,
        "stopped": done.stopped,
        "lost": vars(done.loss),
        "pieces": len(done.pieces),
    }
    _tell(told, kept, done, as_json)
    sys.exit(1 if done.loss and not allow_loss else 0)


def _check(sensor, label, seconds, rate, window, stride) -> None:
    if not sensor:
        raise click.UsageError("--sensor is missing: imu, mic, adc, replay:FILE or a driver")
    if not (label or "").strip():
        raise click.UsageError("--label is missing: what is recorded, as --label wave")
    for name, value in (("--seconds", seconds), ("--rate", 1 if rate is None else rate)):
        if not (value > 0 and math.isfinite(value)):
            raise click.UsageError(f"{name} must be a number above 0, received {value:g}")
    for name, value in (("--window", window), ("--stride", stride)):
        if value is not None and value < 1:
            raise click.UsageError(f"{name} must be 1 or more frames, received {value}")


def _before(output: Path):
    """What the file has already, None where it is new: looked at before anything is recorded."""
    from host_tools import recordings

    kind = recordings.ending(output)
    if output.exists():
        if kind == ".bin":
            raise click.UsageError(f"{output} is there already, and a .bin holds one recording: give it another name")
        return recordings.load(output)
    folder = output.parent
    if not folder.is_dir():
        raise FileNotFoundError(2, "there is no such folder", str(folder))
    if not os.access(folder, os.W_OK):
        raise PermissionError(13, "no file can be made in the folder", str(folder))
    return None


def _cut(output: Path, before, window, stride) -> tuple[int, int] | None:
    """Window and stride that the file is to have from now on; None: as it has."""
    if (window or stride) and output.suffix != ".npz":
        raise click.UsageError(f"--window and --stride are for an .npz file, received {output}")
    if stride and not window:
        if not (before and before.cut):
            raise click.UsageError("--stride goes with --window")
        window = before.cut[0]
    return (window, stride or window) if window else None


def _save(output: Path, kept) -> None:
    """Where the file cannot be written, the recording goes to another folder: it cannot be had again."""
    from host_tools import recordings

    try:
        recordings.save(output, kept)
    except OSError as error:
        other = Path(tempfile.mkdtemp(prefix="upyml-")) / output.name
        try:
            recordings.save(other, kept)
        except OSError:
            shutil.rmtree(other.parent, ignore_errors=True)
            raise error from None
        raise OSError(error.errno, f"{error.strerror}: the recording is in {other}, and could not be written to", str(output))


def _options(settings) -> dict:
    """NAME=VALUE for a driver: numbers, several numbers with commas between, or text."""
    found = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign or not name.isidentifier():
            raise click.UsageError(f"--set takes NAME=VALUE, received {setting!r}")
        found[name] = tuple(map(_number, value.split(","))) if "," in value else _number(value)
        if name == "pins" and not isinstance(found[name], tuple):
            found[name] = (found[name],)
    return found


def _number(text: str):
    for kind in (lambda t: int(t, 0), float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _tell(told: dict, kept, done, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
    else:
        channels = ", ".join(f"{name} [{unit}]" for name, unit in zip(told["channels"], told["units"]))
        click.echo(f"{told['driver']}: {channels}, {told['rate']:g} frames a second")
        measured = f", {told['measured_rate']:,.1f} a second by the board's clock" if told["measured_rate"] else ""
        ended = " (ended by Ctrl-C)" if done.stopped else ""
        click.echo(f"{told['label']}: {told['seconds']:.1f} s, {told['frames']:,} frames{ended}{measured}; {done.loss}")
        click.echo(f"{told['file']}: {_content(kept)}")
    if done.loss:
        click.echo(
            f"upyml: not all of it arrived ({done.loss}): it lies in {told['pieces']} pieces in {told['file']}, and no "
            "window spans a gap; --allow-loss takes it as it is",
            err=True,
        )
    elif told["measured_rate"] and told["driver"] != "replay" and abs(told["measured_rate"] / told["rate"] - 1) > _OFF and not as_json:
        click.echo(
            f"upyml: the driver says {told['rate']:g} frames a second, the board's clock {told['measured_rate']:,.1f}", err=True
        )


def _content(kept) -> str:
    """How many recordings of which label, and how long, a file has."""
    parts = []
    for label in kept.labels:
        own = [piece for piece in kept.pieces if piece.label == label]
        seconds = sum(len(piece.counts) for piece in own) / kept.rate
        parts.append(f"{label} {seconds:.1f} s in {len({piece.recording for piece in own})}")
    windows = f"; {len(kept.windows(*kept.cut)[0]):,} windows" if kept.cut else ""
    return ", ".join(parts) + windows
