"""Training a changed model for a few epochs, so that it answers again as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from host_tools.compress.cloning import feed, keras_of
from host_tools.compress.tasks import Task, predict, task
from host_tools.compress.training_data import TrainingData, finite


class Tuning:
    """A task and data for the copies of one model: how good a copy is, and a fit for it.

    model: as it is before any change; where the data has no y, its outputs are what the copies learn, by their mean
    squared error (the distillation of Hinton et al., 2015, from a model into its own copy). Raises ConversionError
    where the data does not fit.
    """

    def __init__(self, model: Any, data: TrainingData):
        self.data = data
        self.task: Task = task(model, data.y)[0]
        for output in predict(model, data.x_val):
            finite(output, f"model {model.name}: its outputs for these samples")
        if data.y is None:
            self._targets: Any = model.predict(feed(model, data.x), verbose=0)
            self._goal = predict(model, data.x_val)
        else:
            both = np.concatenate([data.y, data.y_val])  # what all of it is, not what a part looks like
            self.task, targets = task(model, both)
            self._targets, self._goal = targets[: len(data.y)], [targets[len(data.y) :]]

    @property
    def samples(self) -> int:
        """How many are measured with."""
        return len(self.data.x_val[0])

    def measure(self, model: Any) -> float:
        """The task's metric on the data to measure with."""
        return self.task.measure(predict(model, self.data.x_val), self._goal)

    def fit(
        self,
        epochs: int,
        batch: int = 32,
        learning_rate: float = 1e-3,
        progress: Callable[[int, int], None] | None = None,
    ) -> Callable[[Any, list], Any]:
        """A function of (model, callbacks) that compiles with Adam and trains, as prune(fit=...) takes it.

        progress: called with (epochs done, epochs).
        """

        def run(model: Any, callbacks: list) -> Any:
            keras = keras_of(model)
            model.compile(keras.optimizers.Adam(learning_rate), self.task.loss(keras))
            if progress:
                callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=lambda n, _: progress(n + 1, epochs)), *callbacks]
            return model.fit(
                feed(model, self.data.x), self._targets, epochs=epochs, batch_size=batch, verbose=0, callbacks=callbacks
            )

        return run

