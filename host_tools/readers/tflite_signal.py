"""TFLite Micro's custom operators of the family signal: its audio front end, from a frame of samples to features.

There each step is an operator, with numbers between them that no other step has (uint32, uint64, a shift). Here the steps
up to the square root are one op, noise reduction and gain control another one: `joined` finds their chains in the file's
operators and puts one in place of each, before anything is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from flatbuffers import flexbuffers

from host_tools.errors import ConversionError
from host_tools.readers.tflite_file import File, FileOp
from upyml.format.ops_sound import GAINS
from upyml.format.ops_signal import LEAST_POINTS, MOST_POINTS

_ENERGIES = "CUSTOM SignalFilterBankSquareRoot"  # the operators that `joined` makes: by the names of the chains' ends
_NOISE = "CUSTOM SignalFilterBankSpectralSubtraction"
_TO_INT8 = "CAST after SignalFilterBankLog"
_AUDIO_SCALE = 1 / 32768
_INT16 = 7  # TensorType, as the option T of an FFT has it
_STEPS = ("Window", "FftAutoScale", "Rfft", "Energy", "FilterBank", "FilterBankSquareRoot", "FilterBankSpectralSubtraction")
_ORDER = "upyml takes these operators in this order: " + " -> ".join(
    f"Signal{name}" for name in (*_STEPS, "PCAN", "FilterBankLog")
)
_BEFORE_LOG = tuple(f"CUSTOM Signal{name}" for name in (*_STEPS[-2:], "PCAN"))


def joined(file: File) -> list[FileOp]:
    """The file's operators, each chain as one. Raises ConversionError where signal operators stand in another order."""
    if not any(op.name.startswith("CUSTOM Signal") for op in file.ops):
        return file.ops
    chains = _Chains(file)
    for op in file.ops:
        if op.name == "CUSTOM SignalFilterBankSquareRoot":
            chains.energies(op)
        elif op.name == "CUSTOM SignalFilterBankSpectralSubtraction":
            chains.noise(op)
        elif op.name == "CUSTOM SignalFilterBankLog":
            maker = chains.makers.get(op.inputs[0])
            if maker is None or maker.name not in _BEFORE_LOG:
                raise ConversionError(f"SignalFilterBankLog reads what {_name(maker)} makes: {_ORDER}")
            chains.set_scale(op.outputs[0], 1 / max(1, _options(op)["output_scale"]))
    for op in file.ops:
        if op.name == "CAST" and file.tensors[op.outputs[0]].dtype == "int8":
            chains.to_int8(op)
    return chains.ops()


def _options(op: FileOp) -> dict[str, Any]:
    return flexbuffers.Loads(op.options) if op.options else {}


def _name(op: FileOp | None) -> str:
    return op.name.removeprefix("CUSTOM ") if op else "an input or a constant"


