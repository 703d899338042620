"""Tiny transformers on real data: accuracy of the float and of the int8 model, bytes, RAM, cycles of a Cortex-M0+.

    python tests/bench/transformer.py [TASK...]       gesture and spoken of compression/tasks.py; both by default

Training has a fixed seed; the test recordings are never seen by it. Prints the rows of docs/transformers.md and writes
build/transformer.json: {TASK: {"parameters", "float", "int8", "upm_bytes", "arena_bytes", "cortex_m0_cycles"}}.
The models lie in build/transformer/.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "compression")]
import measure  # noqa: E402
import numpy as np  # noqa: E402
import tasks  # noqa: E402

from host_tools.convert import convert  # noqa: E402

BUILD = ROOT / "build" / "transformer"
CALIBRATION = 400  # samples


def positions_class():
    """A learned vector for each step: a layer of one's own, which the converter follows."""
    import keras

    @keras.saving.register_keras_serializable("upyml_bench")
    class Positions(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=shape[1:], initializer=keras.initializers.RandomNormal(0.02), name="table")

        def call(self, x):
            return x + self.table

    return Positions


def block(x, width: int, heads: int, inner: int, dropout: float):
    """Attention and a dense layer for each step, each with its normalization before and its input added."""
    from keras import layers

    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(heads, width // heads, dropout=dropout)(y, y)
    x = layers.Add()([x, layers.Dropout(dropout)(y)])
    y = layers.LayerNormalization()(x)
    y = layers.Dense(inner, activation="gelu")(y)
    y = layers.Dense(width)(y)
    return layers.Add()([x, layers.Dropout(dropout)(y)])


def build(task, width: int, heads: int, blocks: int, classes: int, dropout: float):
    """Steps of two samples or frames each by a strided convolution, then blocks, their mean, the classes."""
    import keras
    from keras import layers

    normalise = layers.Normalization()
    x = task.x_train.reshape(*task.x_train.shape[:3])
    normalise.adapt(x)
    inputs = keras.Input(x.shape[1:], name="steps")
    y = layers.Conv1D(width, 5, strides=2, padding="same")(normalise(inputs))
    y = positions_class()(name="positions")(y)
    for _ in range(blocks):
        y = block(y, width, heads, 2 * width, dropout)
    y = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(y))
    y = layers.Dropout(dropout)(y)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", name="kind")(y), name=f"{task.name}-transformer")


MODELS = {
    "gesture": {"width": 16, "heads": 2, "blocks": 1, "classes": 4, "dropout": 0.2},
    "spoken": {"width": 32, "heads": 4, "blocks": 2, "classes": 10, "dropout": 0.2},
}
EPOCHS = {"gesture": 60, "spoken": 60}


def trained(task):
    import keras

    keras.utils.set_random_seed(1)
    model = build(task, **MODELS[task.name])
    steps = EPOCHS[task.name] * -(-len(task.x_train) // task.batch)
    warmup = steps // 10
    rates = keras.optimizers.schedules.CosineDecay(
        1e-4, steps - warmup, alpha=0.01, warmup_target=2e-3, warmup_steps=warmup
    )
    model.compile(keras.optimizers.Adam(rates), "sparse_categorical_crossentropy")
    x = task.x_train.reshape(len(task.x_train), *model.input_shape[1:])
    model.fit(x, task.y_train, batch_size=task.batch, epochs=EPOCHS[task.name], verbose=0)
    return model


def row(name: str) -> dict:
    """Trains, converts and measures."""
    task = tasks.load(name)
    model = trained(task)
    x = task.x_test.reshape(len(task.x_test), *model.input_shape[1:])
    exact = float((model.predict(x, verbose=0).argmax(axis=1) == task.y_test).mean())
    data = task.x_train.reshape(len(task.x_train), *model.input_shape[1:])
    file = convert(model, data[:: max(1, len(data) // CALIBRATION)]).file
    BUILD.mkdir(parents=True, exist_ok=True)
    model.save(BUILD / f"{name}.keras")
    np.savez_compressed(BUILD / f"{name}.npz", x=x, y=task.y_test, calibration=data[:: max(1, len(data) // CALIBRATION)])
    (BUILD / f"{name}.upm").write_bytes(file)
    found = measure.of_file(task, "int8", file)
    return {
        "parameters": model.count_params(),
        "float": exact,
        "int8": found.accuracy,
        "upm_bytes": found.upm_bytes,
        "arena_bytes": found.arena_bytes,
        "cortex_m0_cycles": found.cortex_m0_cycles,
    }


def main(*names: str) -> None:
    result = {}
    for name in names or MODELS:
        result[name] = made = row(name)
        print(
            f"| {name} | {made['parameters']:,} | {made['float']:.1%} | {made['int8']:.1%} | {made['upm_bytes']:,} | "
            f"{made['arena_bytes']:,} | {made['cortex_m0_cycles']:,} |",
            flush=True,
        )
    (ROOT / "build" / "transformer.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    with tasks.gesture_example.quiet():
        import keras  # noqa: F401
    main(*sys.argv[1:])
