"""A spoken digit from raw samples to its label, front end in the file: python tests/bench/sound.py [folder]; writes spoken.upm
and prints accuracy, bytes, and what it takes on the emulated Pico. Data: ../shared/data/fsdd, see compression/tasks.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "compression"))
import tasks  # noqa: E402

from host_tools import bench, boards  # noqa: E402
from host_tools.convert import convert  # noqa: E402
from host_tools.sound import MelFeatures  # noqa: E402

RATE, SAMPLES = 8000, 8000
FEATURES = MelFeatures(RATE, window_ms=32, hop_ms=16, channels=20, lower=100, upper=3800)
EPOCHS, COPIES = 40, 6
FRONT_END = ("mel_energies", "log_energies", "requantize")


def clips():
    """((clips, labels) to train with, to test with): int16 clips of one second, the recording in the middle, speakers mixed."""
    files = sorted((tasks.SHARED / "data" / "fsdd").glob("*.wav"))
    if not files:
        raise tasks.Missing("600 recordings of spoken digits: put them at ../shared/data/fsdd, or set UPYML_SHARED")
    x, y, held = [], [], []
    for path in files:
        digit, _, take = path.stem.split("_")
        x.append(centred(np.rint(tasks._samples(path) * 32768).astype(np.int16)))
        y.append(int(digit))
        held.append(int(take) >= tasks.TAKES_TO_TRAIN)
    x, y, held = np.array(x), np.array(y), np.array(held)
    return (x[~held], y[~held]), (x[held], y[held])


def centred(samples, room: int = SAMPLES):
    """The loudest part of a recording, or all of it with silence around."""
    if len(samples) > room:
        energy = np.cumsum(np.concatenate([[0], samples.astype(np.float64) ** 2]))
        start = int(np.argmax(energy[room:] - energy[:-room]))
        return samples[start : start + room]
    before = (room - len(samples)) // 2
    return np.pad(samples, (before, room - len(samples) - before))


def varied(x: np.ndarray) -> np.ndarray:
    """The clips, and COPIES of each moved, louder or softer, with noise."""
    random, parts = np.random.default_rng(1), [x]
    for _ in range(COPIES):
        moved = np.array([np.roll(one, random.integers(-1200, 1200)) for one in x]).astype(np.float32)
        moved *= random.uniform(0.4, 1.6, (len(x), 1)).astype(np.float32)
        moved += random.normal(0, 1, x.shape) * random.uniform(0, 60, (len(x), 1))
        parts.append(np.clip(moved, -32768, 32767).astype(np.int16))
    return np.concatenate(parts)


def build(shape):
    """The untrained network on features."""
    import keras

    L = keras.layers
    layers = [keras.Input((*shape, 1)), L.Conv2D(12, 3, strides=2, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU()]
    for channels, stride in ((24, 2), (40, 2), (48, 1)):
        layers += [L.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU()]
        layers += [L.Conv2D(channels, 1, use_bias=False), L.BatchNormalization(), L.ReLU()]
    return keras.Sequential([*layers, L.Flatten(), L.Dropout(0.3), L.Dense(10, activation="softmax")])


def trained(x: np.ndarray, y: np.ndarray):
    """The float network."""
    import keras

    keras.utils.set_random_seed(3)
    model = build(FEATURES.shape(SAMPLES))
    steps = EPOCHS * -(-len(x) // 32)
    rate = keras.optimizers.schedules.CosineDecay(0.003, steps)
    model.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=EPOCHS, verbose=0)
    return model


def accuracy(file: bytes, x: np.ndarray, y: np.ndarray) -> float:
    """Of a model file that takes clips."""
    import upyml

    model, right = upyml.load(file), 0
    for clip, label in zip(x, y):
        model.reset()
        model.input[:] = memoryview(np.ascontiguousarray(clip))
        model.run()
        right += int(np.argmax(model.output) == label)
    return right / len(x)


def measure(folder: Path) -> dict:
    """Trains, converts, and counts."""
    (x, y), (x_test, y_test) = clips()
    many = varied(x)
    features = FEATURES.real(FEATURES(many))[..., None]
    network = trained(features, np.tile(y, 1 + COPIES))
    exact = network.predict(FEATURES.real(FEATURES(x_test))[..., None], verbose=0).argmax(axis=1)
    labels = "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine"
    done = convert(network, x, {"name": "spoken digits", "labels": labels}, front_end=FEATURES)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spoken.upm").write_bytes(done.file)
    return {
        "accuracy_float": float(np.mean(exact == y_test)),
        "accuracy": accuracy(done.file, x_test, y_test),
        "file_bytes": len(done.file),
        "clips": len(x_test),
        "same_in_python": same_in_python(done.file, x_test[:3]),
        **on_a_pico(done.file),
    }


def same_in_python(file: bytes, clips: np.ndarray) -> bool:
    """Whether the engine in plain Python, which CircuitPython runs, gives the same bytes."""
    import upyml
    import upyml._reference

    outputs = []
    for engine in (None, upyml._reference):
        model = upyml.load(file, engine) if engine else upyml.load(file)
        for clip in clips:
            model.reset()
            model.input[:] = memoryview(np.ascontiguousarray(clip))
            model.run()
            outputs.append(bytes(memoryview(model.output).cast("B")))
    return outputs[: len(clips)] == outputs[len(clips) :]


def on_a_pico(file: bytes) -> dict:
    """Cycles of a second of sound on the emulated chip, which stops where an output is not that of this computer."""
    counted = bench.count(file, boards.all()["pico"])
    front = sum(layer["cycles"] for layer in counted["layers"] if layer["op"] in FRONT_END)
    return {
        "cycles": counted["cycles"],
        "ms_at_133_mhz": counted["cycles"] / 133e3,
        "front_end_share": front / counted["cycles"],
        "arena_bytes": counted["arena_bytes"],
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/sound")
    print(json.dumps(measure(folder), indent=1))
