"""Trains a model that tells the heart rate from eight seconds of pulse, 40 to 180 beats a minute.

    python train.py

writes model.upm for the board, and what else host_tools/project.py names. A minute on two cores.

The recording is of one person whose heart beats 80 to 110 times a minute. Played faster or slower it has other rates: so the
model sees all of them, and is tested with them.
"""

from array import array
from pathlib import Path

import numpy as np
from main import RATE, WINDOW, pulse_of

from host_tools import project

HERE = Path(__file__).parent
EPOCHS = 20
TRAIN = 0.7  # of the recording, its begin; the rest tests
COPIES = 6  # of each window, played at another speed
SPEEDS = 0.5, 1.8
TEST_SPEEDS = 0.6, 0.8, 1.0, 1.25, 1.6
STEP = 25  # samples from window to window
AROUND = 300  # samples in which the true rate is measured
CLEAR = 0.5  # windows whose pulse is less like itself one beat later are left out: nobody could count there


def true_rate(counts: np.ndarray) -> tuple[float, float]:
    """(beats a minute, how clear): the shift at which the pulse is most like itself, as seen in a longer stretch."""
    pulse = counts - np.convolve(np.pad(counts, 12, "edge"), np.ones(25) / 25, "valid")
    alike = np.correlate(pulse, pulse, "full")[len(pulse) - 1 :]
    low, high = RATE * 60 // 150, RATE * 60 // 55  # shifts of one beat
    at = low + int(np.argmax(alike[low:high]))
    before, top, after = alike[at - 1 : at + 2]
    shift = at + 0.5 * (before - after) / (before - 2 * top + after)  # between the samples
    return 60 * RATE / shift, top / alike[0]


def played(counts: np.ndarray, start: int, speed: float) -> np.ndarray:
    """The model's input: a window whose middle lies at `start`, at another speed."""
    places = start + (np.arange(WINDOW) - WINDOW / 2) * speed
    window = np.interp(places, np.arange(len(counts)), counts)
    return np.array(pulse_of(array("h", np.rint(window).astype(int).tolist()), array("f", [0.0] * WINDOW)), np.float32)


def load():
    """x_train, y_train, x_test, y_test, and which of the latter are played as recorded."""
    counts = np.load(HERE / "data/pulse.npz")["counts"].ravel().astype(float)
    random = np.random.default_rng(1)
    border = TRAIN * len(counts)
    train, test = [], []
    for start in range(AROUND // 2, len(counts) - AROUND // 2, STEP):
        rate, clear = true_rate(counts[start - AROUND // 2 : start + AROUND // 2])
        if clear < CLEAR:
            continue
        if start < border - WINDOW:
            speeds = np.exp(random.uniform(*np.log(SPEEDS), COPIES))
            train += [(played(counts, start, speed), rate * speed) for speed in speeds]
        elif start > border + WINDOW:
            test += [(played(counts, start, speed), rate * speed, speed == 1) for speed in TEST_SPEEDS]
    x_train, y_train = (np.array(values, np.float32) for values in zip(*train))
    x_test, y_test, same = map(np.array, zip(*test))
    return x_train[..., None], y_train, x_test[..., None], y_test, same


def build(y: np.ndarray):
    """The untrained model."""
    from keras import Input, Sequential, layers

    stack = [Input((WINDOW, 1), name="pulse")]
    for filters, kernel in ((12, 9), (16, 7), (24, 5)):
        stack += [layers.Conv1D(filters, kernel, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    stack += [layers.GlobalAveragePooling1D(), layers.Dense(24, activation="relu"), layers.Dense(1)]
    return Sequential([*stack, layers.Rescaling(float(y.std()), float(y.mean()))])


def main() -> None:
    run = project.begin(__doc__, EPOCHS)
    x_train, y_train, x_test, y_test, same = load()
    model = build(y_train)
    project.fit(run, model, x_train, y_train, "mae")

    def score(answers: np.ndarray) -> float:
        errors = np.abs(answers[:, 0] - y_test)
        usual = np.abs(np.median(y_test[same]) - y_test[same]).mean()
        print(f"as recorded: {errors[same].mean():.3g}, where the middle rate, told always, has {usual:.3g}")
        return errors.mean()

    project.finish(run, model, x_train, x_test, score, {"sample_rate": RATE}, measure="mean error in beats a minute")


if __name__ == "__main__":
    main()
