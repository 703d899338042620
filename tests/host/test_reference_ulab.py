"""The kernels for ulab, on the strict stand-in for CircuitPython (tests/circuitpython), as a board loads them."""

import board_standin
import numpy
import op_vectors
import pytest
import small_models

CASES = [case for case in op_vectors.read() if case["op"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")]


@pytest.fixture(scope="module")
def board():
    """The stand-in with ulab."""
    return board_standin.Board()


def answer_of(board, file, data):
    """The only output's bytes after a run, and the module of the first op's kernel."""
    reference = board.import_("upyml._reference")
    arena = board.bytearray(reference.check(file))
    arena[: len(data)] = data
    engine = reference.Engine(file, arena)
    engine.run()
    (answer,) = small_models.outputs(file, board.to_bytes(arena))
    return answer, engine._steps[0].kernel.__module__


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["op"].lower())
def test_an_op_gives_the_bytes_of_tflite_micro(board, case):
    file, (data,) = op_vectors.model(case)
    answer, module = answer_of(board, file, data)
    assert module.endswith("ulab_products")
    assert answer.hex() == case["output"]["data"]


@pytest.mark.parametrize("value", [-128, 127])
@pytest.mark.parametrize("inputs", [511, 512, 513, 1024, 2000])
def test_sums_of_extremes_stay_exact(board, inputs, value):
    """Inputs and weights at their ends, more of them than one exact float32 sum holds; the bias leaves 0, 10, 20 ..."""
    b = small_models.Builder()
    x, y = b.tensor((inputs,), 0.5, 0), b.tensor((9,), 0.5, 0)
    weights = numpy.full((9, inputs), 127)
    weights[1] = -127
    weights[2, ::2] = 0
    bias = 10 * numpy.arange(9) - value * weights.sum(1)
    b.op(small_models.layout.FULLY_CONNECTED, [x], y, weights=small_models.encode.pack_weights(weights), per_channel=0,
         channels=b.channels(x, y, weights, bias, [1.0]), clamp_min=-128, clamp_max=127)
    answer, _ = answer_of(board, b.file([x], [y]), bytes([value & 255]) * inputs)
    assert list(answer) == [0, 10, 20, 30, 40, 50, 60, 70, 80]


ULAB_INPUTS = """
from array import array
from ulab import numpy as np
import upyml

model = upyml.load({path!r})
bits = array("I", [0x3F800001 + 0x00ABCDEF * i for i in range(12)])
x = np.frombuffer(bits, dtype=np.float)
for given in (x, x.reshape((6, 2)), [x[:4], x[4:]], x.reshape((2, 6)).copy()):
    assert bytes(model.predict(given)) == bytes(bits), given
stream = model.stream()
for row in x.reshape((6, 2)):
    answer = stream.push(row)
assert bytes(answer) == bytes(bits)
small = np.array(range(12), dtype=np.int8)
assert list(model.predict(small)) == list(range(12))
try:
    model.predict(x[:11])
    assert False
except upyml.ModelError as error:
    assert str(error).endswith("takes 12 numbers in shape (6, 2), received 11")
"""


def test_ulab_arrays_go_in_with_all_their_bits(board, tmp_path):
    (tmp_path / "echo.upm").write_bytes(small_models.echo(small_models.layout.FLOAT32))
    assert board.run(ULAB_INPUTS.format(path=str(tmp_path / "echo.upm")), tmp_path) == ""
