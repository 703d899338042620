"""Small models with samples for reports: made in memory, with a known answer to each question."""

from __future__ import annotations

import numpy as np
import small_models

import upyml
from host_tools.convert import convert

LABELS = ("rest", "shake", "turn", "tap")


def gesture(folder, wrong=7):
    """A classifier of windows, and 60 samples; y is what it answers, but for `wrong` of them, which are one class further."""
    (folder / "gesture.upm").write_bytes(small_models.gesture())
    x = np.random.default_rng(3).normal(0, 2, (60, 32, 6)).astype(np.float32)
    model = upyml.load(small_models.gesture())
    y = np.array([LABELS.index(model.classify(one)[0]) for one in x])
    y[:wrong] = (y[:wrong] + 1) % len(LABELS)
    np.savez(folder / "gesture.npz", x=x, y=y)
    return x, y


def values(folder):
    """Two values of eight, as a .keras and a .upm file, and 300 samples with what is right."""
    import keras

    x = np.random.default_rng(4).uniform(-1, 1, (300, 8)).astype(np.float32)
    y = np.stack([x[:, 0] + 0.5 * x[:, 1], x[:, 2] - x[:, 3] + 3], axis=1)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, name="air")])
    model.set_weights([np.linalg.lstsq(np.c_[x, np.ones(300)], y, rcond=None)[0][:8], np.array([0, 3])])
    _saved(folder, "air", model, x, {"labels": "ozone\nPM2.5"})
    np.savez(folder / "air.npz", x=x, y=y)
    return x, y


def motion():
    """A Keras classifier of windows of 24 frames of 3 values, causal: it can be streamed."""
    import keras

    keras.utils.set_random_seed(5)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 3)),
            layers.Conv1D(8, 5, padding="causal", activation="relu", name="first"),
            layers.Conv1D(12, 3, strides=2, padding="causal", activation="relu", name="second"),
            layers.GlobalAveragePooling1D(name="middle"),
            layers.Dense(4, name="last"),
            layers.Softmax(name="chances"),
        ]
    )


def windows(count=64):
    """Samples for motion(): slow waves."""
    random = np.random.default_rng(6)
    t = np.arange(24)[None, :, None]
    waves = np.sin(t * random.uniform(0.1, 1.2, (count, 1, 3)) + random.uniform(0, 6, (count, 1, 3)))
    return (random.uniform(0.2, 3, (count, 1, 3)) * waves).astype(np.float32)


def moving(folder, name="motion", **options):
    """motion() as .keras and .upm, and samples with the classes that it answers."""
    model, x = motion(), windows()
    _saved(folder, name, model, x, {"labels": "\n".join(LABELS)}, **options)
    np.savez(folder / f"{name}.npz", x=x, y=model.predict(x, verbose=0).argmax(axis=1))
    return model, x


def _saved(folder, name, model, x, metadata, **options):
    model.save(folder / f"{name}.keras")
    (folder / f"{name}.upm").write_bytes(convert(model, x[:48], {"name": name, **metadata}, **options).file)
