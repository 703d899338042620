"""Trains the gesture model: a small Conv1D network on four seconds of a watch's accelerometer and gyroscope.

    python examples/gesture/train.py --out build/gesture

writes gesture.keras, calibration.npz (x: samples for `upyml convert --data`) and test.npz (x, y: the test split, answers:
the float model's outputs for it). It takes well under a minute on two cores; seeds are fixed.
"""

import argparse
import contextlib
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np  # noqa: E402

HERE = Path(__file__).parent
SAMPLE_RATE = 10  # Hz
WINDOW = 40  # samples: four seconds
HOP = 10  # samples: an answer every second
EPOCHS = 40


def windows(recordings: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut recordings (n, time, channels) into windows (m, WINDOW, channels), HOP apart, and their labels (m,)."""
    starts = range(0, recordings.shape[1] - WINDOW + 1, HOP)
    cut = np.concatenate([recordings[:, start : start + WINDOW] for start in starts])
    return cut.astype(np.float32), np.tile(labels, len(starts))


def load() -> dict[str, np.ndarray]:
    """x_train, y_train, x_test, y_test as windows in the sensor's units; recordings are not split between the two."""
    data = np.load(HERE / "data/basic_motions.npz")
    parts = {}
    for part in ("train", "test"):
        recordings = data[f"x_{part}"] / np.float32(data["steps"])
        parts[f"x_{part}"], parts[f"y_{part}"] = windows(recordings, data[f"y_{part}"])
    return parts


def build(samples: np.ndarray):
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
            keras.layers.Dense(4, activation="softmax", name="activity"),
        ],
        name="gesture",
    )


@contextlib.contextmanager
def quiet():
    """Let nothing through to stderr meanwhile: TensorFlow's import writes alarming lines where there is no GPU."""
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/gesture"), help="folder for the results")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    with quiet():
        import keras
        import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(1)

    parts = load()
    model = build(parts["x_train"])
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(parts["x_train"], parts["y_train"], batch_size=32, epochs=EPOCHS, verbose=0)
    answers = model.predict(parts["x_test"], verbose=0)
    accuracy = (answers.argmax(axis=1) == parts["y_test"]).mean()
    print(f"{len(parts['x_train'])} windows to train, {len(parts['x_test'])} to test; accuracy {accuracy:.1%}")

    model.save(out / "gesture.keras")
    np.savez_compressed(out / "calibration.npz", x=parts["x_train"])
    np.savez_compressed(out / "test.npz", x=parts["x_test"], y=parts["y_test"], answers=answers)
    print(f"wrote gesture.keras, calibration.npz and test.npz to {out}")


if __name__ == "__main__":
    main()
