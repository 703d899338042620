"""Spectrograms: from samples to a function of the energies of bands, frame by frame.

In a quantized graph samples go in as int16, values come out as int16 with a scale that calibration finds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op
from host_tools.op_kind import Kind
from upyml.format.ops_signal import LEAST_POINTS, MOST_POINTS

KINDS: dict[str, Any] = {
    # (time,) or (time, channels) to (frames, bands), bands of one channel after another; with `expand` (frames, bands, channels).
    # A frame is len(window) samples times `window`, filled up with zeros to `points` of an FFT; one begins each `hop`, the
    # first `before` samples before the first one. Outside lie zeros, or with `mirror` the samples in reverse, the outermost not again.
    # bank: (first bin, weights) of each band: its energy e is the sum of weight |X|^2. The value is, with e at least `least`,
    # e ** `power`, or with power 0 `factor` * ln(e) + `offset`, at least the largest value of all less `range`, if that is given.
    # kernels, where training has changed the transform: (len(window), bands, 2), by which a frame becomes each band's two parts, whose
    # squares add up to its energy; window, points and bank then tell numbers only.
    "spectrogram": Kind(
        1,
        1,
        ("points", "hop", "window", "before", "after", "mirror", "bank", "power", "factor", "offset", "least"),
        ("expand", "range", "kernels"),
    ),
}


def frame_count(op: Op) -> int:
    """Frames, of the samples with those before and after them."""
    total = op.inputs[0].shape[0] + op.attrs["before"] + op.attrs["after"]
    return (total - len(op.attrs["window"])) // op.attrs["hop"] + 1


def channel_count(op: Op) -> int:
    """Of the samples."""
    return op.inputs[0].size // op.inputs[0].shape[0]


def _shape(op: Op) -> tuple[int, ...]:
    points, frame, bands = op.attrs["points"], len(op.attrs["window"]), len(op.attrs["bank"])
    if not (LEAST_POINTS <= points <= MOST_POINTS and points & (points - 1) == 0):
        raise ConversionError(f"an FFT has {LEAST_POINTS} to {MOST_POINTS} points, a power of two, received {points}")
    if not 1 <= frame <= points:
        raise ConversionError(f"a frame has 1 to {points} samples, as many as the FFT has points at most, received {frame}")
    count, channels = frame_count(op), channel_count(op)
    if count < 1:
        raise ConversionError(f"{op.inputs[0].shape[0]} samples are less than a frame of {frame}")
    if op.attrs["mirror"] and max(op.attrs["before"], op.attrs["after"]) >= op.inputs[0].shape[0]:
        raise ConversionError(f"{op.inputs[0].shape[0]} samples are mirrored, at most one less than there are")
    return (count, bands, channels) if op.attrs.get("expand") else (count, bands * channels)


SHAPES: dict[str, Any] = {"spectrogram": _shape}


def matrix(op: Op) -> np.ndarray:
    """The bank as (bins, bands)."""
    whole = np.zeros((op.attrs["points"] // 2 + 1, len(op.attrs["bank"])))
    for band, (first, weights) in enumerate(op.attrs["bank"]):
        whole[first : first + len(weights), band] = weights
    return whole


def value(op: Op, energy: np.ndarray) -> np.ndarray:
    """The function of an energy, without the limit `range`."""
    energy = np.maximum(energy, op.attrs["least"])
    if op.attrs["power"]:
        return energy ** op.attrs["power"]
    return op.attrs["factor"] * np.log(energy) + op.attrs["offset"]


def _spectrogram(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    attrs, count = op.attrs, frame_count(op)
    x = inputs[0].reshape(len(inputs[0]), op.inputs[0].shape[0], -1).swapaxes(1, 2).astype(np.float64)
    x = np.pad(x, [(0, 0), (0, 0), (attrs["before"], attrs["after"])], mode="reflect" if attrs["mirror"] else "constant")
    frames = np.lib.stride_tricks.sliding_window_view(x, len(attrs["window"]), axis=-1)[:, :, :: attrs["hop"]][:, :, :count]
    if attrs.get("kernels") is not None:
        energies = np.square(np.tensordot(frames, attrs["kernels"], 1)).sum(-1)
    else:
        spectrum = np.fft.rfft(frames * attrs["window"], attrs["points"])
        energies = (np.square(spectrum.real) + np.square(spectrum.imag)) @ matrix(op)
    y = value(op, energies)  # (n, channels, frames, bands)
    if attrs.get("range") is not None:
        y = np.maximum(y, y.max(axis=(1, 2, 3), keepdims=True) - attrs["range"])
    y = y.transpose(0, 2, 3, 1) if attrs.get("expand") else y.swapaxes(1, 2)
    return y.reshape(len(x), *op.output.shape)


FLOAT: dict[str, Any] = {"spectrogram": _spectrogram}
INT16: dict[str, Any] = {"spectrogram": lambda op, scale: ("int16", None)}  # None: the range of its values decides
