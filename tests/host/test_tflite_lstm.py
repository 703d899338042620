"""UNIDIRECTIONAL_SEQUENCE_LSTM of a .tflite file, over several runs without a reset: TensorFlow Lite Micro's bytes."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import engines
import numpy as np
import pytest
from oracle import Tflm, run_raw
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError

TANH = 4


def layer(rng, steps=None, power=-12, clip=0.0, time_major=False, bits=8, **changed):
    """The bytes of a file with one LSTM; gates as input, forget, cell, output. power: of the cell's scale. bits: of activations.

    changed: parts of the operator that are other than upyml can run: `activation`, `peephole`, `cifg`, `batch`, `cell`, `bias`,
    `zero_point`.
    """
    steps, inputs, units = steps or int(rng.integers(1, 9)), *(int(n) for n in rng.integers(1, 12, 2))
    b, batch = TfliteBuilder(), changed.get("batch", 1)

    def series(count, scale, zero_point):
        shape = (steps, batch, count) if time_major else (batch, steps, count)
        return b.tensor(shape, f"int{bits}", scale, zero_point)

    finer = 1 if bits == 8 else 256
    scales = [float(np.float32(rng.uniform(*ends) / finer)) for ends in ((0.01, 0.05), (0.006, 0.009))]
    zero_points = [int(n) if bits == 8 else 0 for n in rng.integers(-40, 40, 2)]
    zero_points[0] += changed.get("zero_point", 0)
    x = series(inputs, scales[0], zero_points[0])
    weights, recurrent, biases = [], [], []
    for _ in range(4):
        scale = np.float32(rng.uniform(0.002, 0.02))
        weights.append(b.constant(rng.integers(-127, 128, (units, inputs)), "int8", scale))
        recurrent.append(b.constant(rng.integers(-127, 128, (units, units)), "int8", np.float32(rng.uniform(0.002, 0.01))))
        bias = rng.integers(-3000, 3000, units) * finer
        kind = changed.get("bias", "int32" if bits == 8 else "int64")
        biases.append(b.constant(bias, kind, scales[0] * float(scale)))
    peepholes = [b.constant(np.ones(units), "int16", 0.1)] * 3 if "peephole" in changed else [-1] * 3
    if "cifg" in changed:
        weights[0] = recurrent[0] = biases[0] = -1
    hidden = b.tensor((batch, units), f"int{bits}", scales[1], zero_points[1], variable=True)
    cell = b.tensor((batch, units), changed.get("cell", "int16"), 2.0**power, variable=True)
    y = series(units, scales[1], zero_points[1])
    b.op("UNIDIRECTIONAL_SEQUENCE_LSTM",
         [x, *weights, *recurrent, *peepholes, *biases, -1, -1, hidden, cell, -1, -1, -1, -1], [y],
         "UnidirectionalSequenceLSTMOptions", FusedActivationFunction=changed.get("activation", TANH), CellClip=clip,
         TimeMajor=time_major)  # fmt: skip
    return b.file([x], [y])


def assert_equal(content, path, modules, rng, runs=4):
    """Each run goes on with what the one before left."""
    path.write_bytes(content)
    file = convert(path, check=False).file
    for module in modules:
        model, right = upyml.load(file, module), Tflm(content)
        assert model.selftest() is True
        model.reset()
        for _ in range(runs):
            dtype = np.dtype(model.input_details[0].dtype)
            inputs = [rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, model.input_details[0].size, dtype)]
            (found,), (expected,) = run_raw(model, inputs), right(inputs, 1)
            np.testing.assert_array_equal(found, expected, module.__name__)


@pytest.mark.parametrize("power", [-9, -11, -12, -13, -15])
@pytest.mark.parametrize("clip", [0.0, 0.4])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_an_lstm_equals_tflm(power, clip, time_major, bits, tmp_path, require):
    modules = [engines.engine(name, require) for name in engines.ENGINES]
    for seed in range(6):
        rng = np.random.default_rng(seed)
        content = layer(rng, power=power, clip=clip, time_major=time_major, bits=bits)
        assert_equal(content, tmp_path / "lstm.tflite", modules, rng)


def network(rng):
    """A file of int16 activations, as a tool of TensorFlow Lite Micro makes it of an int8 one, for TensorFlow's converter makes
    none with an LSTM: two layers, the last step, a dense layer, softmax."""
    b, steps, sizes = TfliteBuilder(), 7, [int(n) for n in rng.integers(2, 12, 3)]
    x = first = b.tensor((1, steps, sizes[0]), "int16", float(np.float32(1e-4)))
    for inputs, units in zip(sizes, sizes[1:]):
        x = lstm(b, rng, x, steps, inputs, units)
    last = b.tensor((1, sizes[2]), "int16", b.tensors[x]["scale"])
    b.op("STRIDED_SLICE", [x, *(b.constant(numbers) for numbers in ([0, -1, 0], [0, 0, 0], [1, 1, 1]))], [last],
         "StridedSliceOptions", BeginMask=5, EndMask=5, ShrinkAxisMask=2)  # fmt: skip
    weights = b.constant(rng.integers(-127, 128, (4, sizes[2])), "int8", 0.01)
    sums, y = b.tensor((1, 4), "int16", float(np.float32(2e-4))), b.tensor((1, 4), "int16", 1 / 32768)
    b.op("FULLY_CONNECTED", [last, weights, b.constant(rng.integers(-(10**6), 10**6, 4), "int64", 1e-6)], [sums],
         "FullyConnectedOptions")  # fmt: skip
    b.op("SOFTMAX", [sums], [y], "SoftmaxOptions", Beta=1.0)
    return b.file([first], [y])


def lstm(b, rng, x, steps, inputs, units):
    """Adds an LSTM of int16 activations; the number of its output."""
    scale = float(np.float32(1 / 32767))
    matrices = [[b.constant(rng.integers(-127, 128, (units, count)), "int8", np.float32(rng.uniform(0.002, 0.02)))
                 for _ in range(4)] for count in (inputs, units)]  # fmt: skip
    biases = [b.constant(rng.integers(-(10**6), 10**6, units), "int64", 1e-6) for _ in range(4)]
    states = [b.tensor((1, units), "int16", number, variable=True) for number in (scale, 2.0**-11)]
    y = b.tensor((1, steps, units), "int16", scale)
    b.op("UNIDIRECTIONAL_SEQUENCE_LSTM",
         [x, *matrices[0], *matrices[1], *[-1] * 3, *biases, -1, -1, *states, *[-1] * 4], [y],
         "UnidirectionalSequenceLSTMOptions", FusedActivationFunction=TANH)  # fmt: skip
    return y


def test_a_network_of_int16_equals_tflm(tmp_path, require):
    modules = [engines.engine(name, require) for name in engines.ENGINES]
    for seed in range(6):
        rng = np.random.default_rng(seed)
        assert_equal(network(rng), tmp_path / "network.tflite", modules, rng)


BY_TF_KERAS = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf, tf_keras as keras
keras.utils.set_random_seed(1)
x = keras.Input((12, 4), batch_size=1)
y = keras.layers.LSTM(6, return_sequences=True)(x)
y = keras.layers.Dense(3, activation="softmax")(keras.layers.LSTM(9)(y))
converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(x, y))
converter.optimizations = [tf.lite.Optimize.DEFAULT]
rng = np.random.default_rng(1)
converter.representative_dataset = lambda: ([rng.normal(size=(1, 12, 4)).astype(np.float32)] for _ in range(50))
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.inference_input_type = converter.inference_output_type = tf.int8
open(sys.argv[1], "wb").write(converter.convert())
"""


