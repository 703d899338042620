"""Trains an autoencoder on spectra of what is normal: who walks or stands. It has to squeeze 48 numbers through four.

    python train.py                            on the recordings of data/
    python train.py --data recordings.npz      on your own, as `upyml record` writes them: normal, and whatever else

writes model.upm for the board, with the threshold among its texts, and what else host_tools/project.py names. Half a minute
on two cores.
"""

from array import array
from pathlib import Path

import numpy as np
from main import BINS, HOP, RATE, UNIT, WINDOW, Spectrum

from host_tools import project

HERE = Path(__file__).parent
NORMAL = ("Standing", "Walking")
EPOCHS = 100
COPIES = 8  # of each window, louder or softer
HELD = 4  # every so many-th recording to train with sets the threshold instead
MARGIN = 1.0  # the threshold as a part of the error of the oddest window of those


def load():
    """Windows of normal movements to train with and to set the threshold with, those to test with, and which of these are odd."""
    data = np.load(HERE / "data/basic_motions.npz")
    normal = np.isin(data["labels"], NORMAL)
    parts = {}
    for part in ("train", "test"):
        found = [spectra(one[:, :3] / data["steps"]) for one in data[f"x_{part}"]]
        odd = ~normal[data[f"y_{part}"]]
        parts[part] = [x for x, is_odd in zip(found, odd) if not is_odd], [x for x, is_odd in zip(found, odd) if is_odd]
    return split(parts["train"][0], *parts["test"])


def load_own(path: str):
    """The same of recordings by `upyml record`: those with the label normal, and all others."""
    from host_tools import recordings

    data = recordings.load(path)
    if not 0.9 < data.rate / RATE < 1.1:
        raise SystemExit(f"{path} has {data.rate:g} samples a second: record with --rate {RATE}, or change RATE in main.py")
    pieces = [(piece.label, data.real(piece.counts)[:, :3]) for piece in data.pieces if len(piece.counts) >= WINDOW]
    normal = [spectra(x) for label, x in pieces if label == "normal"]
    odd = [spectra(x) for label, x in pieces if label != "normal"]
    if len(normal) < HELD or not odd:
        raise SystemExit(f"{path} needs {HELD} recordings with the label normal, and one with another to test with")
    test = normal[1::HELD]
    return split([x for i, x in enumerate(normal) if i % HELD != 1], test, odd)


def split(normal: list[np.ndarray], test: list[np.ndarray], odd: list[np.ndarray]):
    """What load() answers, of recordings: each HELD-th normal one sets the threshold."""
    x_test = np.concatenate([*test, *odd])
    is_odd = np.arange(len(x_test)) >= sum(map(len, test))
    return np.concatenate([x for i, x in enumerate(normal) if i % HELD]), np.concatenate(normal[::HELD]), x_test, is_odd


def spectra(recording: np.ndarray) -> np.ndarray:
    """(windows, 3 * BINS): what main.py computes of a recording (time, 3) in m/s2."""
    spectrum, counts = Spectrum(), np.trunc(recording / UNIT).astype(int)
    starts = range(0, len(counts) - WINDOW + 1, HOP)
    return np.array([spectrum(array("h", counts[s : s + WINDOW].ravel().tolist())) for s in starts], np.float32)


def varied(x: np.ndarray) -> np.ndarray:
    """The spectra, and COPIES of each with all of it louder or softer, and a little noise."""
    random = np.random.default_rng(1)
    copies = [x + random.normal(0, 0.3, (len(x), 1)) + random.normal(0, 0.3, x.shape) for _ in range(COPIES)]
    return np.concatenate([x, *copies]).astype(np.float32).clip(0)


def build(x: np.ndarray):
    """The untrained autoencoder, in the units of its input."""
    from keras import Input, Sequential, layers

    normalise = layers.Normalization()
    normalise.adapt(x)
    model = Sequential(
        [
            Input((3 * BINS,), name="spectrum"),
            normalise,
            layers.Dense(24, activation="relu"),
            layers.Dense(4, activation="relu"),
            layers.Dense(24, activation="relu"),
            layers.Dense(3 * BINS),
        ]
    )
    model.layers[-1].bias.assign(x.mean(axis=0))
    return model


def area(odd: np.ndarray, values: np.ndarray) -> float:
    """Under the ROC curve: how often something odd has a higher value than something normal."""
    high, low = values[odd], values[~odd]
    return float((high[:, None] > low).mean() + 0.5 * (high[:, None] == low).mean())


def main() -> None:
    run = project.begin(__doc__, EPOCHS, data="recordings by `upyml record`")
    x_train, held, x_test, odd = load_own(run.data) if run.data else load()
    model = build(x_train)
    many = varied(x_train)
    project.fit(run, model, many, many, "mse", batch_size=64)
    threshold = MARGIN * np.square(model.predict(held, verbose=0) - held).mean(axis=1).max()

    def score(drawn: np.ndarray) -> float:
        values = np.square(drawn - x_test).mean(axis=1)
        found, false = (values[odd] > threshold).mean(), (values[~odd] > threshold).mean()
        print(f"above the threshold: {found:.1%} of what is odd, {false:.1%} of what is normal")
        return area(odd, values)

    texts = {"threshold": f"{threshold:.5g}", "sample_rate": RATE}
    project.finish(run, model, x_train, x_test, score, texts, measure="area under the ROC curve")


if __name__ == "__main__":
    main()
