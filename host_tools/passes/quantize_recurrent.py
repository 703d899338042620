"""Recurrent layers to int8 weights, one scale for each unit of each gate, and the scales of what is inside of them.

Biases are int32, with 16-bit activations int64.
"""

from __future__ import annotations

import numpy as np

from host_tools.families import recurrent
from host_tools.float_runtime import constant
from host_tools.graph import Op, Tensor
from host_tools.passes.quantize_weights import TINY, best_scale, bias_scale

# Room above what calibration has seen: a sum, or a cell, that is clamped spoils all the steps after it.
MARGIN = 1.25
CELL_MARGIN = 2.0
WIDEST = 8.0  # of sums with 12 fractional bits
MOST_SHIFT = 12
BIAS_BITS = {"int32": 30, "int64": 46}  # a sum times 15 bits of a multiplier has at most 63
UNSEEN = 4.0  # the magnitude taken where there is no data


def quantize_recurrent(twin: Op, op: Op | None = None, exact: list[np.ndarray | None] | None = None) -> None:
    """Replace a recurrent op's float constants, and add its inner scales; the op `twin` is changed in place.

    op: the float op, and exact: its inputs on sample data (None for constants); without them inner ranges are guessed.
    """
    x, y = twin.inputs[0], twin.output
    seen: dict[str, float] = {}
    moments: list[np.ndarray | None] = [None, None]
    if op is not None and exact is not None:
        values = [constant(op, t)[None] if v is None else v for t, v in zip(op.inputs, exact)]
        hidden = recurrent.run(op, values, seen)
        moments = [np.square(v, dtype=np.float64).mean(axis=(0, 1)) for v in (values[0], hidden)]
    biases = [tensor.data.astype(np.float64) for tensor in twin.inputs[3:]]
    biases.append(np.zeros_like(biases[0]))
    dtype = "int64" if x.dtype == "int16" else "int32"
    inputs: list[Tensor] = [x]
    made: list[Tensor] = []
    for place, (scale_in, importance) in enumerate(zip((x.scale, y.scale), moments)):
        name = f"{twin.name}/bias_{place}"
        weights, bias = _quantized(twin.inputs[1 + place], biases[place], scale_in, importance, dtype, name)
        inputs.append(weights)
        made.append(bias)
    twin.inputs = inputs + (made if twin.kind == "gru" else made[:1])
    twin.attrs |= _inner_scales(twin, seen)


def _quantized(tensor: Tensor, bias: np.ndarray, scale_in: float, importance, dtype: str, name: str) -> tuple[Tensor, Tensor]:
    """A matrix and its bias as integers; dtype: of the bias."""
    rows = tensor.data.astype(np.float64)
    scale = np.abs(rows).max(axis=1) / 127
    if importance is not None:
        scale = best_scale(rows, scale, importance[None], 8)
    scale = np.maximum(scale, np.abs(bias) / (scale_in * 2.0 ** BIAS_BITS[dtype]))  # the bias must fit
    scale = np.where(scale < TINY, 1.0, scale).astype(np.float32)
    q = np.clip(np.rint(rows / scale.astype(np.float64)[:, None]), -127, 127).astype(np.int8)
    unit = bias_scale(scale_in, scale)
    most = 2 ** (BIAS_BITS[dtype] + 1)
    q_bias = np.clip(np.rint(bias / unit), -most, most - 1).astype(dtype)
    return Tensor(tensor.name, q.shape, "int8", scale, 0, q), Tensor(name, q_bias.shape, dtype, unit, 0, q_bias)


def _inner_scales(op: Op, seen: dict[str, float]) -> dict:
    """gate_shift, and where the op has them candidate_scale and cell_power, from the magnitudes that were seen."""
    function = op.attrs["function"]
    bounded = function in recurrent.BOUNDED
    candidate = seen.get("candidate", UNSEEN) * MARGIN
    sums = max(seen.get("gate", UNSEEN) * MARGIN, candidate if bounded else 0.0)
    made: dict = {"gate_shift": _power(sums / WIDEST, 0, MOST_SHIFT)}
    if not bounded:
        made["candidate_scale"] = max(candidate, 1e-6) / 32767
    if op.kind == "lstm":
        made["cell_power"] = _power(seen.get("cell", UNSEEN) * CELL_MARGIN / 32767, -12, 0)
    return made


def _power(ratio: float, least: int, most: int) -> int:
    """The least power of two that is no less than the ratio, within limits."""
    return int(np.clip(np.ceil(np.log2(max(ratio, TINY))), least, most))
