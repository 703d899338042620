"""Lowering of features of sound."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.graph import Op, Tensor
from host_tools.program import Program, Step
from upyml.format import ops_sound
from upyml.twiddles import twiddles


def _int16(values) -> bytes:
    return np.asarray(values, "<i2").tobytes()


def _mel_energies(program: Program, op: Op) -> None:
    attrs = op.attrs
    bands, weights = np.asarray(attrs["bands"], "<u2"), np.asarray(attrs["weights"], "<i2")
    params = {name: attrs[name] for name in ("points", "hop", "window_shift", "first_bin", "end_bin")}
    params |= {
        "frame": len(attrs["window"]),
        "channels": len(bands) - 1,
        "weight_count": len(weights),
        "window": _int16(attrs["window"]),
        "twiddles": bytes(twiddles(attrs["points"])),
        "bands": bands.tobytes() + weights.tobytes(),
    }
    program.steps.append(Step(ops_sound.MEL_ENERGIES, op.inputs, [op.output], params, op.name))


def _noise_reduction(program: Program, op: Op) -> None:
    params = {name: op.attrs.get(name, 0) for name in ops_sound.FIELDS if name != "gains"}
    if op.attrs.get("gains") is not None:
        params["gains"] = _int16(op.attrs["gains"])
    estimates = Tensor(f"{op.name}/noise", op.output.shape[-1:], "int32")
    program.states.append(estimates)
    step = Step(ops_sound.NOISE_REDUCTION, [op.inputs[0], estimates], [op.output], params, op.name)
    program.steps.append(step)


def _log_energies(program: Program, op: Op) -> None:
    program.steps.append(Step(ops_sound.LOG_ENERGIES, op.inputs, [op.output], dict(op.attrs), op.name))


def _divide_features(program: Program, op: Op) -> None:
    program.steps.append(Step(ops_sound.DIVIDE_FEATURES, op.inputs, [op.output], dict(op.attrs), op.name))


LOWERINGS: dict[str, Any] = {
    "mel_energies": _mel_energies,
    "noise_reduction": _noise_reduction,
    "log_energies": _log_energies,
    "divide_features": _divide_features,
}