class _Chains:
    """The operators of a file by the tensors they make and read; replaces some by one."""

    def __init__(self, file: File):
        self.file = file
        self.makers = {number: op for op in file.ops for number in op.outputs}
        self.instead: dict[FileOp, FileOp | None] = {}

    def ops(self) -> list[FileOp]:
        """What there is now."""
        return [op for op in (self.instead.get(op, op) for op in self.file.ops) if op]

    def readers(self, number: int) -> list[FileOp]:
        """The operators that read a tensor."""
        return [op for op in self.file.ops if number in op.inputs]

    def replace(self, chain: list[FileOp], made: FileOp) -> None:
        """`made` instead of a chain, whose tensors nobody else may read; it stands in the place of the chain's last."""
        for op in chain:
            for number in set(op.outputs) - set(made.outputs):
                others = [reader for reader in self.readers(number) if reader not in chain]
                if others or number in self.file.outputs:
                    raise ConversionError(
                        f"{op.name} ({self.file.tensors[number].name!r}) is read by more than the operator after it: {_ORDER}"
                    )
            self.instead[op] = None
        self.instead[chain[-1]] = made

    def set_scale(self, number: int, scale: float, zero_point: int = 0) -> None:
        """The file says nothing about the scale of what its signal operators make."""
        tensor = self.file.tensors[number]
        if not len(tensor.scales):
            tensor.scales, tensor.zero_points = np.float32([scale]), np.array([zero_point])

    def before(self, chain: list[FileOp], number: int, name: str, through: Iterable[str] = ("RESHAPE",)) -> FileOp:
        """The operator that makes a tensor, with this name; those of others that lie between join the chain too."""
        while (op := self.makers.get(number)) and op.name in through:
            chain.insert(0, op)
            number = op.inputs[0]
        if op is None or op.name != f"CUSTOM {name}":
            raise ConversionError(f"{_name(chain[0])} reads what {_name(op)} makes, not {name}: {_ORDER}")
        chain.insert(0, op)
        return op

    def energies(self, last: FileOp) -> None:
        """From the window to the square root."""
        chain = [last]
        bank = self.before(chain, last.inputs[0], "SignalFilterBank")
        energy = self._energy(chain, bank)
        fft = self.before(chain, energy.inputs[0], "SignalRfft")
        scale = self.before(chain, fft.inputs[0], "SignalFftAutoScale")
        if last.inputs[1] != scale.outputs[1]:
            raise ConversionError(f"the square root takes another shift than the auto scale's: {_ORDER}")
        window = self.before(chain, scale.inputs[0], "SignalWindow")
        fields = _options(fft)
        if fields.get("T", _INT16) != _INT16:
            raise ConversionError("the FFT of a signal operator is not one of int16, which upyml has; use int16 samples")
        options = {
            "points": fields["fft_length"],
            "window_shift": _options(window)["shift"],
            "first_bin": _options(energy)["start_index"],
            "end_bin": _options(energy)["end_index"],
            "sample_weights": window.inputs[1],
            "bank": bank.inputs[1:],
        }
        self.set_scale(window.inputs[0], _AUDIO_SCALE)
        self.file.tensors[last.outputs[0]].dtype = "int32"  # uint32 without the top bit
        self.replace(chain, FileOp(_ENERGIES, window.inputs[:1], last.outputs, options))

    def _energy(self, chain: list[FileOp], bank: FileOp) -> FileOp:
        """The energies before a filter bank: its own, or, as energies outside of its bins are left open, those with zeros
        around, joined to them by way of int32."""
        number = bank.inputs[0]
        if (maker := self.makers.get(number)) and maker.name == "CAST":
            chain.insert(0, maker)
            number = maker.inputs[0]
        maker = self.makers.get(number)
        if not maker or maker.name != "CONCATENATION":
            return self.before(chain, number, "SignalEnergy")
        chain.insert(0, maker)
        middle = [number for number in maker.inputs if self.file.tensors[number].data is None]
        around = [self.file.tensors[number].data for number in maker.inputs if number not in middle]
        if len(middle) != 1 or any(np.any(data) for data in around):
            raise ConversionError(f"something else than zeros lies around the energies of a filter bank: {_ORDER}")
        at = maker.inputs.index(middle[0])
        energy = self.before(chain, middle[0], "SignalEnergy", ("STRIDED_SLICE", "SLICE", "CAST", "RESHAPE"))
        start, end = _options(energy)["start_index"], _options(energy)["end_index"]
        before = sum(self.file.tensors[number].data.size for number in maker.inputs[:at])
        if (before, self.file.tensors[middle[0]].shape) != (start, (end - start,)):
            raise ConversionError(f"the energies of bins {start} to {end} are moved to bin {before}: {_ORDER}")
        return energy

    def noise(self, op: FileOp) -> None:
        """Spectral subtraction, with PCAN where that follows."""
        after = {id(reader): reader for number in op.outputs for reader in self.readers(number)}
        chain, options = [op], {"subtraction": _options(op)}
        for reader in after.values():
            if reader.name == "CUSTOM SignalPCAN" and reader.inputs[:2] == op.outputs:
                chain.append(reader)
                options |= {"gains": reader.inputs[2], "snr_shift": _options(reader)["snr_shift"]}
        self.file.tensors[chain[-1].outputs[0]].dtype = "int32"
        self.replace(chain, FileOp(_NOISE, op.inputs[:1], chain[-1].outputs[:1], options))

    def to_int8(self, last: FileOp) -> None:
        """(x * a + b) / c + d within int8, in int32; the numbers are the constants of the operators."""
        chain, number = [last], last.inputs[0]
        options = {"multiplier": 1, "addend": 0, "divisor": 1, "zero_point": 0, "low": None, "high": None}
        names = {"MINIMUM": "high", "MAXIMUM": "low", "MUL": "multiplier", "DIV": "divisor"}
        while (op := self.makers.get(number)) and op.name in (*names, "ADD"):
            constants = [self.file.tensors[i].data for i in op.inputs]
            place = next((i for i, data in enumerate(constants) if data is not None and data.size == 1), None)
            if place is None or (op.name == "DIV" and place == 0):
                return
            field = names.get(op.name) or ("addend" if any(made.name == "DIV" for made in chain) else "zero_point")
            options[field] = int(constants[place].ravel()[0])
            chain.insert(0, op)
            number = op.inputs[1 - place]
        source = op and self.file.tensors[op.inputs[0]]
        if op is None or op.name != "CAST" or source.dtype != "int16":
            return
        order = [made.name for made in chain if made.name not in ("MINIMUM", "MAXIMUM")]
        if order != ["MUL", "ADD", "DIV", "ADD", "CAST"] or (options.pop("low"), options.pop("high")) != (-128, 127):
            return
        chain.insert(0, op)
        scale = options["divisor"] / (options["multiplier"] or 1) * float(source.scales[0] if len(source.scales) else 1)
        self.set_scale(last.outputs[0], abs(scale) or 1.0, options["zero_point"])
        self.replace(chain, FileOp(_TO_INT8, op.inputs[:1], last.outputs, options))


