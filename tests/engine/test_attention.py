"""Products of activations, normalization, look-ups and masked softmax: against real numbers, and what a file may get wrong."""

import numpy as np
import op_models_attention as models
import pytest
from op_models import OneOp
from test_engine import run
from test_refusals import error

import _upyml
from upyml import _reference
from upyml._reference import attention
from upyml.format import decode, layout
from upyml.format.ops_attention import BATCH_MATMUL, GATHER, LAYER_NORM, MASKED_SOFTMAX

EVEN = {"multiplier": 1 << 30, "shift": 1, "clamp_min": -128, "clamp_max": 127}  # times 1


def answer(op, *inputs, rng=None):
    """The output of both engines, and the file's tensors; inputs as they lie in memory."""
    model = op.encode(rng or np.random.default_rng(1))
    raw, _ = run(_upyml, model, [x.tobytes() for x in inputs])
    assert raw == run(_reference, model, [x.tobytes() for x in inputs])[0]
    head = decode.header(model)
    return raw, [decode.tensor(model, head, number) for number in range(head["tensor_count"])]


@pytest.mark.parametrize("seed", range(20))
def test_a_product_is_numpys(seed):
    rng = np.random.default_rng(seed)
    op = models.batch_matmul(rng, BATCH_MATMUL)
    op.constant = None
    op.params.update(EVEN, shift=-5)
    a, b = (rng.integers(-128, 128, shape).astype(np.int8) for shape in op.inputs)
    raw, tensors = answer(op, a, b)

    def ordered(x, order):
        return x.reshape(x.shape + (1,) * (4 - x.ndim)).transpose(order)

    x1, x2 = (ordered(x.astype(int) - t["zero_point"], op.params[side])
              for x, t, side in zip((a, b), tensors, ("left", "right")))
    wanted = (x1 @ x2) / 2**6 + tensors[2]["zero_point"]
    got = ordered(np.frombuffer(raw, np.int8).reshape(op.output).astype(int), op.params["output"])
    assert (abs(got - np.clip(wanted, -128, 127)) <= 0.75).all()  # two roundings


@pytest.mark.parametrize("count", [2, 3, 16, 40, 127, 128, 300, 2000])
@pytest.mark.parametrize("centered", [0, 1])
@pytest.mark.parametrize("epsilon", [1e-6, 1e-3, 2.0])
def test_a_normalization_is_within_a_step_of_the_real_one(count, centered, epsilon):
    """epsilon: in squared steps of the input."""
    rng = np.random.default_rng(count)
    x = np.clip(np.rint(rng.normal(10, [[0.4], [5], [40]], (3, count))), -128, 127).astype(np.int8)
    gamma, beta = rng.uniform(-1, 1, count), rng.uniform(-1, 1, count)
    q_gamma, q_beta = np.rint(gamma * 20000), np.rint(beta * 20000 * 2048)
    e = max(1, round(256 * count * count * epsilon))
    step = 1 / 40
    real = 1 / (20000 * 2048 * step)
    fraction, exponent = np.frexp(real)
    params = {"multiplier": int(fraction * 2**31), "shift": int(exponent), "clamp_min": -128, "clamp_max": 127,
              "centered": centered, "count": count, "epsilon": e % 2**32, "epsilon_high": e >> 32,
              "gamma": q_gamma.astype("<i2").tobytes(), "beta": q_beta.astype("<i4").tobytes()}
    raw, (tensor, out) = answer(OneOp(LAYER_NORM, [x.shape], x.shape, params), x)
    values = x - float(tensor["zero_point"])
    values = values - values.mean(axis=1, keepdims=True) if centered else values
    deviation = np.sqrt(np.square(values).mean(axis=1, keepdims=True) + epsilon)
    normal = values / deviation
    dropped = 2 ** attention.narrowing(count) / 2 / count / deviation  # bits of distances from the mean, where rows are long
    wanted = (np.clip(normal, -16, 16) * gamma + beta) / step + out["zero_point"]
    got = np.frombuffer(raw, np.int8).reshape(x.shape)
    off = abs(got - np.clip(wanted, -128, 127))
    assert (off < 0.6 + (abs(normal) * 0.001 + dropped) / step).all()


