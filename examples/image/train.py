"""Trains the digit model: small convolutions on 28 x 28 pixels of grey, light ink on dark.

    python train.py

writes model.upm for the board, and what else host_tools/project.py names. Half a minute on two cores.
"""

from pathlib import Path

import numpy as np

from host_tools import project

HERE = Path(__file__).parent
LABELS = [str(digit) for digit in range(10)]
EPOCHS = 10
COPIES = 1  # of each image, moved by up to two pixels


def load():
    """x_train, y_train, x_test, y_test: images (n, 28, 28, 1) of 0 to 255, and their digits."""
    data = np.load(HERE / "data/digits.npz")
    x = [data[f"x_{part}"][..., None].astype(np.float32) * 255 // (data["levels"] - 1) for part in ("train", "test")]
    return x[0], data["y_train"], x[1], data["y_test"]


def moved(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images, and COPIES of each that lie elsewhere."""
    random = np.random.default_rng(1)
    copies = [np.roll(image, random.integers(-2, 3, 2), axis=(0, 1)) for _ in range(COPIES) for image in x]
    return np.concatenate([x, copies]), np.tile(y, 1 + COPIES)


def build():
    """The untrained model; it takes pixels as a camera gives them."""
    from keras import Input, Sequential, layers

    stack = [Input((28, 28, 1), name="image"), layers.Rescaling(1 / 255)]
    for filters in (8, 16, 32):
        stack += [layers.Conv2D(filters, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]
        stack.append(layers.MaxPooling2D(2))
    return Sequential([*stack, layers.Flatten(), layers.Dropout(0.3), layers.Dense(10, activation="softmax")])


def main() -> None:
    run = project.begin(__doc__, EPOCHS)
    x_train, y_train, x_test, y_test = load()
    model = build()
    project.fit(run, model, *moved(x_train, y_train), "sparse_categorical_crossentropy", batch_size=64)
    project.finish(
        run,
        model,
        x_train,
        x_test,
        lambda answers: (answers.argmax(axis=1) == y_test).mean(),
        {"labels": "\n".join(LABELS)},
    )


if __name__ == "__main__":
    main()
