"""MLPerf Tiny's anomaly detector with three quarters of its weights pruned, from the float model alone.

Its training data is not here: the pruned copy learns the float model's own outputs, on windows of one machine's sound with
noise. What counts of an autoencoder is the anomaly score, the mean squared difference of input and output; what pruning
does to it is told on windows that nothing was trained on: half of the recording, as it is and with noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import upyml
from host_tools.convert import convert
from host_tools.emulators import counts

SPARSITIES, PATTERN = (0.75, 0.8), "block4x2"
COPIES, NOISE = 40, (0.5, 6.0)  # of each window; standard deviation of the noise, in dB as the frames are
EPOCHS, BATCH, RATE = 60, 64, 0.003
CALIBRATION = 400  # samples
FILES = ("models/mlperf_tiny/ad01.h5", "data/mlperf_tiny/normal_id_01_00000000_hist_librosa.bin")


@dataclass(frozen=True)
class Row:
    """A variant of the model. score_error: the mean of |score - the float model's| / the float model's."""

    variant: str
    score_error: float
    upm_bytes: int | None = None
    arena_bytes: int | None = None
    cortex_m0_cycles: int | None = None


def rows(shared: Path):
    """The rows, one by one. shared: the folder of public models and data."""
    import keras

    from host_tools.compress.pruning import prune

    model = keras.models.load_model(shared / FILES[0], compile=False)
    windows = np.fromfile(shared / FILES[1], "<f4").reshape(-1, 640)
    random = np.random.default_rng(1)
    train, held = (_noisy(part, random, copies) for part, copies in ((windows[::2], COPIES), (windows[1::2], 4)))
    answers = model.predict(train, verbose=0)
    expected = _scores(held, model.predict(held, verbose=0))

    def fit(copy, callbacks):
        steps = EPOCHS * -(-len(train) // BATCH)
        copy.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)), "mse")
        copy.fit(train, answers, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=callbacks)

    def row(variant, model):
        file = convert(model, train[:: len(train) // CALIBRATION]).file
        engine = upyml.load(file)
        outputs = np.array([engine.predict(x) for x in held])
        counted = counts.count(file)
        return Row(variant, _error(held, outputs, expected), len(file), counted.arena, counted.run)

    yield row("int8", model)
    for sparsity in SPARSITIES:
        keras.utils.set_random_seed(1)
        yield row(f"{sparsity:.0%} of blocks pruned", prune(model, sparsity, PATTERN, fit))


def _noisy(windows: np.ndarray, random: np.random.Generator, copies: int) -> np.ndarray:
    """The windows, and copies of them with noise of several levels."""
    level = random.uniform(*NOISE, (copies, len(windows), 1))
    noisy = windows + level * random.normal(size=(copies, *windows.shape))
    return np.concatenate([windows, noisy.reshape(-1, windows.shape[1])]).astype(np.float32)


def _scores(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.square(x - y).mean(axis=1)


def _error(x: np.ndarray, y: np.ndarray, expected: np.ndarray) -> float:
    return float((np.abs(_scores(x, y) - expected) / expected).mean())