def test_of_equal_values_a_normalization_leaves_beta():
    x = np.full((2, 5), 77, np.int8)
    params = {**EVEN, "shift": -10, "centered": 1, "count": 5, "epsilon": 1, "gamma": bytes([1, 1] * 5),
              "beta": (np.arange(5) * 2048).astype("<i4").tobytes()}
    raw, (_, out) = answer(OneOp(LAYER_NORM, [x.shape], x.shape, params), x)
    wanted = np.clip(np.arange(5) + out["zero_point"], -128, 127)
    np.testing.assert_array_equal(np.frombuffer(raw, np.int8).reshape(2, 5), [wanted, wanted])


def test_a_look_up_copies_rows_and_stays_inside():
    table = np.arange(12, dtype=np.int16).reshape(1, 4, 3)
    indices = np.array([-300, 0, 1, 2, 3, 300], np.int16)
    op = OneOp(GATHER, [table.shape, indices.shape], (1, 6, 3), {"outer": 1, "count": 4, "inner": 3},
               [layout.INT16, layout.INT16, layout.INT16])
    raw, tensors = answer(op, table, indices)
    places = np.clip(indices - tensors[1]["zero_point"], 0, 3)
    np.testing.assert_array_equal(np.frombuffer(raw, np.int16).reshape(6, 3), table[0][places])


@pytest.mark.parametrize("before, after", [(9, 0), (0, 0), (2, 1), (100, 100), (1 << 28, 0), (0, 1 << 28)])
def test_a_masked_softmax_is_one_of_what_it_sees(before, after):
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, (2, 6, 9)).astype(np.int8)
    params = {"multiplier": 1 << 30, "shift": 23, "diff_min": -248}
    raw, _ = answer(OneOp(MASKED_SOFTMAX, [x.shape], x.shape, {**params, "rows": 6, "before": before, "after": after}), x)
    got = np.frombuffer(raw, np.int8).reshape(x.shape)
    for i in range(6):
        seen = slice(max(i - before, 0), min(i + after + 1, 9))
        part = np.ascontiguousarray(x[:, i, seen])
        plain, _ = answer(OneOp(layout.SOFTMAX, [part.shape], part.shape, params), part)
        np.testing.assert_array_equal(got[:, i, seen], np.frombuffer(plain, np.int8).reshape(part.shape))
        assert (np.delete(got[:, i], np.arange(9)[seen], axis=1) == -128).all()


def product(**changes):
    """(3, 4) by (4, 5)."""
    inputs = [changes.pop("left_shape", (3, 4)), changes.pop("right_shape", (4, 5))]
    axes = (2, 3, 0, 1)
    return OneOp(BATCH_MATMUL, inputs, changes.pop("shape", (3, 5)),
                 {**EVEN, "left": axes, "right": axes, "output": axes, **changes})


def norm(**changes):
    return OneOp(LAYER_NORM, [(3, 4)], (3, 4), {**EVEN, "centered": 1, "count": 4, "epsilon": 1, "gamma": bytes(8),
                                                 "beta": bytes(16), **changes})


def look_up(**changes):
    dtypes = changes.pop("dtypes", [layout.INT8] * 3)
    return OneOp(GATHER, [(2, 5, 3), (4,)], (2, 4, 3), {"outer": 2, "count": 5, "inner": 3, **changes}, dtypes)


def masked(**changes):
    return OneOp(MASKED_SOFTMAX, [(2, 3, 4)], (2, 3, 4), {"multiplier": 1 << 30, "shift": 23, "diff_min": -9, "rows": 3,
                                                          "before": 2, "after": 0, **changes})


