"""Recordings of sensors as files, and windows of them to train with.

    from host_tools import recordings
    data = recordings.load("gestures.npz")          # also a .csv, a .bin with its .json, or a folder of such files
    x, y, groups = data.windows(window=40, stride=10)
    data.labels, data.rate, data.channels, data.units

An .npz has, as NumPy arrays:

    counts    int16 (frames, channels): what the sensor gave, all pieces one behind the other
    starts    int64 (pieces,): the first frame of each; within a piece no frame is missing
    piece_labels, piece_recordings    int64 (pieces,): the number of its label, and of the recording that it is a part of
    labels, channels, units    texts
    scales    float64 (channels,): units a count
    rate      float64: frames a second
    x, y, groups, window, stride    where windows were asked for: float32 (n, window, channels) in units, the numbers of their
              labels (n,) and of their recordings (n,), and how they were cut, in frames

A .csv has one line a frame: label, number of recording, number of piece, time in it in seconds, then the channels in units. A
.bin has the counts alone, little-endian, and its .json {"channels", "units", "scales", "rate", "label"}: what
upyml.sensors.replay plays.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.whole_files import write_atomically

ENDINGS = ".npz", ".csv", ".bin"
_DAMAGE = (KeyError, ValueError, TypeError, IndexError, EOFError, zipfile.BadZipFile, zlib.error, StopIteration)


@dataclass(frozen=True)
class Piece:
    """Frames without a gap: counts int16 (frames, channels). recording: the number of the one that it is a part of."""

    counts: np.ndarray
    label: str
    recording: int


@dataclass(frozen=True)
class Recordings:
    """Pieces that one kind of sensor gave, at one rate (frames a second). scales: units a count."""

    channels: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[float, ...]
    rate: float
    pieces: tuple[Piece, ...] = ()
    cut: tuple[int, int] | None = field(default=None)  # window and stride that the file has, or is to have

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the alphabet: the label of y = 0 is the first."""
        return tuple(sorted({piece.label for piece in self.pieces}))

    @property
    def frames(self) -> int:
        return sum(len(piece.counts) for piece in self.pieces)

    def real(self, counts: np.ndarray) -> np.ndarray:
        """Counts in units, float32."""
        return (counts * np.array(self.scales)).astype(np.float32)

    def windows(self, window: int, stride: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x (n, window, channels) in units, y (n,) numbers of labels, groups (n,) numbers of recordings.

        window, stride: frames; stride: from the begin of one to that of the next, by default a window. No window spans a gap
        or two recordings. Split by groups, not by windows: overlapping ones would be on both sides.
        """
        stride = stride or window
        if window < 1 or stride < 1:
            raise ConversionError(f"window and stride must be 1 or more frames, received {window} and {stride}")
        places = {label: number for number, label in enumerate(self.labels)}
        x, y, groups = [np.zeros((0, window, len(self.channels)), np.float32)], [], []
        for piece in self.pieces:
            for start in range(0, len(piece.counts) - window + 1, stride):
                x.append(self.real(piece.counts[start : start + window])[np.newaxis])
                y.append(places[piece.label])
                groups.append(piece.recording)
        return np.concatenate(x), np.array(y, np.int64), np.array(groups, np.int64)

    def added(self, other: Recordings, what: str) -> Recordings:
        """With the pieces of other recordings behind these. what: names these, for an error.

        Raises ConversionError where rate, channels, units or scales differ.
        """
        for fact, unit in (("rate", " frames a second"), ("channels", ""), ("units", ""), ("scales", " units a count")):
            mine, new = getattr(self, fact), getattr(other, fact)
            same = np.allclose(mine, new, rtol=1e-6) if fact in ("rate", "scales") and np.shape(mine) == np.shape(new) else mine == new
            if not same:
                raise ConversionError(
                    f"{what} has {fact} {_words(mine)}{unit}, this recording {_words(new)}{unit}: record to another file"
                )
        after = 1 + max((piece.recording for piece in self.pieces), default=-1)
        pieces = tuple(Piece(piece.counts, piece.label, piece.recording + after) for piece in other.pieces)
        return Recordings(
            self.channels, self.units, self.scales, self.rate, self.pieces + pieces, other.cut or self.cut
        )


def load(path: str | Path) -> Recordings:
    """A file, or all of a folder's. Raises ConversionError where it holds no recordings or ones that do not fit together,
    FileNotFoundError."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.suffix in ENDINGS)
        if not files:
            raise ConversionError(f"{path} holds no recordings: expected files that end in {', '.join(ENDINGS)}")
        found = load(files[0])
        for file in files[1:]:
            found = found.added(load(file), str(path))
        return found
    reader = {".npz": _read_npz, ".csv": _read_csv, ".bin": _read_bin}[ending(path)]
    try:
        found = reader(path)
        widths = {len(found.channels), len(found.units), len(found.scales)}
        if widths != {found.pieces[0].counts.shape[1] if found.pieces else len(found.channels)} or not found.rate > 0:
            raise ValueError("names, units, scales and numbers of channels do not go together")
        return found
    except ConversionError:
        raise
    except _DAMAGE as error:
        raise ConversionError(f"{path} is no recording as `upyml record` writes it: {error}") from None


def save(path: str | Path, what: Recordings) -> None:
    """Writes a file, whole or not at all; of a .bin, which has no labels, only one recording. Raises OSError,
    ConversionError."""
    path = Path(path)
    kind = ending(path)
    if kind == ".bin":
        counts, header = board_files(what, str(path))
        write_atomically(path.with_suffix(".json"), header)
        write_atomically(path, counts)
    else:
        write_atomically(path, _npz(what) if kind == ".npz" else _csv(what))


def ending(path: Path) -> str:
    """One of ENDINGS. Raises ConversionError."""
    if path.suffix not in ENDINGS:
        raise ConversionError(f"{path}: recordings are files that end in {', '.join(ENDINGS)}")
    return path.suffix


def board_files(what: Path | Recordings, name: str = "") -> tuple[bytes, bytes]:
    """What upyml.sensors.replay reads: the contents of NAME.bin and NAME.json. Pieces are put one behind the other.

    what: recordings, or a file of them. Raises as load() does.
    """
    if isinstance(what, Path):
        what, name = load(what), str(what)
    if not what.pieces:
        raise ConversionError(f"{name} holds no frames")
    facts: dict[str, Any] = {
        "channels": what.channels,
        "units": what.units,
        "scales": what.scales,
        "rate": what.rate,
        "label": " ".join(what.labels),
    }
    counts = np.concatenate([piece.counts for piece in what.pieces])
    return counts.astype("<i2").tobytes(), json.dumps(facts).encode()


def _words(fact: Any) -> str:
    return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in fact) if isinstance(fact, tuple) else f"{fact:g}"


