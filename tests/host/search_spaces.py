"""Small spaces for the tests of `upyml search`: dense classifiers of points around three centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np

# Untrained: a trial takes a fraction of a second. The score is how far the engine's outputs for the test data reach.
QUICK = """
import keras
import numpy as np

def build(trial):
    units = trial.suggest_int("units", 4, 20, step=4)
    activation = trial.suggest_categorical("activation", ["relu", "tanh"])
    layers = [keras.Input((8,)), keras.layers.Dense(units, activation=activation)]
    return keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])

def train(model, data, trial):
    pass

def evaluate(predict, data):
    return predict(data.x_test).max()
"""

# As the first sentence of README has it: nothing but build().
PLAIN = """
import keras

def build(trial):
    units = trial.suggest_categorical("units", [24, 600])
    layers = [keras.Input((8,)), keras.layers.Dense(units, activation="relu")]
    return keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
"""


def points(count: int = 240) -> dict[str, np.ndarray]:
    """x (n, 8) around three centres, y (n,) whose."""
    chance = np.random.default_rng(2)
    y = np.arange(count) % 3
    centres = chance.normal(0, 2, (3, 8))
    return {"x": (centres[y] + chance.normal(size=(count, 8))).astype(np.float32), "y": y}


def write(folder: Path, text: str = QUICK) -> None:
    """space.py and train.npz."""
    (folder / "space.py").write_text(text)
    np.savez(folder / "train.npz", **points())
