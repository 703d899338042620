"""TFLite Micro's signal operators: the audio front end, one after another as its examples have them.

Window, scaling, FFT, energy, filter bank and square root become one op, spectral subtraction and PCAN one, the logarithm
one. What they do to each other's shapes and number types (RESHAPE, CAST, zeros around the energies) changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from flatbuffers import flexbuffers

from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor

_PASSING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST")
_ORDER = (
    "CUSTOM SignalWindow",
    "CUSTOM SignalFftAutoScale",
    "CUSTOM SignalRfft",
    "CUSTOM SignalEnergy",
    "CUSTOM SignalFilterBank",
    "CUSTOM SignalFilterBankSquareRoot",
    "CUSTOM SignalFilterBankSpectralSubtraction",
    "CUSTOM SignalPCAN",
    "CUSTOM SignalFilterBankLog",
)


@dataclass(frozen=True)
class Chain:
    """What a tensor of the front end holds: the samples it comes from and the fields of the ops so far.

    after: the last operator. scale: whether it is the scaling's second output, the shift.
    """

    samples: int  # tensor number
    after: str
    mel: dict[str, Any] = field(default_factory=dict)
    noise: dict[str, Any] = field(default_factory=dict)
    is_shift: bool = False
    is_estimate: bool = False


def passes(reader, op) -> bool:
    """Whether an operator only hands a tensor of the front end on; it is then read."""
    chain = next((reader.chains[i] for i in op.inputs if i in reader.chains), None)
    if chain is None:
        return False
    if op.name == "STRIDED_SLICE" and chain.after.endswith("Energy"):
        begin, end = (int(reader.required_constant(op, place, "range").flat[0]) for place in (1, 2))
        if (begin, end) != (chain.mel["first_bin"], chain.mel["end_bin"]):
            raise ConversionError(f"{reader.describe(op)} cuts other energies than those that were computed")
    elif op.name == "CONCATENATION" and chain.after.endswith("Energy"):
        others = [reader.constant(i) for i in op.inputs if i not in reader.chains]
        if any(values is None or np.any(values) for values in others):
            raise ConversionError(f"{reader.describe(op)}: only zeros can stand beside a spectrum's energies")
    elif op.name not in _PASSING:
        return False
    reader.chains[op.outputs[0]] = chain
    return True


def _options(reader, op, *names: str) -> list[int]:
    """The values of a custom operator's options. Raises ConversionError."""
    try:
        found = flexbuffers.Loads(bytearray(op.custom))
        return [int(found[name]) for name in names]
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        raise ConversionError(f"{reader.describe(op)} lacks its options ({error}): the file is damaged") from None


def _chain(reader, op) -> Chain:
    """Of the op's first input, if it comes from the operator that stands before this one."""
    before = _ORDER[_ORDER.index(op.name) - 1]
    found = reader.chains.get(op.inputs[0])
    wanted = (before, "CUSTOM SignalFilterBankSpectralSubtraction") if op.name.endswith("Log") else (before,)
    if op.name.endswith("Log"):
        wanted += ("CUSTOM SignalFilterBankSquareRoot",)
    if found is None or found.after not in wanted or found.is_shift or found.is_estimate:
        names = " -> ".join(name.removeprefix("CUSTOM ") for name in _ORDER)
        raise ConversionError(f"{reader.describe(op)}: upyml takes TFLite Micro's signal operators in this order: {names}")
    return replace(found, after=op.name)


def _window(reader, op):
    (shift,) = _options(reader, op, "shift")
    window = reader.required_constant(op, 1, "window").reshape(-1)
    samples = op.inputs[0]
    if samples not in reader.chains:
        source = reader.file.tensors[samples]
        size = int(np.prod(source.shape))
        if source.dtype != "int16" or size != len(window):
            raise ConversionError(f"{reader.describe(op)} takes {len(window)} int16 samples, received {source.dtype} {source.shape}")
        reader.name_tensor(samples, Tensor(source.name, (size,), "int16", 1 / 32768, 0))
    mel = {"window": window.astype(np.int16), "window_shift": shift, "hop": len(window)}
    reader.chains[op.outputs[0]] = Chain(samples, op.name, mel)


def _auto_scale(reader, op):
    chain = _chain(reader, op)
    reader.chains[op.outputs[0]] = chain
    reader.chains[op.outputs[1]] = replace(chain, is_shift=True)


def _rfft(reader, op):
    (points,) = _options(reader, op, "fft_length")
    chain = _chain(reader, op)
    reader.chains[op.outputs[0]] = replace(chain, mel=chain.mel | {"points": points})


