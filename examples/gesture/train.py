"""Trains the gesture model: a small Conv1D network on four seconds of a watch's accelerometer and gyroscope.

    python train.py                            on the recordings of data/
    python train.py --data recordings.npz      on your own, as `upyml record` writes them: a label for each movement

writes model.upm for the board, and what else host_tools/project.py names. Half a minute on two cores.
"""

from pathlib import Path

import numpy as np

from host_tools import project

HERE = Path(__file__).parent
SAMPLE_RATE = 10  # Hz
WINDOW = 40  # samples: four seconds
HOP = 10  # samples: an answer every second
EPOCHS = 40
TEST = 4  # every so many-th recording of your own tests


def windows(recordings: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut recordings (n, time, channels) into windows (m, WINDOW, channels), HOP apart, and their labels (m,)."""
    starts = range(0, recordings.shape[1] - WINDOW + 1, HOP)
    cut = np.concatenate([recordings[:, start : start + WINDOW] for start in starts])
    return cut.astype(np.float32), np.tile(labels, len(starts))


def load() -> dict[str, np.ndarray]:
    """x_train, y_train, x_test, y_test as windows in the sensor's units; recordings are not split between the two. labels."""
    data = np.load(HERE / "data/basic_motions.npz")
    parts = {"labels": data["labels"]}
    for part in ("train", "test"):
        recordings = data[f"x_{part}"] / np.float32(data["steps"])
        parts[f"x_{part}"], parts[f"y_{part}"] = windows(recordings, data[f"y_{part}"])
    return parts


def load_own(path: str) -> dict[str, np.ndarray]:
    """The same of recordings by `upyml record`."""
    from host_tools import recordings

    data = recordings.load(path)
    if not 0.9 < data.rate / SAMPLE_RATE < 1.1:
        raise SystemExit(f"{path} has {data.rate:g} samples a second: record with --rate {SAMPLE_RATE}, or change train.py")
    x, y, groups = data.windows(WINDOW, HOP)
    test = groups % TEST == TEST - 1
    if not len(x) or test.all() or not test.any():
        raise SystemExit(f"{path} needs {TEST} recordings at least, each longer than {WINDOW / SAMPLE_RATE:g} seconds")
    return {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test], "labels": np.array(data.labels)}


def build(samples: np.ndarray, classes: int = 4):
    """The untrained model. The normalisation is folded into the first convolution when the model is converted."""
    import keras

    normalise = keras.layers.Normalization()
    normalise.adapt(samples)
    return keras.Sequential(
        [
            keras.Input(shape=samples.shape[1:], name="motion"),
            normalise,
            keras.layers.Conv1D(16, 5, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling1D(2),
            keras.layers.Conv1D(32, 3, activation="relu"),
            keras.layers.MaxPooling1D(2),
            keras.layers.Conv1D(32, 3, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(classes, activation="softmax", name="activity"),
        ],
        name="gesture",
    )


def main() -> None:
    run = project.begin(__doc__, EPOCHS, data="recordings by `upyml record`")
    parts = load_own(run.data) if run.data else load()
    y_test, labels = parts["y_test"], parts["labels"]
    model = build(parts["x_train"], len(labels))
    project.fit(run, model, parts["x_train"], parts["y_train"], "sparse_categorical_crossentropy")
    project.finish(
        run,
        model,
        parts["x_train"],
        parts["x_test"],
        lambda answers: (answers.argmax(axis=1) == y_test).mean(),
        {"labels": "\n".join(labels), "sample_rate": SAMPLE_RATE, "hop": HOP},
    )


if __name__ == "__main__":
    main()
