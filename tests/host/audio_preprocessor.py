"""The audio preprocessor of TensorFlow Lite Micro's example micro_speech as a .tflite file, operator by operator.

preprocessor() -> content: a frame of 480 int16 samples at 16 kHz -> 40 features of int8.
"""

import numpy as np
from flatbuffers import flexbuffers
from tflite_builder import TfliteBuilder

from host_tools.sound import Gain, MelFeatures, Noise

FEATURES = MelFeatures(noise=Noise(), gain=Gain())
_BLOCK = 4  # weights of a channel begin on a multiple of it


def _bank(features):
    """(weights, unweights, frequency starts, weight starts, widths) with the padding of TensorFlow Lite Micro's own tool."""
    _, _, bands, pairs = features._filters
    weights, rest, starts, place = [], [], [], 0
    for _, width in bands:
        starts.append(len(weights))
        padding = [9999] * (-width % _BLOCK)  # numbers that nobody may read
        weights += [w for w, _ in pairs[place : place + width]] + padding
        rest += [r for _, r in pairs[place : place + width]] + padding
        place += width
    return weights, rest, [first for first, _ in bands], starts, [width for _, width in bands]


def preprocessor(features=FEATURES, zeros=True, noise=True, gain=True, log=True, tail=True, change=None):
    """zeros: around the energies in use; noise, gain, log, tail: with these steps. change(builder, name, options) may
    alter an operator's options before it is added."""
    b = TfliteBuilder()
    frame, points, channels = features.frame, features.points, features.channels
    bins, (first, end, *_) = points // 2 + 1, features._filters
    correction = points.bit_length() - 1 - 6

    def custom(name, inputs, outputs, **options):
        if change:
            change(name, options)
        b.op(f"CUSTOM:Signal{name}", inputs, outputs, bytes(flexbuffers.Dumps(options)))

    x = b.tensor((1, frame), "int16")
    windowed, flat = b.tensor((1, frame), "int16"), b.tensor((frame,), "int16")
    custom("Window", [x, b.constant(features._window(), "int16")], [windowed], shift=12)
    b.op("RESHAPE", [windowed, b.constant([frame])], [flat], "ReshapeOptions")
    scaled, shift = b.tensor((frame,), "int16"), b.tensor((), "int32")
    custom("FftAutoScale", [flat], [scaled, shift])
    spectrum, energy = b.tensor((2 * bins,), "int16"), b.tensor((bins,), "uint32")
    custom("Rfft", [scaled], [spectrum], T=7, fft_length=points)
    custom("Energy", [spectrum], [energy], end_index=end, start_index=first)
    if zeros:
        signed, part, whole = b.tensor((bins,), "int32"), b.tensor((end - first,), "int32"), b.tensor((bins,), "int32")
        b.op("CAST", [energy], [signed], "CastOptions")
        begin, stop, step = (b.constant([n]) for n in (first, end, 1))
        b.op("STRIDED_SLICE", [signed, begin, stop, step], [part], "StridedSliceOptions")
        head, rest = b.constant([0] * first), b.constant([0] * (bins - end))
        b.op("CONCATENATION", [head, part, rest], [whole], "ConcatenationOptions", Axis=0)
        energy = b.tensor((bins,), "uint32")
        b.op("CAST", [whole], [energy], "CastOptions")
    sums, y = b.tensor((channels,), "uint64"), b.tensor((channels,), "uint32")
    custom("FilterBank", [energy, *(b.constant(c, "int16") for c in _bank(features))], [sums], num_channels=channels)
    custom("FilterBankSquareRoot", [sums, shift], [y])
    if noise:
        attrs = features._noise(correction)
        left, estimate = b.tensor((channels,), "uint32"), b.tensor((channels,), "uint32")
        custom(
            "FilterBankSpectralSubtraction", [y], [left, estimate],
            alternate_one_minus_smoothing=attrs["one_minus_smoothing"][1], alternate_smoothing=attrs["smoothing"][1],
            clamping=bool(attrs["clamping"]), min_signal_remaining=attrs["min_signal_remaining"], num_channels=channels,
            one_minus_smoothing=attrs["one_minus_smoothing"][0], smoothing=attrs["smoothing"][0],
            smoothing_bits=attrs["smoothing_bits"], spectral_subtraction_bits=attrs["bits"],
        )  # fmt: skip
        y = left
    if gain:
        left, lut = b.tensor((channels,), "uint32"), b.constant(attrs["gains"], "int16")
        custom("PCAN", [y, estimate, lut], [left], snr_shift=attrs["snr_shift"])
        y = left
    if log:
        logs = b.tensor((channels,), "int16")
        custom("FilterBankLog", [y], [logs], input_correction_bits=correction, output_scale=64)
        y = logs
    return b.file([x], [_as_int8(b, y, channels) if tail else y])


def _as_int8(b, x, channels):
    """((x * 256) + 333) / 666 - 128 within int8."""

    def then(name, value=None, dtype="int32", options=None):
        nonlocal x
        made = b.tensor((channels,), dtype)
        b.op(name, [x] if value is None else [x, b.constant(value)], [made], options)
        x = made

    then("CAST", options="CastOptions")
    then("MUL", 256, options="MulOptions")
    then("ADD", 333, options="AddOptions")
    then("DIV", 666, options="DivOptions")
    then("ADD", -128, options="AddOptions")
    then("MINIMUM", 127, options="MaximumMinimumOptions")
    then("MAXIMUM", -128, options="MaximumMinimumOptions")
    then("CAST", dtype="int8", options="CastOptions")
    return x
