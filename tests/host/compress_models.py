"""What the tests of compression share: a network and pictures that it learns in seconds, and integer weights by layer."""

from __future__ import annotations

import numpy as np
from keras_models import L, keras

from host_tools.graph import Graph
from host_tools.passes.bits import layer_of, set_bits
from host_tools.passes.normalise import normalise
from host_tools.passes.search import search
from host_tools.readers import keras_reader


def stripes(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(count, 10, 10, 1) noisy pictures of stripes in one of four directions, and which."""
    chance = np.random.default_rng(seed)
    kinds = chance.integers(0, 4, count)
    rows, columns = np.mgrid[:10, :10]
    along = np.stack([rows, columns, rows + columns, rows - columns])[kinds]
    phase = chance.uniform(0, 6.3, (count, 1, 1))
    x = np.sin(1.6 * along + phase) + chance.normal(size=along.shape)
    return x[..., None].astype("f"), kinds


def network() -> keras.Model:
    """Layers with weights: conv, depth, point and dense; before training."""
    return keras.Sequential(
        [
            keras.Input((10, 10, 1)),
            L.Rescaling(0.5, name="half"),
            L.Conv2D(8, 3, strides=2, use_bias=False, name="conv"),
            L.BatchNormalization(),
            L.ReLU(6.0),
            L.DepthwiseConv2D(3, padding="same", activation="relu", name="depth"),
            L.Conv2D(12, 1, name="point"),
            L.Dropout(0.1),
            L.Activation("hard_silu"),
            L.AveragePooling2D(2),
            L.Flatten(),
            L.Dense(4, activation="softmax", name="dense"),
        ]
    )


def trained(model, x, y, rate: float, epochs: int, eagerly: bool = False):
    """The model itself, trained to tell classes y."""
    keras.utils.set_random_seed(1)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", run_eagerly=eagerly)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model


def weights(made: Graph) -> dict[str, list[np.ndarray]]:
    """The integer weights by layer."""
    found: dict[str, list[np.ndarray]] = {}
    for op in made.ops:
        if op.kind in ("conv2d", "depthwise_conv2d", "fully_connected"):
            found.setdefault(layer_of(op), []).append(op.inputs[1].data)
    return found


def quantized(source, samples, bits=8, **options) -> Graph:
    """The int8 graph of a Keras model."""
    return search(set_bits(normalise(keras_reader.read(source)), bits), samples, **options)


def largest(source, samples, **options) -> dict[str, list[int]]:
    """The largest integer weights by layer, one an op."""
    return {name: [int(np.abs(part).max()) for part in parts]
            for name, parts in weights(quantized(source, samples, **options)).items()}  # fmt: skip
