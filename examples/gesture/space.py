"""Which gesture models `upyml search` tries: one to three convolutions, wider or narrower, with long or short kernels.

    upyml search examples/gesture/space.py --board pico --max-ms 2 --trials 20 -o build/gesture/search

It trains on the windows of train.py; the accuracy is that of the int8 model on its test split.
"""

import keras
from train import load

WINDOWS = load()


def build(trial):
    """The candidate of a trial, untrained."""
    normalise = keras.layers.Normalization()
    normalise.adapt(WINDOWS["x_train"])
    layers = [keras.Input(WINDOWS["x_train"].shape[1:], name="motion"), normalise]
    for i in range(trial.suggest_int("convolutions", 1, 3)):
        filters = trial.suggest_int(f"filters_{i}", 4, 32, step=4)
        kernel = trial.suggest_categorical(f"kernel_{i}", [3, 5])
        layers.append(keras.layers.Conv1D(filters, kernel, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling1D(2))
    layers += [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(4, activation="softmax", name="activity")]
    return keras.Sequential(layers, name="gesture")


def load_data():
    """((x_train, y_train), (x_test, y_test)): windows in the sensor's units, and which movement each shows."""
    return (WINDOWS["x_train"], WINDOWS["y_train"]), (WINDOWS["x_test"], WINDOWS["y_test"])
