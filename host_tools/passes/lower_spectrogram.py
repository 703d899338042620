"""Lowering of spectrograms, see families/spectrogram.py.

Energies come as logarithms of their roots (MEL_ENERGIES, LOG_ENERGIES), which hold a clip's faintest and loudest in 16 bits;
what the layer makes of an energy is a table behind that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.families import spectrogram
from host_tools.graph import Op, Tensor
from host_tools.passes import lower_arithmetic, lower_wide
from host_tools.program import Program, Step
from upyml.format import layout, ops_signal, ops_sound, ops_wide
from upyml.twiddles import twiddles

_BITS = 14  # of the largest number of a window, and of a bank
# Units of a natural logarithm, which fits into 16 bits: of roots of energies, below 2^22 (2^15 times the bank's 2^7), and of energies.
_LN_SCALE, _LN_SCALE_OF_ENERGIES = 2148, 1524
_SILENCE = 256  # the table's entry for a logarithm of 0
_SUM_SHIFT = 15


def _spectrogram(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    if x.dtype != "int16" or x.zero_point or y.dtype != "int16" or y.zero_point:
        raise ConversionError(f"{op.kind} {op.name!r} goes from {x.dtype} to {y.dtype}: samples are int16 with zero point 0")
    channels = spectrogram.channel_count(op)
    learned = op.attrs.get("kernels") is not None
    make = _of_kernels if learned else _logarithms
    parts = [make(program, op, _channel(program, op, number)) for number in range(channels)]
    bands = len(op.attrs["bank"])
    if op.attrs.get("expand"):
        logs = _joined(program, op, [program.view(part, (*part.shape, 1)) for part in parts], axis=2)
    else:
        logs = _joined(program, op, parts, axis=1)
    if op.attrs.get("range") is not None and _depth(op) <= 32767:  # more than all logarithms lie apart
        logs = _limited(program, op, logs, bands * channels)
    _look_up(program, op, logs, program.view(y, logs.shape), table(op))


def _look_up(program: Program, op: Op, x: Tensor, y: Tensor, values: np.ndarray) -> None:
    program.steps.append(Step(ops_wide.TABLE_16, [x], [y], {"table": values.tobytes()}, op.name))


def _joined(program: Program, op: Op, parts: list[Tensor], axis: int) -> Tensor:
    """The parts as one tensor."""
    first = parts[0]
    if len(parts) == 1:
        return first
    shape = list(first.shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    y = Tensor(f"{op.name}/joined", tuple(shape), first.dtype, first.scale, 0)
    program.steps.append(Step(layout.CONCATENATE, parts, [y], {"axis": axis}, op.name))
    return y


def _slice(program: Program, op: Op, x: Tensor, begin: int, stride: int, count: int) -> Tensor:
    """Some of a row of samples."""
    y = Tensor(f"{op.name}/some", (count,), x.dtype, x.scale, 0)
    params = {"begin": (begin, 0, 0, 0), "stride": (stride if count > 1 else 1, 1, 1, 1)}
    program.steps.append(Step(layout.STRIDED_SLICE, [x], [y], params, op.name))
    return y


def _channel(program: Program, op: Op, number: int) -> Tensor:
    """The samples of a channel, in a row."""
    x, count = op.inputs[0], spectrogram.channel_count(op)
    row = program.view(x, (x.size,))
    return row if count == 1 else _slice(program, op, row, number, count, x.shape[0])


def _logarithms(program: Program, op: Op, x: Tensor) -> Tensor:
    """(frames, bands) of a channel: ln of the energies' roots in units of `unit`.

    Frames that reach over the samples' ends have a copy of what lies there; the others read the samples where they are.
    """
    hop, frame, before, count = op.attrs["hop"], len(op.attrs["window"]), op.attrs["before"], x.size
    total = spectrogram.frame_count(op)
    first, end = -(-before // hop), (count - frame + before) // hop + 1  # of the frames within the samples
    start, last = first * hop - before, (first - 1) * hop - before + frame
    if (first, end) == (0, total):
        return _of_frames(program, op, x)
    if not first < end or start + frame > op.attrs["points"] or (first and last <= 0):  # all frames read a copy
        return _of_frames(program, op, _around(program, op, x, before, op.attrs["after"]))
    parts = []
    if first:
        parts.append(_of_frames(program, op, _around(program, op, _slice(program, op, x, 0, 1, last), before, 0, x)))
    middle = _of_frames(program, op, x, start)
    parts.append(middle)
    if end < total:
        place = end * hop - before
        rest = _slice(program, op, x, place, 1, count - place)
        after = (total - 1) * hop - before + frame - count
        parts.append(_of_frames(program, op, _around(program, op, rest, 0, after, x)))
    return _joined(program, op, parts, axis=0)


def _of_kernels(program: Program, op: Op, x: Tensor) -> Tensor:
    """(frames, bands) of a channel: ln of energies, in units of `_output_scale` squared."""
    frames, bands = spectrogram.frame_count(op), len(op.attrs["bank"])
    rows = np.asarray(op.attrs["kernels"], np.float64).reshape(-1, 2 * bands).T
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
    weights = Tensor(f"{op.name}/kernels", (2 * bands, 1, rows.shape[1], 1), "int8", scales, 0)
    weights.data = np.rint(rows / scales[:, None]).astype(np.int8).reshape(weights.shape)
    pairs = Tensor(f"{op.name}/pairs", (frames, 2 * bands), "int16", _output_scale(op), 0)
    # One row of samples is an image of height 1.
    attrs = {"stride": (1, op.attrs["hop"]), "dilation": (1, 1), "padding": (0, 0, op.attrs["before"], op.attrs["after"])}
    made = Op("conv2d", [program.view(x, (x.size, 1)), weights], [pairs], attrs, op.name)
    lower_wide.LOWERINGS["conv2d"](program, made)
    energies = Tensor(f"{op.name}/energies", (frames, bands), "int32")
    flat = program.view(pairs, (frames * bands, 2)), program.view(energies, (frames * bands,))
    program.steps.append(Step(ops_signal.POWER, [flat[0]], [flat[1]], {}, op.name))
    return _log(program, op, energies, _LN_SCALE_OF_ENERGIES)


def _output_scale(op: Op) -> float:
    """Of the parts that kernels make: no sample sequence exceeds it."""
    most = np.abs(np.asarray(op.attrs["kernels"], np.float64)).sum(axis=0).max()
    return float(np.float32(max(most, 1e-12) * op.inputs[0].scale))


def _log(program: Program, op: Op, energies: Tensor, scale: int) -> Tensor:
    logs = Tensor(f"{op.name}/logarithms", energies.shape, "int16", 1 / scale, 0)
    params = {"output_scale": scale, "correction_bits": 0}
    program.steps.append(Step(ops_sound.LOG_ENERGIES, [energies], [logs], params, op.name))
    return logs


def _around(program: Program, op: Op, x: Tensor, before: int, after: int, mirrored: Tensor | None = None) -> Tensor:
    """Samples with zeros before and after them, or with those of `mirrored` in reverse, from the next to the outermost on."""
    source = x if mirrored is None else mirrored
    if not op.attrs["mirror"]:
        y = Tensor(f"{op.name}/samples", (before + x.size + after,), "int16", x.scale, 0)
        program.steps.append(Step(ops_wide.PAD_16, [x], [y], {"before": (before, 0, 0, 0), "value": 0}, op.name))
        return y
    parts = [_slice(program, op, source, before, -1, before)] if before else []
    parts += [x, _slice(program, op, source, source.size - 2, -1, after)] if after else [x]
    return _joined(program, op, parts, axis=0)


def _of_frames(program: Program, op: Op, x: Tensor, skipped: int = 0) -> Tensor:
    """Logarithms of the frames that lie within samples, the first of them `skipped` samples from the first."""
    points, hop = op.attrs["points"], op.attrs["hop"]
    window = np.concatenate([np.zeros(skipped), op.attrs["window"]])
    bands, weights = bands_of(op)
    used = bands[bands[:, 1] > 0] if bands[:, 1].any() else np.zeros((1, 2), int)
    params = {
        "points": points, "frame": len(window), "hop": hop, "channels": len(op.attrs["bank"]), "window_shift": _BITS,
        "first_bin": int(used[:, 0].min()), "end_bin": int(used.sum(axis=1).max()), "weight_count": len(weights),
        "window": np.rint(window * ((1 << _BITS) / _largest(window))).astype("<i2").tobytes(),
        "twiddles": bytes(twiddles(points)),
        "bands": bands.astype("<u2").tobytes() + weights.astype("<i2").tobytes(),
    }  # fmt: skip
    shape = ((x.size - len(window)) // hop + 1, len(op.attrs["bank"]))
    energies = Tensor(f"{op.name}/energies", shape, "int32")
    program.steps.append(Step(ops_sound.MEL_ENERGIES, [x], [energies], params, op.name))
    return _log(program, op, energies, _LN_SCALE)


def _largest(values: Any) -> float:
    return float(np.abs(np.asarray(values, np.float64)).max(initial=0)) or 1.0


def _heaviest(op: Op) -> float:
    return max((_largest(weights) for _, weights in op.attrs["bank"] if len(weights)), default=1.0)


def bands_of(op: Op) -> tuple[np.ndarray, np.ndarray]:
    """The bank as MEL_ENERGIES has it: (first bin, width) of one band more than it has, and for each bin of each of these
    the weights of the band before and of the band itself."""
    bank, scale = op.attrs["bank"], (1 << _BITS) / _heaviest(op)
    ends = [first + len(weights) for first, weights in bank]
    firsts = [*(first for first, _ in bank), ends[-1]]  # where a band takes over from the one before
    for band in reversed(range(len(bank))):
        if not len(bank[band][1]) or firsts[band] > firsts[band + 1]:
            firsts[band] = firsts[band + 1]
    whole = spectrogram.matrix(op)
    bands, weights = [], []
    for band in range(len(bank) + 1):
        stop = firsts[band + 1] if band < len(bank) else firsts[band]
        stop = max(stop, ends[band - 1]) if band and len(bank[band - 1][1]) else stop
        bands.append((firsts[band], stop - firsts[band]))
        for bin_ in range(firsts[band], stop):
            own = whole[bin_, band] if band < len(bank) and bin_ < firsts[band + 1] else 0
            weights.append((whole[bin_, band - 1] if band else 0, own))
    return np.array(bands), np.rint(np.array(weights).reshape(-1, 2) * scale).astype(int)


def unit(op: Op) -> float:
    """The real value of a root's unit."""
    samples = float(np.float32(op.inputs[0].scale)) * _largest(op.attrs["window"]) * op.attrs["points"]
    return samples * np.sqrt(_heaviest(op) / (1 << _BITS))


