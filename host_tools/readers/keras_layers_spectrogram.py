"""Keras layers that make spectrograms of samples: STFTSpectrogram and MelSpectrogram."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder, window
from host_tools.readers.keras_layers_conv import channels_last, values
from upyml.format.ops_signal import LEAST_POINTS, MOST_POINTS

_KERNELS_NEAR = 2e-3  # of the window's largest number: what Keras's own kernels are off by, in float32


def _demand(layer: Any, good: bool, reason: str, advice: str) -> None:
    if not good:
        raise ConversionError(f"layer {layer.name} ({type(layer).__name__}): {reason}. {advice}.")


def _demand_points(layer: Any, points: int) -> None:
    power = LEAST_POINTS <= points <= MOST_POINTS and points & (points - 1) == 0
    nearest = min(MOST_POINTS, max(LEAST_POINTS, 1 << (points - 1).bit_length()))
    _demand(
        layer, power, f"its fft_length is {points}; the engine has FFTs of {LEAST_POINTS} to {MOST_POINTS} points, powers of two",
        f"Give it fft_length={nearest}" + (" and a shorter frame" if points > MOST_POINTS else "; its frames may stay as long as they are"),
    )  # fmt: skip


def stft_spectrogram(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """The modes of magnitudes by an FFT; real and imaginary parts by convolutions, as Keras computes them."""
    (x,) = inputs
    channels_last(layer)
    frame, hop, points, mode = layer.frame_length, layer._frame_step, layer._fft_length, layer.mode
    _demand(layer, mode != "angle", 'its mode is "angle"; the engine has no arctangent', 'Give it mode="stft", or "log" or "magnitude"')
    (_, frames), (_, _, before, after) = window(layer.padding, (1, x.shape[0]), (1, frame), (1, hop))
    if mode in ("real", "imag", "stft"):
        return _parts(build, layer, x, frames, (before, after))
    _demand_points(layer, points)
    bins, twice = points // 2 + 1, 2 if mode == "psd" else 1
    bank = [(bin_, [1 if bin_ in (0, bins - 1) else twice]) for bin_ in range(bins)]
    transform, least = _transform(layer, bank), _epsilon()
    functions = {
        "magnitude": {"power": 0.5, "least": least},
        "psd": {"power": 1.0, "least": 0.0},
        "log": {"power": 0.0, "least": max(least, least * least)},
    }
    shape = (frames, bins, x.shape[1]) if layer.expand_dims else (frames, bins * x.shape[1])
    return build.op(
        "spectrogram", [x], shape, layer.name, points=points, hop=hop, before=before, after=after, mirror=False, bank=bank, factor=0.5,
        offset=0.0, expand=bool(layer.expand_dims), **transform, **functions[mode],
    )  # fmt: skip


def _epsilon() -> float:
    import keras

    return float(keras.config.epsilon())


def _transform(layer: Any, bank: list) -> dict[str, np.ndarray]:
    """The window with its scaling, which is the kernel of the constant part, where the kernels are a Fourier transform's; else,
    where training has changed them, the kernels too, with the bank's weights in them."""
    real, imaginary = (values(kernel)[:, 0, :].astype(np.float64) for kernel in (layer.real_kernel, layer.imag_kernel))
    weights = real[:, 0]
    angles = 2 * np.pi / layer._fft_length * np.outer(np.arange(len(weights)), np.arange(real.shape[1]))
    wrong = max(np.abs(real - weights[:, None] * np.cos(angles)).max(), np.abs(imaginary + weights[:, None] * np.sin(angles)).max())
    if wrong <= _KERNELS_NEAR * np.abs(weights).max():
        return {"window": weights}
    amplitudes = np.sqrt([[weight] for _, (weight,) in bank])
    return {"window": np.ones(len(weights)), "kernels": np.stack([real, imaginary], axis=-1) * amplitudes}


def _parts(build: Builder, layer: Any, x: Tensor, frames: int, padding: tuple[int, int]) -> Tensor:
    """Real parts, imaginary parts, or the ones behind the others, channel by channel."""
    kernels = [values(getattr(layer, name)) for name in ("real_kernel", "imag_kernel") if hasattr(layer, name)]
    kernel = np.concatenate(kernels, axis=2)  # (frame, 1, bins)
    made = []
    for channel in range(x.shape[1]):
        name = layer.name if x.shape[1] == 1 else f"{layer.name}/channel_{channel}"
        samples = x
        if x.shape[1] > 1:
            begin, end = (0, channel), (x.shape[0], channel + 1)
            samples = build.op("strided_slice", [x], (x.shape[0], 1), f"{name}/samples", begin=begin, end=end, strides=(1, 1))
        weights = build.constant(kernel.transpose(2, 1, 0)[..., None], f"{name}/kernel")
        made.append(build.op(
            "conv2d", [samples, weights], (frames, kernel.shape[2]), name, stride=(1, layer._frame_step), dilation=(1, 1),
            padding=(0, 0, *padding), activation=None,
        ))  # fmt: skip
    shape = (frames, kernel.shape[2] * len(made))
    if layer.expand_dims:
        shape = (frames, kernel.shape[2], len(made))
        made = [build.op("reshape", [part], (*part.shape, 1), f"{part.name}/expanded") for part in made]
    return made[0] if len(made) == 1 else build.op("concat", made, shape, layer.name, axis=len(shape) - 1)