def test_these_ops_themselves_pass():
    for op in (product(), norm(), look_up(), masked()):
        assert _upyml.check(op.encode(np.random.default_rng(1))) > 0


REFUSED = [
    (product(left=(2, 3, 0, 0)), "PARAMS"), (product(right=(2, 3, 0, 4)), "PARAMS"), (product(output=(0, 0, 0, 0)), "PARAMS"),
    (product(left=(2, 3, 1, 0)), "SHAPE"), (product(shape=(3, 6)), "SHAPE"), (product(shape=(2, 5)), "SHAPE"),
    (product(left_shape=(3, 5)), "SHAPE"), (product(left_shape=(3, 4, 2)), "SHAPE"), (product(shape=(3, 5, 2)), None),
    (product(shift=31), "PARAMS"), (product(clamp_min=5, clamp_max=4), "PARAMS"),
    (norm(count=0), "SHAPE"), (norm(count=5), "SHAPE"), (norm(count=65537), "SHAPE"), (norm(centered=2), "PARAMS"),
    (norm(epsilon=0), "PARAMS"), (norm(epsilon_high=1 << 28), "PARAMS"), (norm(shift=-32), "PARAMS"),
    (norm(clamp_min=1, clamp_max=0), "PARAMS"), (norm(gamma=2), "DATA"), (norm(beta=bytes(0)), "DATA"),
    (norm(beta=0xFFFFFFFC), "DATA"), (norm(gamma=1), "DATA"),
    (look_up(outer=0), "SHAPE"), (look_up(count=6), "SHAPE"), (look_up(inner=2), "SHAPE"), (look_up(inner=1 << 28), "SHAPE"),
    (look_up(outer=0x10001, inner=0x10000), "SHAPE"), (look_up(count=0xFFFFFFFF), "SHAPE"),
    (look_up(dtypes=[layout.INT8, layout.FLOAT32, layout.INT8]), "DTYPE"),
    (look_up(dtypes=[layout.INT8, layout.INT8, layout.UINT8]), "DTYPE"),
    (masked(rows=0), "SHAPE"), (masked(rows=4), "SHAPE"), (masked(rows=-1), "SHAPE"), (masked(before=-1), "PARAMS"),
    (masked(after=(1 << 28) + 1), "PARAMS"), (masked(before=(1 << 31) - 1), "PARAMS"), (masked(shift=31), "PARAMS"),
    (masked(diff_min=1), "PARAMS"), (masked(multiplier=-1), "PARAMS"),
]


@pytest.mark.parametrize("op, refused", REFUSED, ids=[f"{layout.OPS[op.opcode][0]}-{i}" for i, (op, _) in enumerate(REFUSED)])
def test_refused(op, refused):
    model = op.encode(np.random.default_rng(1))
    if refused is None:  # an axis of the output along which both inputs are the same
        assert _upyml.check(model) > 0
    else:
        assert error(model)[0] == refused


@pytest.mark.parametrize("op", [product(), look_up()], ids=["BATCH_MATMUL", "GATHER"])
def test_only_what_works_row_by_row_may_lie_over_its_input(op):
    assert error(op.encode(np.random.default_rng(1), layout.FORWARD))[0] == "ORDER"
    for other in (norm(), masked()):
        assert error(other.encode(np.random.default_rng(1), layout.REVERSE))[0] == "ORDER"


@pytest.mark.parametrize("opcode", [LAYER_NORM, MASKED_SOFTMAX])
def test_in_place_gives_the_same(opcode):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        op = dict((codes[0], make) for codes, make in models.MAKERS)[opcode](rng, opcode)
        x = rng.integers(-128, 128, op.inputs[0]).astype(np.int8)
        state = rng.bit_generator.state
        apart = op.encode(rng)
        rng.bit_generator.state = state
        over = op.encode(rng, layout.FORWARD, [0, 0])
        wanted = run(_upyml, apart, [x.tobytes()])
        assert run(_upyml, over, [x.tobytes()]) == wanted == run(_reference, over, [x.tobytes()])