@pytest.mark.slow
def test_a_model_of_the_converter_equals_tflm(tmp_path, require):
    """Two LSTM layers and a dense one by TensorFlow's converter, which can do this for tf_keras alone, in a process of its own."""
    require(find_spec("tf_keras"), "tf_keras", "pip install tf_keras")
    path = Path(tmp_path) / "real.tflite"
    subprocess.run([sys.executable, "-c", BY_TF_KERAS, path], check=True, capture_output=True, timeout=300)
    modules = [engines.engine(name, require) for name in engines.ENGINES]
    assert_equal(path.read_bytes(), tmp_path / "copy.tflite", modules, np.random.default_rng(1), runs=10)


REFUSED = {
    "batch": (2, "batch of 1"),
    "activation": (1, "is not tanh"),
    "peephole": (True, "peepholes"),
    "cifg": (True, "couples its input and forget gates"),
    "cell": ("int8", "cell state is int8"),
}


@pytest.mark.parametrize("part", REFUSED)
def test_what_cannot_run_is_refused_with_a_sentence(part, tmp_path):
    value, sentence = REFUSED[part]
    path = tmp_path / "lstm.tflite"
    path.write_bytes(layer(np.random.default_rng(1), **{part: value}))
    with pytest.raises(ConversionError, match=sentence):
        convert(path)


NOT_WIDE = [("bias", "int32", "is no int64 bias"), ("zero_point", 5, "zero point: theirs is 0")]


@pytest.mark.parametrize("part, value, sentence", NOT_WIDE)
def test_what_int16_cannot_have_is_refused_with_a_sentence(part, value, sentence, tmp_path):
    path = tmp_path / "lstm.tflite"
    path.write_bytes(layer(np.random.default_rng(1), bits=16, **{part: value}))
    with pytest.raises(ConversionError, match=sentence):
        convert(path)


def test_a_cells_scale_is_a_power_of_two(tmp_path):
    path = tmp_path / "lstm.tflite"
    path.write_bytes(layer(np.random.default_rng(1), power=-11.5))
    with pytest.raises(ConversionError, match="int16 with a power of two"):
        convert(path)
