"""The kernels for ulab, on a stand-in of ulab 6 that has only what ulab has and adds in float32 one by one."""

import sys
import types

import numpy
import op_vectors
import pytest
import small_models

CASES = [case for case in op_vectors.read() if case["op"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")]


class Numpy(types.ModuleType):
    """The few names of ulab.numpy that the kernels use."""

    uint8, int8, int16, float = numpy.uint8, numpy.int8, numpy.int16, numpy.float32
    floor = staticmethod(numpy.floor)

    @staticmethod
    def zeros(shape, *, dtype=numpy.float32):
        return numpy.zeros(shape, dtype)

    @staticmethod
    def array(values, *, dtype=numpy.float32):
        if not isinstance(values, numpy.ndarray):
            assert all(numpy.iinfo(dtype).min <= value <= numpy.iinfo(dtype).max for value in values)
        return numpy.array(values, dtype=dtype)

    @staticmethod
    def frombuffer(buffer, *, dtype=numpy.float32, count=-1, offset=0):
        return numpy.frombuffer(buffer, dtype, count, offset)

    @staticmethod
    def dot(a, b):
        assert a.ndim == 2 and b.ndim == 1
        steps = numpy.cumsum(a.astype(numpy.float32) * b.astype(numpy.float32), axis=1, dtype=numpy.float32)
        return steps[:, -1]


@pytest.fixture
def ulab(monkeypatch):
    """upyml._reference with the stand-in as ulab."""
    module = types.ModuleType("ulab")
    module.numpy = Numpy("ulab.numpy")
    monkeypatch.setitem(sys.modules, "ulab", module)
    monkeypatch.setitem(sys.modules, "ulab.numpy", module.numpy)
    monkeypatch.delitem(sys.modules, "upyml._reference.ulab_products", raising=False)
    from upyml import _reference

    yield _reference
    sys.modules.pop("upyml._reference.ulab_products", None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["op"].lower())
def test_an_op_gives_the_bytes_of_tflite_micro(ulab, case):
    file, (data,) = op_vectors.model(case)
    arena = bytearray(ulab.check(file))
    arena[: len(data)] = data
    engine = ulab.Engine(file, arena)
    assert engine._steps[0].kernel.__module__.endswith("ulab_products")
    engine.run()
    (answer,) = small_models.outputs(file, arena)
    assert answer.hex() == case["output"]["data"]


@pytest.mark.parametrize("value", [-128, 127])
@pytest.mark.parametrize("inputs", [511, 512, 513, 1024, 2000])
def test_sums_of_extremes_stay_exact(ulab, inputs, value):
    """Inputs and weights at their ends, more of them than one exact float32 sum holds; the bias leaves 0, 10, 20 ..."""
    b = small_models.Builder()
    x, y = b.tensor((inputs,), 0.5, 0), b.tensor((9,), 0.5, 0)
    weights = numpy.full((9, inputs), 127)
    weights[1] = -127
    weights[2, ::2] = 0
    bias = 10 * numpy.arange(9) - value * weights.sum(1)
    b.op(small_models.layout.FULLY_CONNECTED, [x], y, weights=small_models.encode.pack_weights(weights), per_channel=0,
         channels=b.channels(x, y, weights, bias, [1.0]), clamp_min=-128, clamp_max=127)
    file = b.file([x], [y])
    arena = bytearray(ulab.check(file))
    arena[:inputs] = bytes([value & 255]) * inputs
    ulab.Engine(file, arena).run()
    (answer,) = small_models.outputs(file, arena)
    assert list(answer) == [0, 10, 20, 30, 40, 50, 60, 70, 80]
