"""Sound to features, in a model file and in training alike: the board's own integers.

    features = MelFeatures(sample_rate=16000)
    x = features(clips)                          # (n, samples) int16 -> (n, frames, channels) int16, as the board computes them
    model.fit(features.real(x), labels)          # real values, about 0 to 10
    convert(model, clips, front_end=features)    # the model file takes samples

The computation is TensorFlow Lite Micro's audio front end (that of micro_speech and microWakeWord), bit for bit: window, FFT
of 16-bit integers scaled to fill them, energies in mel bands, square root, noise reduction, gain control (PCAN; Wang et al.
2017, "Trainable Frontend For Robust and Far-Field Keyword Spotting"), logarithm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

import upyml
from host_tools import compare, writer
from host_tools.errors import ConversionError
from host_tools.families.sound import frames
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.lower import lower
from host_tools.passes.order import order
from host_tools.passes.plan import plan
from host_tools.passes.streaming import Streamed
from upyml.format import ops_sound

WINDOWS = ("hann", "hamming")
_WEIGHT_BITS = 12
_SUBTRACTION_BITS = 14
_SMOOTHING_BITS = 10
_GAIN_BITS = 21
_SNR_BITS = 12
_POST_BITS = 6  # of the logarithm: its unit is 1/64


@dataclass(frozen=True)
class Noise:
    """Noise reduction: how fast the estimate follows even and odd channels, and the part of a channel that always stays."""

    even_smoothing: float = 0.025
    odd_smoothing: float = 0.06
    min_signal_remaining: float = 0.05


@dataclass(frozen=True)
class Gain:
    """Gain control: what noise reduction leaves is divided by (estimate + offset) ** strength."""

    strength: float = 0.95
    offset: float = 80.0


@dataclass(frozen=True)
class MelFeatures:
    """Logarithms of the roots of mel band energies of each frame, in 1/64.

    window_ms, hop_ms: of a frame, and from one to the next; a frame has at most 2048 samples. channels: bands from `lower` to
    `upper` Hz; None: no bands but a spectrogram, the magnitude of each frequency of the FFT from `lower` to `upper`. window: "hann" or "hamming". noise, gain: None leaves a step out; gain needs noise. Raises ConversionError.
    """

    sample_rate: int = 16000
    window_ms: float = 30
    hop_ms: float = 20
    channels: int | None = 40
    lower: float = 125.0
    upper: float = 7500.0
    window: str = "hann"
    noise: Noise | None = None
    gain: Gain | None = None
    scale: float = field(default=1 / (1 << _POST_BITS), init=False)  # real value of a feature's unit

    def __post_init__(self):
        nyquist = self.sample_rate / 2
        for good, rule in (
            (self.window in WINDOWS, f"window is one of {', '.join(WINDOWS)}, received {self.window!r}"),
            (2 <= self.frame <= 2048, f"a window has 2 to 2048 samples, received {self.frame}"),
            (self.hop >= 1, f"a hop has at least one sample, received {self.hop_ms} ms"),
            (self.channels is None or 1 <= self.channels <= 256, f"there are 1 to 256 channels, received {self.channels}"),
            (
                0 <= self.lower < self.upper <= nyquist,
                f"bands lie between 0 and {nyquist:g} Hz, half the sample rate, the lower end first; "
                f"received {self.lower:g} to {self.upper:g}",
            ),
            (self.gain is None or self.noise is not None, "gain control divides by the noise estimate: give noise too"),
        ):
            if not good:
                raise ConversionError(f"MelFeatures: {rule}")
        if self.channels is None and not self.bands:
            raise ConversionError(f"MelFeatures: no frequency of the FFT lies between {self.lower:g} and {self.upper:g} Hz: widen them")
        if self.channels and self._filters[1] > self.points // 2:
            raise ConversionError("MelFeatures: the upper end of the bands is too near half the sample rate: lower it")

    @property
    def frame(self) -> int:
        """Samples of a frame."""
        return int(self.window_ms * self.sample_rate / 1000)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return int(self.hop_ms * self.sample_rate / 1000)

    @property
    def points(self) -> int:
        """Of the FFT: the next power of two."""
        return max(16, 1 << (self.frame - 1).bit_length())

    @property
    def bands(self) -> int:
        """Features of a frame: channels, or the frequencies of a spectrogram."""
        return len(self._filters[2]) - 1

    def shape(self, samples: int) -> tuple[int, int]:
        """(frames, bands) of so many samples. Raises ConversionError where there is no whole frame."""
        if samples < self.frame:
            raise ConversionError(f"MelFeatures: {samples} samples are less than a frame of {self.frame}")
        return frames(samples, self.frame, self.hop), self.bands

    @cached_property
    def _filters(self):
        """(first bin, end bin, bands and one more, weights), in single precision, as TensorFlow's microfrontend has them."""
        bins, f32 = self.points // 2 + 1, np.float32

        def mel(hertz):
            return f32(f32(1127.0) * np.log1p(f32(hertz) / f32(700.0)))

        hz_per_bin = (self.sample_rate / 2) / (bins - 1)
        if self.channels is None:
            first, end = math.ceil(self.lower / hz_per_bin), math.floor(self.upper / hz_per_bin) + 1
            return first, end, [*((bin_, 1) for bin_ in range(first, end)), (end - 1, 0)], [(0, 1 << _WEIGHT_BITS)] * (end - first)
        low, high = mel(self.lower), mel(self.upper)
        spacing = f32((high - low) / f32(self.channels + 1))
        centers = low + spacing * np.arange(1, self.channels + 2, dtype=f32)
        first = bin_ = round(1 + self.lower / hz_per_bin)  # without the constant part
        bands, weights = [], []
        for channel, center in enumerate(centers):
            start, below = bin_, centers[channel - 1] if channel else low
            while mel(bin_ * hz_per_bin) <= center and bin_ < bins:
                weight = float(f32(center - mel(bin_ * hz_per_bin)) / f32(center - below))
                weights.append(tuple(int(part * (1 << _WEIGHT_BITS) + 0.5) for part in (weight, 1 - weight)))
                bin_ += 1
            bands.append((start, bin_ - start))
        return first, bin_, bands, weights

    def _window(self) -> np.ndarray:
        base = 0.5 if self.window == "hann" else 0.54
        turn = np.float64(np.float32(2 * np.pi / self.frame))
        real = (base - (1 - base) * np.cos(turn * (np.arange(self.frame) + 0.5))).astype(np.float32)
        return np.floor(real * (1 << _WEIGHT_BITS) + 0.5).astype(np.int16)

    def ops(self, samples: Tensor) -> list[Op]:
        """The graph's ops from a tensor of int16 samples to the features, the output of the last one."""
        first, end, bands, weights = self._filters
        shape, correction = self.shape(samples.size), self.points.bit_length() - 1 - _WEIGHT_BITS // 2
        energies = Tensor("energies", shape, "int32")
        attrs = {
            "points": self.points, "hop": self.hop, "window": self._window(), "window_shift": _WEIGHT_BITS, "first_bin": first,
            "end_bin": end, "bands": bands, "weights": weights,
        }  # fmt: skip
        made = [Op("mel_energies", [samples], [energies], attrs, "mel_energies")]
        if self.noise:
            reduced = Tensor("reduced", shape, "int32")
            made.append(Op("noise_reduction", [energies], [reduced], self._noise(correction), "noise_reduction"))
        features = Tensor("features", shape, "int16", self.scale, 0)
        # Without gain control energies have no fixed point to correct, but the constant keeps the logarithm's range.
        attrs = {"output_scale": 1 << _POST_BITS, "correction_bits": max(0, correction)}
        made.append(Op("log_energies", [made[-1].output], [features], attrs, "log_energies"))
        return made

    def _noise(self, correction: int) -> dict[str, Any]:
        one = 1 << _SUBTRACTION_BITS
        smoothing = tuple(int(part * one) for part in (self.noise.even_smoothing, self.noise.odd_smoothing))
        attrs = {
            "smoothing": smoothing, "one_minus_smoothing": tuple(one - part for part in smoothing),
            "min_signal_remaining": int(self.noise.min_signal_remaining * one), "bits": _SUBTRACTION_BITS,
            "smoothing_bits": _SMOOTHING_BITS, "clamping": 0,
        }  # fmt: skip
        if self.gain:
            attrs["gains"] = gain_table(self.gain, _SMOOTHING_BITS - correction)
            attrs["snr_shift"] = _GAIN_BITS - correction - _SNR_BITS
        return attrs

    def __call__(self, clips: np.ndarray) -> np.ndarray:
        """Features of (n, samples) int16 clips, or of one, each from a state of its own: (n, frames, channels) int16."""
        clips = np.asarray(clips)
        if clips.dtype != np.int16 or clips.ndim not in (1, 2):
            raise ConversionError(f"MelFeatures: clips are int16 of shape (n, samples), received {clips.dtype} {clips.shape}")
        many = np.atleast_2d(clips)
        model = upyml.load(self._file(many.shape[1]))
        out = np.empty((len(many), *self.shape(many.shape[1])), np.int16)
        for clip, features in zip(many, out):
            model.reset()
            model.input[:] = memoryview(np.ascontiguousarray(clip))
            model.run()
            features[:] = np.asarray(model.output).reshape(features.shape)
        return out if clips.ndim == 2 else out[0]

    def real(self, features: np.ndarray) -> np.ndarray:
        """Features as the float32 values that a network is trained on."""
        return features.astype(np.float32) * np.float32(self.scale)

    def mfcc(self, count: int, name: str = "mfcc") -> Any:
        """A Keras layer for the first of a network: `count` cepstral coefficients of each frame's features, the DCT-II of them.

        (frames, channels) to (frames, count), orthonormal, not trained; the board computes it as a dense layer. Raises
        ConversionError.
        """
        if not 1 <= count <= self.bands:
            raise ConversionError(f"MelFeatures: {self.bands} channels have 1 to {self.bands} coefficients, received {count}")
        import keras

        place = np.pi / self.bands * (np.arange(self.bands) + 0.5)
        matrix = np.sqrt(2 / self.bands) * np.cos(place[:, None] * np.arange(count))
        matrix[:, 0] /= np.sqrt(2)
        start = keras.initializers.Constant(matrix)
        return keras.layers.Dense(count, use_bias=False, kernel_initializer=start, trainable=False, name=name)

    def _file(self, samples: int) -> bytes:
        """A model file of the front end alone."""
        x = audio(samples)
        ops = self.ops(x)
        program = plan(order(lower(Graph([x], [ops[-1].output], ops))))
        return writer.write(program, compare.best_engine())

    def before(self, graph: Graph, samples: int) -> Graph:
        """A quantized graph that takes features as one that takes samples. Raises ConversionError where they do not fit."""
        (old,) = graph.inputs if len(graph.inputs) == 1 else (None,)
        if old is None or old.size != int(np.prod(self.shape(samples))):
            raise ConversionError(
                f"MelFeatures make {self.shape(samples)} of {samples} samples, and the model takes "
                f"{' and '.join(str(t.shape) for t in graph.inputs)}"
            )
        x = audio(samples)
        return self._joined(graph, x, self.ops(x))

    def before_stream(self, streamed: Streamed) -> Streamed:
        """A streaming graph that takes features as one that takes the samples of as many hops; those that frames have in common
        with earlier ones it remembers, zeros at first. Raises ConversionError where frames do not overlap or touch."""
        if self.hop > self.frame:
            raise ConversionError(
                f"MelFeatures: in a stream frames overlap or touch; a hop of {self.hop} samples leaves some out between frames of "
                f"{self.frame}: give a hop_ms of at most {self.window_ms:g}"
            )
        x, recent = audio(streamed.hop * self.hop), audio(self.frame + (streamed.hop - 1) * self.hop)
        if recent.size == x.size:
            ops = self.ops(x)
        else:
            recent.name = "recent"
            ops = [Op("window", [x], [recent], {}, "recent"), *self.ops(recent)]
        graph = self._joined(streamed.graph, x, ops)
        return replace(streamed, graph=graph, hop=x.size, window=self.frame + (streamed.window - 1) * self.hop)

    @staticmethod
    def _joined(graph: Graph, x: Tensor, ops: list[Op]) -> Graph:
        """The features that ops make of samples as the graph's input."""
        (old,) = graph.inputs
        features = ops[-1].output
        if features.shape != old.shape:
            shaped = Tensor("features", old.shape, "int16", features.scale, 0)
            ops.append(Op("reshape", [features], [shaped], {}, "features"))
        ops.append(Op("quantize", [ops[-1].output], [old], {}, "features"))
        return Graph([x], graph.outputs, [*ops, *graph.ops], graph.metadata)


def audio(samples: int) -> Tensor:
    """A model's input of so many int16 samples, whose real values lie in [-1, 1)."""
    return Tensor("audio", (samples,), "int16", 1 / 32768, 0)


def gain_table(gain: Gain, input_bits: int) -> list[int]:
    """The 125 int16 of a gain that depends on an estimate with so many fractional bits: 2^21 (x + offset)^-strength.

    Between two powers of two it is a parabola through its ends and its middle.
    """
    f32 = np.float32

    def at(x: int) -> int:
        real = f32(1 << _GAIN_BITS) * np.power(f32(f32(x) / f32(2.0**input_bits)) + f32(gain.offset), f32(-gain.strength))
        return 32767 if real > 32767 else int(f32(real) + f32(0.5))

    def wrapped(x: int) -> int:
        return (x + 32768) % 65536 - 32768

    table = [at(0), at(1)]
    for bits in range(2, 33):
        low = 1 << (bits - 1)
        y0, y1, y2 = (at(x) for x in (low, low + (low >> 1), 2 * low - (bits == 32)))
        a1 = 4 * (y1 - y0) - (y2 - y0)
        table += [y0, wrapped(a1), wrapped(y2 - y0 - a1), 0]
    return table[: ops_sound.GAINS]
