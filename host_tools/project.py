"""What the train.py of a project has no need to repeat: its options, a quiet TensorFlow, the files that it leaves.

    from host_tools import project

    run = project.begin(__doc__, epochs=40)           # run.folder, run.epochs
    ...                                               # a Keras model, trained
    project.finish(run, model, x_train, x_test, score, metadata={"labels": "on\\noff"})

leaves beside train.py (or in --out): model.keras; samples.npz, the samples to convert it with; model.upm for the board; and
result.json, how good both are.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.readers.keras_file import quiet

KEPT = 200  # samples in samples.npz at most
SEED = 1


def begin(text: str, epochs: int, **options: str) -> argparse.Namespace:
    """Reads the command line of a train.py and prepares Keras: the same seed each time, no warnings.

    text: what --help says. epochs: unless --epochs says another number. options: more of them, each with its help; their
    values are text, or None. Has `folder`, where results go to: --out, or that of the caller.
    """
    home = Path(inspect.stack()[1].filename).parent
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=home, dest="folder", help="folder for the results; here by default")
    parser.add_argument("--epochs", type=int, default=epochs, help=f"rounds of training; {epochs} by default")
    for name, told in options.items():
        parser.add_argument(f"--{name}", help=told)
    run = parser.parse_args()
    run.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with quiet():
        import keras
        import tensorflow

        tensorflow.zeros(1)  # looks for a GPU, aloud
    keras.utils.set_random_seed(SEED)
    return run


def fit(run: argparse.Namespace, model: Any, x: np.ndarray, y: np.ndarray, loss: str, rate: float = 0.003, **more) -> None:
    """Trains a Keras model with Adam, its rate falling to 0; more: what model.fit() takes."""
    import keras

    steps = run.epochs * -(-len(x) // more.get("batch_size", 32))
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, max(1, steps))), loss)
    model.fit(x, y, epochs=run.epochs, verbose=0, **more)


def finish(
    run: argparse.Namespace,
    model: Any,
    x_train: np.ndarray,
    x_test: np.ndarray,
    score: Callable[[np.ndarray], float],
    metadata: dict[str, Any],
    measure: str = "accuracy",
    **convert_options: Any,
) -> dict[str, Any]:
    """Writes the files, and how good the float model and the one for the board are on x_test.

    score: of the outputs (n, ...) for x_test. measure: what that is. metadata: text for the file by key. convert_options: what
    convert() takes; with a front_end the samples are what that takes. Answers what result.json has.
    """
    import upyml
    from host_tools.convert import convert

    texts = {"name": run.folder.resolve().name} | {key: str(value) for key, value in metadata.items()}
    samples = _some(x_train)
    front_end = convert_options.get("front_end")
    real = front_end.real(front_end(x_test)) if front_end else x_test
    floats = model.predict(real.reshape(-1, *model.input_shape[1:]), verbose=0)
    with quiet():
        done = convert(model, samples, texts, **convert_options)
        model.save(run.folder / "model.keras")
    (run.folder / "model.upm").write_bytes(done.file)
    np.savez_compressed(run.folder / "samples.npz", x=samples)
    board = upyml.load(done.file)
    ints = np.array([_outputs(board, x) for x in x_test]).reshape(floats.shape)
    result = {"measure": measure, "float": float(score(floats)), "int8": float(score(ints)), "tested": len(x_test)}
    (run.folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{len(x_train)} samples to train with, {len(x_test)} to test")
    print(f"{measure}: {result['float']:.4g} in Keras, {result['int8']:.4g} in int8")
    print(f"wrote model.keras, samples.npz and model.upm ({len(done.file):,} bytes) to {run.folder}")
    return result


def _some(x: np.ndarray) -> np.ndarray:
    """At most KEPT of the samples, from all over."""
    return x[:: -(-len(x) // KEPT)]


def _outputs(board: Any, x: np.ndarray) -> np.ndarray:
    """The outputs for one sample, as a run on the board gives them; integers go in as they are."""
    if x.dtype != np.int16:
        return np.array(board.predict(np.ascontiguousarray(x, np.float32).ravel()))
    board.reset()
    board.input[:] = memoryview(np.ascontiguousarray(x).ravel())
    board.run()
    details = board.output_details[0]
    return details.scale * (np.array(board.output, np.float32) - details.zero_point)
