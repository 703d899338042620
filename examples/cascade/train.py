"""Trains two models for digits: a small one for the board, and a larger one for server.py that is asked when that is not sure.

    python train.py

writes model.upm for the board, server/model.upm, and what else host_tools/project.py names. A minute on two cores.
"""

import argparse
from pathlib import Path

import numpy as np

from host_tools import project

HERE = Path(__file__).parent
LABELS = [str(digit) for digit in range(10)]
SURE = 0.8  # scores of the small model below this make the board ask
EPOCHS = 16


def load():
    """x_train, y_train, x_test, y_test: images (n, 28, 28, 1) of 0 to 255, and their digits."""
    data = np.load(HERE / "data/digits.npz")
    x = [data[f"x_{part}"][..., None].astype(np.float32) * 255 // (data["levels"] - 1) for part in ("train", "test")]
    return x[0], data["y_train"], x[1], data["y_test"]


def build_small():
    """A few convolutions on pixels of a quarter of the resolution, 14 x 14."""
    from keras import Input, Sequential, layers

    stack = [Input((28, 28, 1), name="image"), layers.AveragePooling2D(2), layers.Rescaling(1 / 255)]
    stack += [layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu") for filters in (6, 8)]
    return Sequential([*stack, layers.Flatten(), layers.Dense(10, activation="softmax")])


def build_large():
    """Convolutions on all pixels."""
    from keras import Input, Sequential, layers

    stack = [Input((28, 28, 1), name="image"), layers.Rescaling(1 / 255)]
    for filters in (16, 24, 32):
        stack += [layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False), layers.BatchNormalization()]
        stack.append(layers.ReLU())
    return Sequential([*stack, layers.Flatten(), layers.Dropout(0.4), layers.Dense(10, activation="softmax")])


def main() -> None:
    run = project.begin(__doc__, EPOCHS)
    x_train, y_train, x_test, y_test = load()
    answers = {}
    for name, model, folder in (("server", build_large(), run.folder / "server"), ("board", build_small(), run.folder)):
        folder.mkdir(exist_ok=True)
        part = argparse.Namespace(**{**vars(run), "folder": folder})
        project.fit(part, model, x_train, y_train, "sparse_categorical_crossentropy", rate=0.005)

        def right(scores: np.ndarray, name: str = name) -> float:
            answers[name] = scores  # those of the int8 model come last
            return (scores.argmax(axis=1) == y_test).mean()

        texts = {"labels": "\n".join(LABELS), "sure": SURE}
        project.finish(part, model, x_train, x_test, right, texts)
    unsure = answers["board"].max(axis=1) < SURE
    both = np.where(unsure, answers["server"].argmax(axis=1), answers["board"].argmax(axis=1))
    print(f"together: {(both == y_test).mean():.1%} right, {unsure.mean():.1%} of the images asked")


if __name__ == "__main__":
    main()
