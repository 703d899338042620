""".tflite files that no board can run stop the conversion with one sentence; made by TensorFlow 2.19.1's own converter."""

import subprocess
import sys

import numpy as np
import pytest
from refusals import assert_tells, refusal
from runtimes import ROOT
from tflite_builder import TfliteBuilder

from host_tools.convert import convert
from host_tools.readers import tflite_reader


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The folder of the files of refusal_tflite_files.py."""
    folder = tmp_path_factory.mktemp("tflite")
    maker = ROOT / "tests" / "host" / "refusal_tflite_files.py"
    run = subprocess.run([sys.executable, maker, folder], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return folder


INT8 = "full integer quantization.*representative_dataset"
REFUSED = {
    "float32": ("FULLY_CONNECTED", "hidden", "computes with floats", INT8),
    "hybrid": ("FULLY_CONNECTED", "hidden", "hybrid", INT8),
    "float16": ("float16 model", INT8),
    "sparse": ("hidden", "stored sparse", "EXPERIMENTAL_SPARSITY"),
    "loop": ("op WHILE", "control flow", "unroll"),
    "branch": ("op IF", "control flow", "in.* your program"),
    "flex": ("FlexMatrixInverse", "SELECT_TF_OPS", "another layer"),
    "custom": ("CUSTOM Erfinv", "not in the file", "allow_custom_ops"),
    "signatures": ("2 signatures", "infer, train", "signature_keys"),
    "batch_of_four": ("CONV_2D", "conv2d", r"\(4, 8, 8, 3\)", "batch of 1"),
    "free_time": ("input 'keras_tensor", "unknown lengths", "only the batch", "fix the others"),
    "three_dimensions": ("CONV_3D", "conv3d", "not known", "channels", "two dimensions"),
    "complex64": ("RFFT2D", "spectrum in your program"),
    "strings": ("tensor 'x'", "string values", "no strings", "give the model their numbers"),
    "empty": ("empty.tflite", "no layer computes", "nothing to convert"),
    "not_a_number": ("constant", "holds nan", "lower learning rate"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_no_board_runs_gets_a_sentence(files, name):
    assert_tells(refusal(files / f"{name}.tflite"), *REFUSED[name])


def test_every_file_is_tested(files):
    assert {path.stem for path in files.glob("*.tflite")} == {*REFUSED, "dynamic_batch"}


def test_a_dynamic_batch_converts(files):
    conversion = convert(files / "dynamic_batch.tflite")
    assert conversion.program.inputs[0].shape == (64,)
    assert conversion.check.equal == conversion.check.samples  # as TensorFlow Lite Micro computes it


def built(weights="int8", x="int8", zero_point=0, data=None, subgraphs=1, inputs=4):
    """A dense layer of few values, field by field: what the converter of today does not make any more."""
    b = TfliteBuilder()
    x_ = b.tensor((1, inputs), x, 0.1, 128 if x == "uint8" else 0)
    w = b.constant(np.ones((3, 4)) if data is None else data, weights, 0.01, zero_point)
    y = b.tensor((1, 3), x, 0.1, 128 if x == "uint8" else 0, name="logits")
    b.op("FULLY_CONNECTED", [x_, w, b.constant(np.zeros(3), "int32", 0.001)], [y], "FullyConnectedOptions")
    return b.file([x_], [y], subgraphs)


def unary(name, dtype):
    """A file with one op from a tensor to another."""
    b = TfliteBuilder()
    x, y = b.tensor((1, 4), dtype, 0.1), b.tensor((1, 4), dtype, 1 / 32768, name="sure")
    b.op(name, [x], [y])
    return b.file([x], [y])


BUILT = {
    "an op that has no int16": (unary("ELU", "int16"), ("ELU", "sure", "int16 activations", "without 16x8")),
    "uint8 of TensorFlow 1": (built("uint8", "uint8", 127), ("FULLY_CONNECTED", "logits", "uint8", "TensorFlow 2")),
    "asymmetric weights": (built(zero_point=3), ("FULLY_CONNECTED", "logits", "zero point", INT8)),
    "no subgraph": (built(subgraphs=0), ("is empty", "no subgraph", "again")),
    "cut": (built()[:300], ("cut or damaged", "copy it again")),
}


@pytest.mark.parametrize("what", BUILT)
def test_a_file_of_another_time_gets_a_sentence(tmp_path, what):
    content, words = BUILT[what]
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    assert_tells(refusal(path), *words)


def test_weights_of_four_bits_convert(tmp_path):
    """Two a byte, the first in the lower half: they are unpacked, and packed again as the engine has them."""
    path = tmp_path / "m.tflite"
    path.write_bytes(built("int4", data=np.random.default_rng(0).integers(-7, 8, (3, 4))))
    conversion = convert(path)
    assert conversion.check.equal == conversion.check.samples
    weights = np.array([[1, -2, 3], [7, -7, 0], [-1, 6, 2]])
    graph = tflite_reader.read(built("int4", data=weights, inputs=3))
    np.testing.assert_array_equal(graph.ops[0].inputs[1].data, weights)
