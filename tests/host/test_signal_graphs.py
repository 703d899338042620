"""Kinds on samples from a float graph to the bytes of a model: near the float graph, the same bytes on both engines."""

import engines
import numpy as np
import pytest

import upyml
from host_tools import verify, writer
from host_tools.compare import best_engine
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes.calibrate import calibrate
from host_tools.passes.lower import lower
from host_tools.passes.normalise import normalise
from host_tools.passes.order import order
from host_tools.passes.plan import plan
from host_tools.passes.quantize import quantize
from host_tools.quality import sqnr
from host_tools.shapes import output_shape
from upyml import signal
from upyml.format import decode, layout


def chain(shape, *steps):
    """A float graph of (kind, attributes) one after another."""
    x = first = Tensor("x", shape)
    ops = []
    for number, (kind, attrs) in enumerate(steps):
        y = Tensor(f"{kind}{number}", attrs.pop("shape", ()))
        ops.append(Op(kind, [x], [y], attrs, y.name))
        y.shape = output_shape(ops[-1]) or y.shape
        x = y
    return Graph([first], [x], ops)


def converted(graph, data, activations=8):
    made = verify.graph(normalise(graph), "normalise")
    made = verify.graph(quantize(made, calibrate(made, data), data, activations=activations), "quantize", True)
    program = plan(order(lower(made)), 1 << 20)
    verify.plan(program)
    return writer.write(program, best_engine())


def answers(file, data, require):
    """What each engine here makes of each sample; the same."""
    found = []
    for name in engines.ENGINES:
        model = upyml.load(file, engines.engine(name, require))
        found.append(np.array([np.array(model.predict(x)).ravel() for x in data]))
    assert all(np.array_equal(found[0], other) for other in found[1:])
    return found[0]


LOW = [signal.lowpass(10, 100), signal.notch(25, 100)]
WHICH = ("mean", "deviation", "rms", "least", "greatest", "peak")
CHAINS = {
    "rfft": ((64,), 40, [("rfft", {"points": 64})]),
    "rfft of rows": ((3, 20), 35, [("rfft", {"points": 32})]),
    "magnitude": ((128,), 35, [("rfft", {"points": 128}), ("magnitude", {})]),
    "biquad": ((50, 3), 55, [("biquad", {"sections": LOW})]),
    "decimation": ((60, 2), 60, [("fir", {"taps": signal.sinc(17, 0.125), "down": 4})]),
    "interpolation": ((20,), 60, [("fir", {"taps": [3 * tap for tap in signal.sinc(17, 1 / 6)], "up": 3})]),
    "statistics": ((40, 3), 60, [("statistics", {"axis": 0, "which": WHICH})]),
    "features": ((64, 3), 25, [
        ("biquad", {"sections": LOW}), ("statistics", {"axis": 0, "which": WHICH}), ("reshape", {"shape": (18,)}),
        ("relu", {}),
    ]),
    "between int8": ((64,), 20, [("tanh", {}), ("rfft", {"points": 64}), ("magnitude", {}), ("softplus", {})]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_comes_near_the_float_graph(name, require):
    """In decibels; each sample starts from silence, whatever ran before."""
    shape, ratio, steps = CHAINS[name]
    graph = chain(shape, *[(kind, dict(attrs)) for kind, attrs in steps])
    data = np.random.default_rng(1).normal(0, 0.3, (30, *shape)).astype(np.float32)
    exact = run(graph, [data])[0].reshape(30, -1)
    found = answers(converted(graph, data), data, require)
    assert sqnr(exact, found) >= ratio


def test_signs_change_as_often_as_they_do(require):
    graph = chain((50, 2), ("statistics", {"axis": 0, "which": ("crossings",)}))
    data = np.random.default_rng(2).normal(0, 1, (20, 50, 2)).astype(np.float32)
    np.testing.assert_array_equal(answers(converted(graph, data), data, require), run(graph, [data])[0].reshape(20, -1))


def test_a_stream_goes_on_where_the_run_before_ended(require):
    """Three runs of a filter give what it makes of all the samples at once."""
    steps = [("biquad", {"sections": LOW, "stream": True}), ("fir", {"taps": signal.sinc(9, 0.2), "down": 2, "stream": True})]
    data = np.random.default_rng(3).normal(0, 0.3, (1, 60)).astype(np.float32)
    whole = run(chain((60,), *[(kind, dict(attrs)) for kind, attrs in steps]), [data])[0]
    parts = data.reshape(3, 20)
    file = converted(chain((20,), *steps), parts)
    assert sqnr(whole.ravel(), answers(file, parts, require).ravel()) >= 50


def test_samples_are_int16_and_what_follows_is_int8():
    graph = chain((64,), ("rfft", {"points": 64}), ("magnitude", {}), ("relu", {}), ("tanh", {}))
    data = np.random.default_rng(4).normal(0, 1, (20, 64)).astype(np.float32)
    file = converted(graph, data)
    head = decode.header(file)
    types = {layout.OPS[op["opcode"]][0]: decode.tensor(file, head, op["outputs"][0])["dtype"]
             for op in (decode.op(file, head, n) for n in range(head["op_count"]))}  # fmt: skip
    assert decode.tensor(file, head, decode.inputs(file, head)[0])["dtype"] == layout.INT16
    assert types["RFFT"] == types["MAGNITUDE"] == layout.INT16
    assert types["REQUANTIZE"] == types["TABLE"] == layout.INT8


@pytest.mark.parametrize("shape, kind, attrs, words", [
    ((64,), "rfft", {"points": 60}, "a power of two"),
    ((64,), "rfft", {"points": 32}, "at most as many samples"),
    ((64,), "magnitude", {}, "pairs"),
    ((50,), "fir", {"taps": [0.5], "down": 4}, "no multiple of 4"),
    ((50,), "statistics", {"axis": 0, "which": ("mean", "crossings")}, "statistics are some of"),
    ((50,), "biquad", {"sections": [(2.5, 0, 0, 0, 0)]}, r"within \+-2"),
    ((50,), "fir", {"taps": [0.9] * 3}, "less than 2"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(shape, kind, attrs, words):
    data = np.ones((3, *shape), np.float32)
    with pytest.raises(ConversionError, match=words):
        converted(chain(shape, (kind, attrs)), data)
