"""Kinds on samples: spectra, filters, statistics. Their inputs and outputs are int16 with zero point 0 in a quantized graph.

INT16 says what follows for the output: kind to a function of the op and its input's scale that gives number type and scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op
from host_tools.op_kind import Kind
from upyml.format import ops_signal

IN_SAMPLES = ("mean", "deviation", "rms", "least", "greatest", "peak")  # statistics in the unit of the samples

KINDS: dict[str, Any] = {
    # (..., samples), at most `points`, to (..., points / 2 + 1, 2): real and imaginary part of sum of x[t] exp(-2 pi i k t / points)
    "rfft": Kind(1, 1, ("points",)),
    "power": Kind(1, 1),  # (..., 2), real and imaginary parts, to (...): re^2 + im^2, as int32
    "magnitude": Kind(1, 1),  # its square root
    # (time, channels) or (time,); sections: (b0, b1, b2, a1, a2) each. `stream`: each run goes on where the one before ended
    "biquad": Kind(1, 1, ("sections",), ("stream",)),
    # the same axes; taps: coefficients; up, down: `up` outputs for `down` inputs, 1 without them
    "fir": Kind(1, 1, ("taps",), ("up", "down", "stream")),
    # over one axis, which then holds those of `which`: names of ops_signal.KNOWN, all in the samples' unit, or "crossings" alone
    "statistics": Kind(1, 1, ("axis", "which")),
}


def _rfft_shape(op: Op) -> tuple[int, ...]:
    points, samples = op.attrs["points"], op.inputs[0].shape[-1]
    if not (ops_signal.LEAST_POINTS <= points <= ops_signal.MOST_POINTS and points & (points - 1) == 0):
        raise ConversionError(f"an FFT has 16 to 2048 points, a power of two, received {points}")
    if samples > points:
        raise ConversionError(f"an FFT of {points} points takes at most as many samples, received {samples}")
    return op.inputs[0].shape[:-1] + (points // 2 + 1, 2)


def _parts_shape(op: Op) -> tuple[int, ...]:
    if op.inputs[0].shape[-1] != 2:
        raise ConversionError(f"takes pairs of real and imaginary part, received shape {op.inputs[0].shape}")
    return op.inputs[0].shape[:-1] or (1,)


def _rates(op: Op) -> tuple[int, int]:
    return op.attrs.get("up", 1), op.attrs.get("down", 1)


def _fir_shape(op: Op) -> tuple[int, ...]:
    (time, *channels), (up, down) = op.inputs[0].shape, _rates(op)
    if time * up % down:
        raise ConversionError(f"{time} samples times {up} are no multiple of {down}")
    return (time * up // down, *channels)


def _statistics_shape(op: Op) -> tuple[int, ...]:
    shape, axis, which = list(op.inputs[0].shape), op.attrs["axis"], tuple(op.attrs["which"])
    known = set(which) <= set(IN_SAMPLES) or which == ("crossings",)
    if not which or not known or list(which) != [name for name in ops_signal.KNOWN if name in which]:
        raise ConversionError(f"statistics are some of {', '.join(IN_SAMPLES)} in this order, or crossings alone, received {which}")
    if not 1 <= shape[axis] <= ops_signal.MOST_SAMPLES:
        raise ConversionError(f"statistics are of 1 to {ops_signal.MOST_SAMPLES} samples, received {shape[axis]}")
    shape[axis] = len(which)
    return tuple(shape)


SHAPES: dict[str, Any] = {
    "rfft": _rfft_shape,
    "power": _parts_shape,
    "magnitude": _parts_shape,
    "fir": _fir_shape,
    "statistics": _statistics_shape,
}


def _rfft(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    z = np.fft.rfft(inputs[0].astype(np.float64), op.attrs["points"])
    return np.stack([z.real, z.imag], -1)


def _power(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    return np.square(inputs[0], dtype=np.float64).sum(-1).reshape(len(inputs[0]), *op.output.shape)


def _biquad(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    """Direct form II, transposed, from silence on."""
    x = inputs[0].astype(np.float64)
    for b0, b1, b2, a1, a2 in op.attrs["sections"]:
        y, s1, s2 = np.empty_like(x), 0.0, 0.0
        for t in range(x.shape[1]):
            y[:, t] = b0 * x[:, t] + s1
            s1 = b1 * x[:, t] - a1 * y[:, t] + s2
            s2 = b2 * x[:, t] - a2 * y[:, t]
        x = y
    return x


def _fir(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    (up, down), x = _rates(op), inputs[0].astype(np.float64)
    wide = np.zeros((len(x), x.shape[1] * up, *x.shape[2:]))
    wide[:, ::up] = x
    y = np.zeros_like(wide)
    for k, tap in enumerate(op.attrs["taps"]):
        y[:, k:] += tap * wide[:, : max(wide.shape[1] - k, 0)]
    return y[:, ::down]


_STATISTICS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.mean,
    "deviation": np.std,
    "rms": lambda x, axis, keepdims: np.sqrt(np.mean(np.square(x), axis, keepdims=keepdims)),
    "least": np.min,
    "greatest": np.max,
    "peak": lambda x, axis, keepdims: np.abs(x).max(axis, keepdims=keepdims),
    "crossings": lambda x, axis, keepdims: np.diff(x < 0, axis=axis).sum(axis, keepdims=keepdims),
}


def _statistics(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    x, axis = inputs[0].astype(np.float64), op.attrs["axis"] + 1
    return np.concatenate([_STATISTICS[name](x, axis=axis, keepdims=True) for name in op.attrs["which"]], axis)


FLOAT: dict[str, Any] = {
    "rfft": _rfft,
    "power": _power,
    "magnitude": lambda op, inputs: np.sqrt(_power(op, inputs)),
    "biquad": _biquad,
    "fir": _fir,
    "statistics": _statistics,
}

INT16: dict[str, Callable[[Op, float], tuple[str, float]]] = {
    "rfft": lambda op, scale: ("int16", scale * op.attrs["points"]),  # the engine divides by the points
    "power": lambda op, scale: ("int32", scale * scale),
    "magnitude": lambda op, scale: ("int16", scale),
    "biquad": lambda op, scale: ("int16", scale),
    "fir": lambda op, scale: ("int16", scale),
    "statistics": lambda op, scale: ("int16", 1.0 if tuple(op.attrs["which"]) == ("crossings",) else scale),
}
