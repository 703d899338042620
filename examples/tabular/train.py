"""Trains a forecast of the next night's cold: a small network on six numbers.

    python train.py

writes model.upm for the board, and what else host_tools/project.py names. Ten seconds on two cores.
"""

import csv
from datetime import date
from pathlib import Path

import numpy as np
from main import features

from host_tools import project

HERE = Path(__file__).parent
EPOCHS = 40
TEST_FROM = date(2015, 1, 1)


def load():
    """x_train, y_train, x_test, y_test: features() of each day, and how cold the next one became."""
    rows = list(csv.DictReader((HERE / "data/seattle.csv").open()))
    dates = [date.fromisoformat(row["date"]) for row in rows]
    days = [
        (float(row["warmest"]), float(row["coldest"]), day.timetuple().tm_yday) for row, day in zip(rows, dates, strict=True)
    ]
    x = np.array([features(day, before) for before, day in zip(days, days[1:-1])], np.float32)
    y = np.array([day[1] for day in days[2:]], np.float32)
    test = np.array([day >= TEST_FROM for day in dates[2:]])
    return x[~test], y[~test], x[test], y[test]


def build(x: np.ndarray, y: np.ndarray):
    """The untrained model: a straight line through all six numbers, and what a few neurons find beside it."""
    from keras import Input, Model, layers, regularizers

    normalise = layers.Normalization()
    normalise.adapt(x)
    days = Input(x.shape[1:], name="days")
    known = normalise(days)
    bent = layers.Dense(16, activation="tanh", kernel_regularizer=regularizers.L2(0.01))(known)
    night = layers.Add()([layers.Dense(1)(known), layers.Dense(1)(bent)])
    return Model(days, layers.Rescaling(float(y.std()), float(y.mean()))(night))


def main() -> None:
    run = project.begin(__doc__, EPOCHS)
    x_train, y_train, x_test, y_test = load()
    model = build(x_train, y_train)
    project.fit(run, model, x_train, y_train, "mae", rate=0.01)
    project.finish(
        run, model, x_train, x_test, lambda answers: np.abs(answers[:, 0] - y_test).mean(), {}, measure="mean error in degrees C"
    )
    same = np.abs(x_test[:, 1] - y_test).mean()
    print(f"to say that the next night will be as this one errs by {same:.4g} degrees")


if __name__ == "__main__":
    main()
