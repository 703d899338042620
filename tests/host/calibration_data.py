"""Inputs for the public models: real sound where there is some, pictures of smooth noise else; fixed seeds.

Each function gives (calibration, evaluation), float32 arrays (n, *shape) with no sample in both.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

COUNT = 100  # calibration samples, the number that TensorFlow's guide suggests


def machine_sound(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """ad01: log-mel frames of a running machine, five in a window of 640 values; every other window to each part."""
    windows = np.fromfile(folder / "mlperf_tiny/normal_id_01_00000000_hist_librosa.bin", "<f4").reshape(-1, 640)
    return windows[::2], windows[1::2]


def speech(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """KWS: 49 frames of ten cepstral coefficients from one second at 16 kHz, of spoken digits in silence or noise."""
    rng = np.random.default_rng(7)
    files = sorted((folder / "fsdd").glob("*.wav"))
    chosen = rng.permutation(len(files))[: 4 * COUNT]
    features = np.array([_cepstrum(_second(_samples(files[i]), rng)) for i in chosen], np.float32)[..., None]
    return features[:COUNT], features[COUNT:]


def pictures(size: int, scale: float, count: int = 3 * COUNT) -> tuple[np.ndarray, np.ndarray]:
    """(n, size, size, 3) pictures with the falling spectrum of natural ones, whole numbers 0..255 times scale."""
    rng = np.random.default_rng(7)
    values = np.array([_picture(rng, size) for _ in range(count)])
    values = (np.round(255 * np.clip(values, 0, 1)) * scale).astype(np.float32)
    return values[:COUNT], values[COUNT:]


def _picture(rng: np.random.Generator, size: int) -> np.ndarray:
    """One picture around 0..1: noise common to the colours and noise of each, some contrast, some tint."""
    steps = np.fft.fftfreq(size)
    radius = np.hypot(steps[:, None], steps[None])
    radius[0, 0] = 1 / size
    slope = rng.uniform(0.8, 1.5)

    def noise() -> np.ndarray:
        plane = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) / radius**slope).real
        return plane / plane.std()

    common = noise()
    colours = np.stack([0.7 * common + 0.5 * noise() for _ in range(3)], axis=-1)
    return rng.uniform(0.3, 0.7) + colours * rng.uniform(0.1, 0.25) + 0.05 * rng.normal(size=3)


def _samples(path: Path) -> np.ndarray:
    """A recording as floats in [-1, 1] at 16 kHz (the files have 8 kHz: one value between each two)."""
    with wave.open(str(path)) as file:
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    return np.interp(np.arange(0, len(values), 0.5), np.arange(len(values)), values)


def _second(word: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The word somewhere in one second, mostly at full volume, in silence or noise."""
    sound = np.zeros(16000) if rng.random() < 0.3 else 10 ** rng.uniform(-4, -2) * rng.normal(size=16000)
    word = word[:16000] / np.abs(word).max() * (1 if rng.random() < 0.7 else rng.uniform(0.1, 1))
    start = rng.integers(0, 16001 - len(word))
    sound[start : start + len(word)] += word
    return sound


def _cepstrum(sound: np.ndarray) -> np.ndarray:
    """(49, 10): frames of 30 ms every 20 ms, 40 mel bands from 20 to 4000 Hz, logarithm, cosine transform."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 480)[::320][:49] * np.hanning(480)
    edges = 700 * (10 ** (np.linspace(*(2595 * np.log10(1 + np.array([20, 4000]) / 700)), 42) / 2595) - 1)
    bins = np.fft.rfftfreq(512, 1 / 16000)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    bands = np.abs(np.fft.rfft(frames, 512)) @ np.clip(np.minimum(rising, falling), 0, None)
    waves = np.cos(np.pi / 40 * (np.arange(40)[:, None] + 0.5) * np.arange(10)) * np.sqrt(2 / 40)
    return np.log(bands + 1e-6) @ waves
