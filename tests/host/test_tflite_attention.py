"""Transformers of TensorFlow 2.19.1's converter, and look-ups by token ids, give TensorFlow Lite Micro's bytes."""

import subprocess
import sys
from pathlib import Path

import keras_models
import numpy as np
import pytest
from oracle import Tflm, raw_inputs, run_raw
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError


def transformer():
    """Two layers of attention, each with a normalization before it."""
    keras, layers = keras_models.keras, keras_models.L
    x = keras.Input((12, 6))
    y = layers.Dense(16)(x)
    for norm in (layers.LayerNormalization(), layers.LayerNormalization(epsilon=1e-5)):
        z = norm(y)
        y = y + layers.MultiHeadAttention(2, 8)(z, z)
    return keras.Model(x, layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling1D()(y)))


def test_a_transformer_of_the_converter(tmp_path):
    model = keras_models.randomize(transformer())
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", x=keras_models.samples(model, 64)[0])
    script = Path(__file__).with_name("tflite_peer.py")
    arguments = [sys.executable, script, tmp_path / "model.keras", tmp_path / "data.npz", tmp_path / "model.tflite"]
    subprocess.run(arguments, check=True, capture_output=True, timeout=300)
    loaded = upyml.load(convert(tmp_path / "model.tflite", check=False).file)
    right = Tflm((tmp_path / "model.tflite").read_bytes())
    for inputs in raw_inputs(loaded, np.random.default_rng(1), 40):
        np.testing.assert_array_equal(run_raw(loaded, inputs)[0], right(inputs, 1)[0])
    kinds = [step.kind for step in convert(tmp_path / "model.tflite", check=False).program.steps]
    assert kinds.count("BATCH_MATMUL") == 4 and "TRANSPOSE" not in kinds


@pytest.mark.parametrize("rows, dtype", [(40, "uint8"), (300, "int16")])
def test_token_ids(rows, dtype, tmp_path):
    """int32 in TensorFlow Lite; here of as many bits as the table asks for."""
    chance, b = np.random.default_rng(rows), TfliteBuilder()
    ids, table = b.tensor((1, 9), "int32"), b.constant(chance.integers(-128, 128, (rows, 5)), "int8", 0.1, 3)
    wide = b.tensor((1, 9), "int32")
    y = b.tensor((1, 9, 5), "int8", 0.1, 3)
    b.op("CAST", [ids], [wide], "CastOptions", InDataType=2, OutDataType=2)
    b.op("GATHER", [table, wide], [y], "GatherOptions", Axis=0)
    path = tmp_path / "tokens.tflite"
    path.write_bytes(b.file([ids], [y]))
    model, right = upyml.load(convert(path, check=False).file), Tflm(path.read_bytes())
    assert model.input_details[0].dtype == dtype
    for _ in range(20):
        chosen = chance.integers(0, rows, 9)
        np.testing.assert_array_equal(run_raw(model, [chosen.astype(dtype)])[0], right([chosen.astype(np.int32)], 1)[0])


def test_a_sign_left_among_floats_is_refused(tmp_path):
    b = TfliteBuilder()
    x, y = b.tensor((1, 4), "float32"), b.tensor((1, 4), "float32")
    b.op("NEG", [x], [y], "NegOptions")
    path = tmp_path / "floats.tflite"
    path.write_bytes(b.file([x], [y]))
    with pytest.raises(ConversionError, match="op NEG .* computes with floats"):
        convert(path, check=False)
