"""What compression costs in accuracy and saves in bytes, RAM and cycles: writes build/compression.json (make compress-bench).

    python tests/bench/compression/bench.py [TASK...]     those of tasks.py, and ad01, see anomaly.py; all by default

Every model is trained here, with fixed seeds; accuracy is that of the int8 engine on data that no training saw.

    {TASK: [{"variant", "accuracy" or "score_error", "upm_bytes", "arena_bytes", "cortex_m0_cycles"}, ...]}
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import anomaly  # noqa: E402
import measure  # noqa: E402
import tasks  # noqa: E402

from host_tools.convert import convert  # noqa: E402

BUILD = tasks.ROOT / "build" / "compression"
RESULT = tasks.ROOT / "build" / "compression.json"
SPARSITIES = (0.5, 0.75, 0.9)
SPARED = ("conv1", "conv1d", "digit", "activity")  # first and last layers: few weights, and every answer hangs on them
FILTERS = 0.5  # of the filters are taken out
CALIBRATION = 400  # samples
RATE_AFTER = 0.3  # of the first rate: what a trained model is trained further with
BUDGET = 0.01  # of accuracy, for mixed precision


class Trainer:
    """Trains models of a task, always with the same seed."""

    def __init__(self, task: tasks.Task):
        self.task = task
        self.calibration = task.x_train[:: max(1, len(task.x_train) // CALIBRATION)]

    def fit(self, model, callbacks=(), epochs: int | None = None, rate: float | None = None):
        """The rate falls to nothing along a cosine."""
        import keras

        task = self.task
        epochs = epochs or task.epochs
        keras.utils.set_random_seed(1)
        steps = epochs * -(-len(task.x_train) // task.batch)
        rates = keras.optimizers.schedules.CosineDecay(rate or task.rate, steps)
        model.compile(keras.optimizers.Adam(rates), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(task.x_train, task.y_train, batch_size=task.batch, epochs=epochs, verbose=0, callbacks=list(callbacks))
        return model

    def again(self, model, callbacks=()):
        """A trained model, further."""
        return self.fit(model, callbacks, rate=RATE_AFTER * self.task.rate)

    def distilled(self, student, teacher):
        """A student that learnt from a teacher's outputs and the labels."""
        from host_tools.compress.distillation import Distiller

        distiller = Distiller(student, teacher, temperature=3, alpha=0.3)
        self.fit(distiller, epochs=2 * self.task.epochs)
        return student


def variants(task: tasks.Task) -> Iterator[measure.Row]:
    """The rows of a task, one by one."""
    import keras

    from host_tools.compress.filters import prune_filters
    from host_tools.compress.mixed import choose_bits
    from host_tools.compress.pruning import prune
    from host_tools.compress.qat import quantization_aware

    trainer = Trainer(task)
    data = trainer.calibration

    def row(variant: str, model, **options) -> measure.Row:
        file = convert(model, data, **options).file
        (BUILD / f"{task.name}-{variant.replace(' ', '-')}.upm").write_bytes(file)
        return measure.of_file(task, variant, file)

    def trained_for(model, **options):
        aware = quantization_aware(model, data=data, **options)
        return trainer.again(aware)

    keras.utils.set_random_seed(1)
    model = trainer.fit(task.build())
    spared = [layer.name for layer in model.layers if layer.name in SPARED]
    yield measure.of_float(task, "float", model)
    yield row("int8", model)
    yield row("int8, trained for it", trained_for(model))
    for sparsity in SPARSITIES:
        yield row(f"{sparsity:.0%} of blocks pruned", prune(model, sparsity, "block4x2", trainer.again, spare=spared))
    fewer = prune_filters(model, FILTERS, data=data, criterion="taylor", fit=trainer.again)
    yield row(f"{FILTERS:.0%} of filters pruned", fewer)
    yield row("int4", model, bits=4, rounding="adaptive")
    yield row("int4, trained for it", trained_for(model, bits=4))
    bits = choose_bits(model, data, task.y_train[:: max(1, len(task.x_train) // CALIBRATION)], budget=BUDGET)
    yield row("int4 and int8, mixed", model, bits=bits)
    if task.student:
        keras.utils.set_random_seed(2)
        student = trainer.distilled(task.student(), model)
        yield row("distilled student", student)
        pruned = prune(student, 0.5, "block4x2", trainer.again, spare=spared)
        yield row("student, 50% of blocks pruned", pruned)


def ad01() -> Iterator[anomaly.Row]:
    missing = [name for name in anomaly.FILES if not (tasks.SHARED / name).exists()]
    if missing:
        raise tasks.Missing(f"{' and '.join(missing)}: put them below ../shared, or set UPYML_SHARED")
    return anomaly.rows(tasks.SHARED)


def main(*names: str) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in names or (*tasks.NAMES, "ad01"):
        result[name] = []
        try:
            for row in ad01() if name == "ad01" else variants(tasks.load(name)):
                result[name].append(asdict(row))
                print(name, row, flush=True)
        except tasks.Missing as missing:
            del result[name]
            print(f"{name}: skipped: {missing}", flush=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    with tasks.gesture_example.quiet():
        import keras  # noqa: F401
    main(*sys.argv[1:])
