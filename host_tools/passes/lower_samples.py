"""Lowering of the kinds on samples, see families/samples.py."""

from __future__ import annotations

import math

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.program import Program, Step
from upyml.format import layout, ops_signal
from upyml.twiddles import twiddles


def _demand_int16(op: Op) -> None:
    x, y = op.inputs[0], op.output
    wanted = "int32" if op.kind == "power" else "int16"
    if x.dtype != "int16" or x.zero_point or y.dtype != wanted or y.zero_point:
        raise ConversionError(f"{op.kind} {op.name!r} goes from {x.dtype} to {y.dtype}: samples are int16 with zero point 0")


def _rfft(program: Program, op: Op) -> None:
    _demand_int16(op)
    points = op.attrs["points"]
    params = {"points": points, "twiddles": bytes(twiddles(points))}
    x, y = _flat(program, op.inputs[0], 1), _flat(program, op.output, 2)
    program.steps.append(Step(ops_signal.RFFT, [x], [y], params, op.name))


def _flat(program: Program, tensor: Tensor, kept: int) -> Tensor:
    """The tensor with all axes but the last `kept` as one."""
    return program.view(tensor, (math.prod(tensor.shape[: len(tensor.shape) - kept]), *tensor.shape[-kept:]))


def _parts(program: Program, op: Op) -> None:
    _demand_int16(op)
    code = ops_signal.POWER if op.kind == "power" else ops_signal.MAGNITUDE
    x, y = _flat(program, op.inputs[0], 1), program.view(op.output, (op.output.size,))
    program.steps.append(Step(code, [x], [y], {}, op.name))


def _fixed(op: Op, values, bits: int, most: float) -> np.ndarray:
    """Coefficients as int16 with so many fractional bits."""
    q = np.floor(np.asarray(values, np.float64) * (1 << bits) + 0.5).ravel()
    if not np.all(np.isfinite(q)) or q.min() < -32768 or q.max() > 32768:
        raise ConversionError(f"{op.kind} {op.name!r}: coefficients must lie within +-{most:g}, received {np.max(np.abs(values)):g}")
    return np.minimum(q, 32767).astype("<i2")


def _state(program: Program, op: Op, shape: tuple[int, ...]) -> Tensor:
    """A new state of zeros; without `stream` it becomes so again before each run."""
    state = Tensor(f"{op.name}/state", shape, "int16", op.inputs[0].scale, 0)
    program.states.append(state)
    if not op.attrs.get("stream"):
        zeros = Tensor(f"{op.name}/zeros", shape, "int16", op.inputs[0].scale, 0, np.zeros(shape, np.int16))
        program.steps.append(Step(layout.RESHAPE, [zeros], [state], {}, op.name))
    return state


def _frames(program: Program, op: Op) -> tuple[Tensor, Tensor, int]:
    """Input and output as (time, channels), and the number of channels."""
    _demand_int16(op)
    channels = math.prod(op.inputs[0].shape[1:])
    x, y = (program.view(t, (t.size // channels, channels)) for t in (op.inputs[0], op.output))
    return x, y, channels


def _biquad(program: Program, op: Op) -> None:
    x, y, channels = _frames(program, op)
    sections = [tuple(section) for section in op.attrs["sections"]]
    params = {"sections": len(sections), "factors": _fixed(op, sections, 14, 2).tobytes()}
    state = _state(program, op, (channels, len(sections), ops_signal.STATES))
    program.steps.append(Step(ops_signal.BIQUAD, [x, state], [y], params, op.name))


def _fir(program: Program, op: Op) -> None:
    x, y, channels = _frames(program, op)
    taps, up, down = _fixed(op, op.attrs["taps"], 15, 1), op.attrs.get("up", 1), op.attrs.get("down", 1)
    if any(np.abs(taps[phase::up].astype(int)).sum() >= 1 << 16 for phase in range(up)):
        raise ConversionError(f"fir {op.name!r}: the taps of a phase must add up to less than 2 in size")
    params = {"up": up, "down": down, "taps": len(taps), "coefficients": taps.tobytes()}
    kept = ops_signal.history(len(taps), up)
    states = [_state(program, op, (kept, channels))] if kept else []
    program.steps.append(Step(ops_signal.FIR, [x, *states], [y], params, op.name))


def _statistics(program: Program, op: Op) -> None:
    _demand_int16(op)
    shape, axis = op.inputs[0].shape, op.attrs["axis"]
    outer, count, inner = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    which = sum(1 << ops_signal.KNOWN.index(name) for name in op.attrs["which"])
    params = {"outer": outer, "count": count, "inner": inner, "which": which}
    x, y = program.view(op.inputs[0], (outer, count, inner)), program.view(op.output, (outer, len(op.attrs["which"]), inner))
    program.steps.append(Step(ops_signal.STATISTICS, [x], [y], params, op.name))


LOWERINGS = {
    "rfft": _rfft,
    "power": _parts,
    "magnitude": _parts,
    "biquad": _biquad,
    "fir": _fir,
    "statistics": _statistics,
}