def mel_spectrogram(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Frames around each hop's sample, the ends mirrored; (bands, frames) as Keras has it."""
    (x,) = inputs
    points, hop = layer.fft_length, layer.sequence_stride
    _demand_points(layer, points)
    _demand(
        layer, len(x.shape) == 1, f"takes samples of shape {tuple(x.shape)}; the engine computes the spectrogram of one recording",
        "Give the layer a tensor (batch, samples)",
    )  # fmt: skip
    decibels = bool(layer.power_to_db)
    _demand(
        layer, layer.mag_exp == 2 or not decibels,
        f"its mag_exp is {layer.mag_exp:g} and its power_to_db True; the engine has decibels of powers",
        "Give it mag_exp=2.0, or power_to_db=False",
    )  # fmt: skip
    _demand(
        layer, x.shape[0] > points // 2, f"mirrors {points // 2} samples at either end, and there are {x.shape[0]}",
        "Give it more samples or a smaller fft_length",
    )  # fmt: skip
    weighing = _mel_window(layer)
    left = (points - len(weighing)) // 2
    matrix = _mel_matrix(layer)
    attrs = dict(
        points=points, hop=hop, window=weighing, before=points // 2 - left, after=points // 2 - (points - len(weighing) - left),
        mirror=True, factor=0.0, offset=0.0, least=0.0,
    )  # fmt: skip
    count = (x.shape[0] + 2 * (points // 2) - points) // hop + 1
    name = layer.name
    if layer.mag_exp == 2:
        if decibels:
            reference = max(abs(float(layer.ref_power)), float(layer.min_power))
            attrs |= {"factor": 10 / np.log(10), "offset": -10 * np.log10(reference), "least": float(layer.min_power)}
            attrs["range"] = float(layer.top_db)
        attrs |= {"power": 0.0 if decibels else 1.0, "bank": _bank(matrix)}
        y = build.op("spectrogram", [x], (count, layer.num_mel_bins), f"{name}/frames", **attrs)
    else:
        attrs |= {"power": layer.mag_exp / 2, "bank": [(bin_, [1]) for bin_ in range(points // 2 + 1)]}
        y = build.op("spectrogram", [x], (count, points // 2 + 1), f"{name}/spectrum", **attrs)
        bands = build.constant(matrix.T, f"{name}/bands")
        y = build.op("fully_connected", [y, bands], (count, layer.num_mel_bins), f"{name}/frames", activation=None)
    return build.op("transpose", [y], (layer.num_mel_bins, count), name, perm=(1, 0))


def _mel_window(layer: Any) -> np.ndarray:
    """As Keras has it, by its Fourier transform, that of a frame of ones; without a window frames are as long as the FFT."""
    points, length, weights = layer.fft_length, layer.sequence_length, layer.window
    if not (weights is None or isinstance(weights, str)):
        count = np.size(weights)
        _demand(layer, count == length, f"its window has {count} numbers for frames of {length} samples", "Give it as many")
    ones = layer.backend.convert_to_tensor(np.ones((1, points), np.float32))
    real, imaginary = layer.backend.math.stft(ones, length, points, points, window=weights, center=False)
    whole = np.fft.irfft(np.asarray(real)[0, 0] + 1j * np.asarray(imaginary)[0, 0], points)
    left, length = (0, points) if weights is None else ((points - length) // 2, length)
    return whole[left : left + length]


def _mel_matrix(layer: Any) -> np.ndarray:
    """(bins, bands), by the layer itself."""
    matrix = layer.linear_to_mel_weight_matrix(
        num_mel_bins=layer.num_mel_bins, num_spectrogram_bins=layer.fft_length // 2 + 1, sampling_rate=layer.sampling_rate,
        lower_edge_hertz=layer.min_freq, upper_edge_hertz=layer.max_freq,
    )  # fmt: skip
    return np.asarray(matrix, np.float64)


def _bank(matrix: np.ndarray) -> list[tuple[int, list[float]]]:
    """First bin and weights of each band."""
    bank, first = [], 0
    for weights in matrix.T:
        (used,) = np.nonzero(weights)
        first = int(used[0]) if len(used) else first
        bank.append((first, [float(w) for w in weights[first : used[-1] + 1]] if len(used) else []))
    return bank


LAYERS: dict[str, Any] = {"STFTSpectrogram": stft_spectrogram, "MelSpectrogram": mel_spectrogram}
