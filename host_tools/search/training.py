"""How a candidate is trained and scored where space.py says nothing of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.search.data import Data, classes

EPOCHS, BATCH = 20, 32
_PATIENCE = 0.25  # of the epochs, without a better loss on samples that are not trained on


def train(model: Any, data: Data, epochs: int = EPOCHS) -> None:
    """Fits a classifier: as it was compiled, or with Adam and cross entropy of whatever its last activation makes.

    A fifth of the training samples tells when to end; the weights of the best epoch stay. Raises ConversionError where
    labels and outputs do not go together.
    """
    import keras

    if not model.compiled:
        y, loss = labels_and_loss(model, data)
        model.compile(keras.optimizers.Adam(0.003), loss)
    else:
        y = data.y_train
    order = np.random.default_rng(0).permutation(len(y))  # validation_split takes the last ones, which may be one class
    stop = keras.callbacks.EarlyStopping(patience=max(2, round(_PATIENCE * epochs)), restore_best_weights=True)
    model.fit(
        data.x_train[order], y[order], batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[stop], validation_split=0.2
    )


def labels_and_loss(model: Any, data: Data):
    """What a classifier is fitted to, and its loss. Raises ConversionError where labels and outputs do not go together."""
    import keras

    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        shapes = ", ".join(str(tuple(output.shape)) for output in model.outputs)
        raise ConversionError(f"the model's output has shape {shapes}, no classes: space.py needs train() and evaluate()")
    units, labels = model.outputs[0].shape[-1], classes(data.y_train)
    most = int(max(labels.max(), classes(data.y_test).max()))
    if most >= max(units, 2):
        raise ConversionError(f"the labels go up to {most}, and the model has {units} outputs: it needs {most + 1}")
    activation = getattr(getattr(model.layers[-1], "activation", None), "__name__", "linear")
    if isinstance(model.layers[-1], keras.layers.Softmax):
        activation = "softmax"
    if units == 1:
        if activation != "sigmoid":
            raise ConversionError(f"the model's single output comes from {activation}: two classes need a sigmoid")
        return labels[:, None], keras.losses.BinaryCrossentropy()
    return labels, keras.losses.SparseCategoricalCrossentropy(from_logits=activation != "softmax")


def predictor(file: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """A function from samples (n, *shape) to what the engine's int8 model gives for them, (n, *output) real values."""
    import upyml
    from host_tools import compare
    from upyml.conversion import own_inputs

    model = upyml.load(file, compare.best_engine())
    own_inputs(model)

    def predict(x: np.ndarray) -> np.ndarray:
        return np.stack([compare.predict(model, [sample])[0] for sample in np.asarray(x, np.float32)])

    return predict


def accuracy(predict: Callable[[np.ndarray], np.ndarray], data: Data) -> float:
    """The part of the held-out samples whose class the engine finds; a single output is the second's probability."""
    outputs = predict(data.x_test).reshape(len(data.x_test), -1)
    found = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(int)
    return float(np.mean(found == classes(data.y_test)))