def _npz(what: Recordings) -> bytes:
    lengths = [len(piece.counts) for piece in what.pieces]
    arrays = {
        "counts": np.concatenate([np.zeros((0, len(what.channels)), np.int16), *(piece.counts for piece in what.pieces)]),
        "starts": np.cumsum([0, *lengths])[:-1].astype(np.int64),
        "piece_labels": np.array([what.labels.index(piece.label) for piece in what.pieces], np.int64),
        "piece_recordings": np.array([piece.recording for piece in what.pieces], np.int64),
        "labels": np.array(what.labels, str),
        "channels": np.array(what.channels, str),
        "units": np.array(what.units, str),
        "scales": np.array(what.scales, np.float64),
        "rate": np.float64(what.rate),
    }
    if what.cut:
        window, stride = what.cut
        x, y, groups = what.windows(window, stride)
        arrays |= {"x": x, "y": y, "groups": groups, "window": np.int64(window), "stride": np.int64(stride)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _read_npz(path: Path) -> Recordings:
    with np.load(path, allow_pickle=False) as file:
        counts, starts = file["counts"], file["starts"]
        labels = [str(label) for label in file["labels"]]
        ends = [*starts[1:], len(counts)]
        pieces = tuple(
            Piece(counts[start:end], labels[label], int(recording))
            for start, end, label, recording in zip(starts, ends, file["piece_labels"], file["piece_recordings"], strict=True)
        )
        return Recordings(
            tuple(str(name) for name in file["channels"]),
            tuple(str(unit) for unit in file["units"]),
            tuple(float(scale) for scale in file["scales"]),
            float(file["rate"]),
            pieces,
            (int(file["window"]), int(file["stride"])) if "window" in file.files else None,
        )


_COLUMNS = ["label", "recording", "piece", "time [s]"]


def _csv(what: Recordings) -> bytes:
    """The first line, a comment, has rate and scales; numbers have the digits that lead back to the counts."""
    text = io.StringIO()
    text.write(f"# rate {what.rate!r} Hz, scales {' '.join(map(repr, what.scales))}\n")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*_COLUMNS, *(f"{name} [{unit}]" for name, unit in zip(what.channels, what.units))])
    for number, piece in enumerate(what.pieces):
        for i, values in enumerate(piece.counts * np.array(what.scales)):
            where = [piece.label, piece.recording, number, f"{i / what.rate:.6f}"]
            rows.writerow([*where, *(f"{value:.7g}" for value in values)])
    return text.getvalue().encode()


def _read_csv(path: Path) -> Recordings:
    with path.open(newline="", encoding="utf-8") as file:
        head = file.readline().split()
        if head[:2] != ["#", "rate"] or head[4:5] != ["scales"]:
            raise ValueError("its first line is not '# rate ... Hz, scales ...'")
        rate, scales = float(head[2]), tuple(map(float, head[5:]))
        rows = csv.reader(file)
        titles = next(rows)
        if titles[:4] != _COLUMNS:
            raise ValueError(f"its columns do not begin with {', '.join(_COLUMNS)}")
        names, units = zip(*(title.removesuffix("]").rsplit(" [", 1) for title in titles[4:]))
        pieces: dict[int, tuple[str, int, list[list[float]]]] = {}
        for label, recording, piece, _, *values in rows:
            pieces.setdefault(int(piece), (label, int(recording), []))[2].append([float(value) for value in values])
    found = (
        Piece(np.round(np.array(values) / scales).astype(np.int16), label, recording)
        for label, recording, values in pieces.values()
    )
    return Recordings(names, units, scales, rate, tuple(found))


def _read_bin(path: Path) -> Recordings:
    header = path.with_suffix(".json")
    if not header.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(header))
    facts = json.loads(header.read_text(encoding="utf-8"))
    channels = tuple(facts["channels"])
    raw = path.read_bytes()
    counts = np.frombuffer(raw[: len(raw) // (2 * len(channels)) * 2 * len(channels)], "<i2").reshape(-1, len(channels))
    scales = tuple(float(scale) for scale in facts["scales"])
    piece = Piece(counts.astype(np.int16), str(facts.get("label", "")), 0)
    return Recordings(channels, tuple(facts["units"]), scales, float(facts["rate"]), (piece,))