def table(op: Op) -> np.ndarray:
    """What the layer makes of an energy, by its logarithm or that of its root."""
    learned = op.attrs.get("kernels") is not None
    one, times, ln_scale = (_output_scale(op) ** 2, 1, _LN_SCALE_OF_ENERGIES) if learned else (unit(op) ** 2, 2, _LN_SCALE)

    def function(logs: np.ndarray) -> np.ndarray:
        return spectrogram.value(op, np.exp(times * logs.astype(np.float64)) * one)

    scale = float(np.float32(op.output.scale))
    values = lower_wide.look_up_table(function, -32768 / ln_scale, 32768 / ln_scale, scale)
    silence = np.rint(spectrogram.value(op, np.zeros(1)) / scale)
    values[: _SILENCE + 1] = np.clip(silence, -32768, 32767).astype("<i2")
    return values


def _depth(op: Op) -> int:
    """The range in units of the logarithm of a root."""
    return round(op.attrs["range"] / (2 * op.attrs["factor"]) * _LN_SCALE)


def _limited(program: Program, op: Op, logs: Tensor, columns: int) -> Tensor:
    """No logarithm lower than the greatest one less the range."""
    rows, scale = logs.size // columns, logs.scale
    greatest = program.view(logs, (rows, columns))
    for outer, count, inner in ((1, rows, columns), (1, columns, 1)):
        params = {"outer": outer, "count": count, "inner": inner, "which": 1 << ops_signal.KNOWN.index("greatest")}
        source = program.view(greatest, (outer, count, inner))
        greatest = Tensor(f"{op.name}/greatest", (outer, 1, inner), "int16", scale, 0)
        program.steps.append(Step(ops_signal.STATISTICS, [source], [greatest], params, op.name))
    places = np.arange(-32768, 32769, 128)
    least, above = (Tensor(f"{op.name}/{name}", shape, "int16", scale, 0) for name, shape in (("least", (1,)), ("above", logs.shape)))
    values = np.clip(places - _depth(op), -32768, 32767).astype("<i2")
    _look_up(program, op, program.view(greatest, (1,)), least, values)
    for opcode, left, made, activation in ((ops_wide.SUB_16, logs, above, "relu"), (ops_wide.ADD_16, above, None, None)):
        made = made or Tensor(f"{op.name}/limited", logs.shape, "int16", scale, 0)
        sum_ = Op("sum", [left, least], [made], {"activation": activation}, op.name)
        program.steps.append(Step(opcode, [left, least], [made], lower_arithmetic.sum_params(sum_, _SUM_SHIFT), op.name))
    return made


LOWERINGS: dict[str, Any] = {"spectrogram": _spectrogram}