def _demand(reader, op: FileOp, condition, rule: str) -> None:
    if not condition:
        raise ConversionError(f"the signal operators before {reader.file.tensors[op.outputs[0]].name!r}: {rule}")


def _constant(reader, op: FileOp, number: int, what: str) -> np.ndarray:
    values = reader.constant(number)
    _demand(reader, op, values is not None, f"the {what} is computed while the model runs; upyml needs it as a constant")
    return values.ravel()


def _energies(reader, op: FileOp) -> None:
    options = op.options
    window = _constant(reader, op, options["sample_weights"], "list of the window's weights")
    names = ("weights", "unweights", "channel frequency starts", "channel weight starts", "channel widths")
    weights, rest, bins, starts, widths = (
        _constant(reader, op, number, name).astype(np.int64) for number, name in zip(options["bank"], names, strict=True)
    )
    points, x = options["points"], reader.tensor(op.inputs[0])
    _demand(
        reader, op, LEAST_POINTS <= points <= MOST_POINTS and points & (points - 1) == 0,
        f"an FFT has {LEAST_POINTS} to {MOST_POINTS} points, a power of two; here it has {points}",
    )  # fmt: skip
    _demand(
        reader, op, x.size == len(window) <= points,
        f"a frame has as many samples as the window and at most as many as the FFT has points; here it has {x.size}, the "
        f"window {len(window)}, the FFT {points}",
    )  # fmt: skip
    last = points // 2 + 1
    good = 0 <= options["first_bin"] <= options["end_bin"] <= last and 0 <= options["window_shift"] <= 31
    good = good and len(bins) == len(starts) == len(widths) >= 2 and np.all(bins >= 0) and np.all(bins + widths <= last)
    good = good and np.all(widths >= 0) and np.all(starts >= 0) and np.all(starts + widths <= min(len(weights), len(rest)))
    _demand(reader, op, good, "the filter bank reaches beyond the spectrum or beyond its weights: the file is damaged")
    places = np.concatenate([np.arange(start, start + width) for start, width in zip(starts, widths)])
    attrs = dict(
        points=points,
        hop=len(window),
        window=window,
        window_shift=options["window_shift"],
        first_bin=options["first_bin"],
        end_bin=options["end_bin"],
        bands=list(zip(bins, widths)),
        weights=np.stack([weights[places], rest[places]], 1),
    )
    reader.emit(op, "mel_energies", [x], attrs)


def _noise(reader, op: FileOp) -> None:
    fields = op.options["subtraction"]
    attrs = {
        "smoothing": (fields["smoothing"], fields["alternate_smoothing"]),
        "one_minus_smoothing": (fields["one_minus_smoothing"], fields["alternate_one_minus_smoothing"]),
        "min_signal_remaining": fields["min_signal_remaining"],
        "bits": fields["spectral_subtraction_bits"],
        "smoothing_bits": fields["smoothing_bits"],
        "clamping": int(fields["clamping"]),
    }
    numbers = (*attrs["smoothing"], *attrs["one_minus_smoothing"], attrs["min_signal_remaining"])
    good = all(0 <= n < 1 << 32 for n in numbers) and 0 <= attrs["bits"] <= 31 and 0 <= attrs["smoothing_bits"] <= 31
    if "gains" in op.options:
        attrs["gains"] = _constant(reader, op, op.options["gains"], "gain table")
        attrs["snr_shift"] = op.options["snr_shift"]
        good = good and 0 <= attrs["snr_shift"] <= 63
        _demand(
            reader, op, len(attrs["gains"]) >= GAINS,
            f"a gain table has {GAINS} numbers, here it has {len(attrs['gains'])}: the file is damaged",
        )  # fmt: skip
        attrs["gains"] = attrs["gains"][:GAINS]
    _demand(reader, op, good, "noise reduction has a number outside of its range: the file is damaged")
    reader.emit(op, "noise_reduction", [reader.tensor(op.inputs[0])], attrs)


def _log(reader, op: FileOp) -> None:
    fields = _options(op)
    scale, bits = fields["output_scale"], fields["input_correction_bits"]
    _demand(
        reader, op, 1 <= scale < 1 << 31 and 0 <= bits <= 31,
        f"a logarithm has an output scale from 1 on and 0 to 31 correction bits, received {scale} and {bits}",
    )  # fmt: skip
    x = reader.tensor(op.inputs[0])
    reader.emit(op, "log_energies", [x], {"output_scale": scale, "correction_bits": bits})


def _to_int8(reader, op: FileOp) -> None:
    attrs = op.options
    good = 1 <= attrs["divisor"] < 1 << 31 and all(abs(value) < 1 << 31 for value in attrs.values())
    _demand(reader, op, good, f"features are divided by {attrs['divisor']}; upyml takes numbers from 1 on")
    reader.emit(op, "divide_features", [reader.tensor(op.inputs[0])], dict(attrs))


CONVERTERS: dict[str, Any] = {
    _ENERGIES: _energies,
    _NOISE: _noise,
    "CUSTOM SignalFilterBankLog": _log,
    _TO_INT8: _to_int8,
}