def _energy(reader, op):
    first, end = _options(reader, op, "start_index", "end_index")
    chain = _chain(reader, op)
    reader.chains[op.outputs[0]] = replace(chain, mel=chain.mel | {"first_bin": first, "end_bin": end})


def _filter_bank(reader, op):
    chain = _chain(reader, op)
    names = ("weights", "rests", "first bins", "first weights", "widths")
    weights, rests, bins, starts, widths = (
        reader.required_constant(op, place + 1, f"list of {name}").reshape(-1).astype(np.int64)
        for place, name in enumerate(names)
    )
    if not len(bins) == len(starts) == len(widths) or len(weights) != len(rests) or np.any(starts + widths > len(weights)):
        raise ConversionError(f"{reader.describe(op)}: its lists of bands do not fit together: the file is damaged")
    last = chain.mel["points"] // 2 + 1
    bands, pairs = [], []
    for first, start, width in zip(bins, starts, widths):
        kept = max(0, min(width, last - first))  # bands may be filled up with weights of 0 beyond the spectrum
        bands.append((first, kept))
        pairs += list(zip(weights[start : start + kept], rests[start : start + kept]))
    reader.chains[op.outputs[0]] = replace(chain, mel=chain.mel | {"bands": bands, "weights": pairs})


def _square_root(reader, op):
    chain = _chain(reader, op)
    shift = reader.chains.get(op.inputs[1])
    if shift is None or not shift.is_shift:
        raise ConversionError(f"{reader.describe(op)}: its scale bits must be those of SignalFftAutoScale")
    reader.chains[op.outputs[0]] = chain


def _spectral_subtraction(reader, op):
    fields = (
        "smoothing", "alternate_smoothing", "one_minus_smoothing", "alternate_one_minus_smoothing", "min_signal_remaining",
        "spectral_subtraction_bits", "smoothing_bits", "clamping",
    )  # fmt: skip
    even, odd, not_even, not_odd, least, bits, smoothing_bits, clamping = _options(reader, op, *fields)
    chain = _chain(reader, op)
    noise = {
        "smoothing": (even, odd), "one_minus_smoothing": (not_even, not_odd), "min_signal_remaining": least, "bits": bits,
        "smoothing_bits": smoothing_bits, "clamping": int(bool(clamping)),
    }  # fmt: skip
    chain = replace(chain, noise=noise)
    reader.chains[op.outputs[0]] = chain
    reader.chains[op.outputs[1]] = replace(chain, is_estimate=True)


def _pcan(reader, op):
    (snr_shift,) = _options(reader, op, "snr_shift")
    chain = _chain(reader, op)
    estimate = reader.chains.get(op.inputs[1])
    gains = reader.required_constant(op, 2, "table of gains").reshape(-1)
    if estimate is None or not estimate.is_estimate or len(gains) < 124:
        raise ConversionError(f"{reader.describe(op)} takes the noise estimate and 125 gains of the operators before it")
    table = np.zeros(125, np.int16)
    table[: min(len(gains), 125)] = gains[:125]
    reader.chains[op.outputs[0]] = replace(chain, noise=chain.noise | {"gains": table, "snr_shift": snr_shift})


def _log(reader, op):
    scale, correction = _options(reader, op, "output_scale", "input_correction_bits")
    chain = _chain(reader, op)
    energies = emit(reader, chain, reader.file.tensors[op.inputs[0]].name)
    target = reader.file.tensors[op.outputs[0]]
    made = Tensor(target.name, energies.shape, "int16", 1 / scale, 0)
    attrs = {"output_scale": scale, "correction_bits": correction}
    reader.ops.append(Op("log_energies", [energies], [made], attrs, target.name))
    reader.name_tensor(op.outputs[0], made)


def emit(reader, chain: Chain, name: str) -> Tensor:
    """Appends the ops of a chain that has come to its energies; their output. Raises ConversionError."""
    if _ORDER.index(chain.after) < _ORDER.index("CUSTOM SignalFilterBankSquareRoot") or chain.is_shift or chain.is_estimate:
        raise ConversionError(f"{name!r} lies within TFLite Micro's audio front end, where the engine has no tensor of its own")
    channels = len(chain.mel["bands"]) - 1
    energies = Tensor(name, (channels,), "int32")
    reader.ops.append(Op("mel_energies", [reader.tensor(chain.samples)], [energies], chain.mel, name))
    if chain.noise:
        reduced = Tensor(name, (channels,), "int32")
        reader.ops.append(Op("noise_reduction", [energies], [reduced], chain.noise, name))
        energies = reduced
    return energies


CONVERTERS: dict[str, Any] = dict(
    zip(
        _ORDER,
        (_window, _auto_scale, _rfft, _energy, _filter_bank, _square_root, _spectral_subtraction, _pcan, _log),
    )
)
