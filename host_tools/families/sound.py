"""Features of sound: mel energies, noise reduction with gain control, logarithms; on integers only."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.graph import Op
from host_tools.op_kind import Kind

KINDS: dict[str, Any] = {
    # int16 samples; the attributes are the op's fields as integers and arrays, see upyml/format/ops_sound.py and lower_sound.py
    "mel_energies": Kind(
        1, 1, ("points", "hop", "window", "window_shift", "first_bin", "end_bin", "bands", "weights")
    ),
    "noise_reduction": Kind(
        1,
        1,
        ("smoothing", "one_minus_smoothing", "min_signal_remaining", "bits", "smoothing_bits", "clamping"),
        ("gains", "snr_shift"),
    ),
    "log_energies": Kind(1, 1, ("output_scale", "correction_bits")),
    "divide_features": Kind(1, 1, ("multiplier", "addend", "divisor", "zero_point")),
}


def frames(samples: int, frame: int, hop: int) -> int:
    """Whole frames in so many samples."""
    return (samples - frame) // hop + 1


def _mel_shape(op: Op) -> tuple[int, ...]:
    count = frames(op.inputs[0].size, len(op.attrs["window"]), op.attrs["hop"])
    shape = (count, len(op.attrs["bands"]) - 1)
    return shape if len(op.output.shape) == 2 or count > 1 else shape[1:]


SHAPES: dict[str, Any] = {"mel_energies": _mel_shape}


def _integers_only(op: Op, inputs: list[np.ndarray]) -> np.ndarray:
    raise NotImplementedError(f"{op.kind} is computed by the engine alone")


FLOAT: dict[str, Any] = dict.fromkeys(KINDS, _integers_only)
SAME: dict[str, Any] = {}
FIXED: dict[str, Any] = {}
