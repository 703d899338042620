"""The engine in C against the engine in Python, op by op, and the check against the check."""

import array
import random

import numpy as np
import pytest
from op_models import random_op

import _upyml
from upyml import _reference
from upyml.format import check, decode, encode, layout, ops_math
from upyml.format.explain import explain

NAMES = [name for name, _ in layout.OPS.values()]


def run(engine, model, inputs):
    """Raw bytes of the outputs for raw bytes of the inputs, and of the states, which are anything before."""
    arena = array.array("b", np.random.default_rng(1).bytes(engine.check(model)))
    head = decode.header(model)
    states = memoryview(arena).cast("B")[: head["state_size"]]
    view = memoryview(arena).cast("B")[head["state_size"] :]
    for number, data in zip(decode.inputs(model, head), inputs):
        at = decode.tensor(model, head, number)["offset"]
        view[at : at + len(data)] = data
    engine.Engine(model, arena).run()
    outputs = []
    for number in decode.outputs(model, head):
        tensor = decode.tensor(model, head, number)
        outputs.append(bytes(view[tensor["offset"] : tensor["offset"] + decode.nbytes(tensor)]))
    return outputs + [bytes(states)]


def random_inputs(rng, model):
    head = decode.header(model)
    tensors = [decode.tensor(model, head, number) for number in decode.inputs(model, head)]
    return [rng.normal(0, 3, decode.elements(t["shape"])).astype("<f4").tobytes() if t["dtype"] == layout.FLOAT32
            else rng.integers(0, 256, decode.nbytes(t), np.uint8).tobytes() for t in tensors]


@pytest.mark.parametrize("opcode", layout.OPS, ids=NAMES)
def test_c_and_python_give_the_same_bytes(opcode):
    rng = np.random.default_rng(opcode)
    for _ in range(60):
        op = random_op(rng, opcode)
        model = op.encode(rng)
        assert _upyml.check(model) == check.check(model) >= 0
        inputs = random_inputs(rng, model)
        assert run(_upyml, model, inputs) == run(_reference, model, inputs), (op.inputs, op.output, op.params)


def spans(op, order):
    """The least distance from input to output that the order's rules allow: out - in, in bytes."""
    (shape,), p = op.inputs, op.params
    height, width, depth = (1,) * (3 - len(shape)) + tuple(shape)
    out_h, out_w, out_c = (1,) * (3 - len(op.output)) + tuple(op.output)
    if p["kernel_h"] * p["kernel_w"] * p["stride_h"] * p["stride_w"] == 1 and (op.opcode, out_h, out_w) == (layout.CONV2D, height, width):
        height, width, out_h, out_w = height * width, 1, out_h * out_w, 1
    in_row, out_row = width * depth, out_w * out_c
    reach = (p["kernel_h"] - 1) * p["dilation_h"] + 1
    if order == layout.FORWARD:  # rows below b are written while rows from `unread` on wait
        limits = [min(height, max(0, (b - 1) * p["stride_h"] - p["pad_top"] + reach)) for b in range(1, out_h)]
        return min([unread * in_row - b * out_row for b, unread in enumerate(limits, 1) if unread < height], default=0)
    lows = [max(0, a * p["stride_h"] - p["pad_top"]) for a in range(1, out_h)]
    return max([min(low, height) * in_row - a * out_row for a, low in enumerate(lows, 1) if low > 0], default=0)


@pytest.mark.parametrize("order", [layout.FORWARD, layout.REVERSE], ids=["FORWARD", "REVERSE"])
@pytest.mark.parametrize("opcode", [layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.MAX_POOL, layout.AVERAGE_POOL],
                         ids=["CONV2D", "DEPTHWISE_CONV2D", "MAX_POOL", "AVERAGE_POOL"])
def test_an_output_may_lie_over_its_input_as_close_as_the_order_allows(opcode, order):
    rng = np.random.default_rng(opcode + 100 * order)
    for _ in range(200):
        op = random_op(rng, opcode)
        distance = spans(op, order)
        base = max(0, -distance)
        state = rng.bit_generator.state  # the same zero points in both files
        apart = op.encode(rng)
        rng.bit_generator.state = state
        over = op.encode(rng, order, [base, base + distance])
        inputs = random_inputs(rng, apart)
        assert run(_upyml, over, inputs) == run(_upyml, apart, inputs), (op.inputs, op.output, op.params, distance)


def test_a_depthwise_convolution_may_go_plane_by_plane():
    rng = np.random.default_rng(7)
    seen = 0
    while seen < 100:
        op = random_op(rng, layout.DEPTHWISE_CONV2D)
        if op.params["multiplier"] != 1:
            continue
        seen += 1
        state = rng.bit_generator.state
        apart = op.encode(rng)
        rng.bit_generator.state = state
        distance = spans(op, layout.FORWARD)
        base = max(0, -distance)
        over = op.encode(rng, layout.PLANE, [base, base + distance])
        inputs = random_inputs(rng, apart)
        assert run(_upyml, over, inputs) == run(_upyml, apart, inputs), (op.inputs, op.output, op.params, distance)


ELEMENTWISE = ["ADD", "SUB", "MUL", "TABLE", "RESHAPE", "REQUANTIZE", "SOFTMAX"]


def run_over(opcode, rng, order, distance):
    """An op with its output `distance` bytes behind its input, and the same op with both apart: must agree."""
    op = random_op(rng, opcode)
    widths = {layout.DTYPES[dtype][1] for dtype in op.dtypes}
    if (op.size(0) != op.size(-1) and opcode != layout.FULLY_CONNECTED) or len(widths) > 1:
        return
    distance -= distance % widths.pop()
    state = rng.bit_generator.state
    apart = op.encode(rng)
    rng.bit_generator.state = state
    base = max(0, -distance)
    over = op.encode(rng, order, [base] + [1000] * (len(op.inputs) - 1) + [base + distance])
    inputs = random_inputs(rng, apart)
    assert run(_upyml, over, inputs) == run(_upyml, apart, inputs) == run(_reference, over, inputs), distance


@pytest.mark.parametrize("name", ELEMENTWISE + ["FULLY_CONNECTED"])
def test_ops_in_place(name):
    rng = np.random.default_rng(NAMES.index(name))
    for _ in range(60):
        run_over(NAMES.index(name), rng, layout.FORWARD, 0)
        if name != "SOFTMAX":
            run_over(NAMES.index(name), rng, layout.REVERSE, 0)


@pytest.mark.parametrize("name", ELEMENTWISE[:-1])
def test_elementwise_ops_shift_their_data(name):
    """First to last the output may lie before the input, last to first behind it."""
    rng = np.random.default_rng(NAMES.index(name))
    for _ in range(60):
        run_over(NAMES.index(name), rng, layout.FORWARD, -int(rng.integers(0, 20)))
        run_over(NAMES.index(name), rng, layout.REVERSE, int(rng.integers(0, 20)))


@pytest.mark.parametrize("opcode", ops_math.PAIRWISE, ids=[layout.OPS[opcode][0] for opcode in ops_math.PAIRWISE])
def test_pairwise_ops_shift_their_data_as_well(opcode):
    rng = np.random.default_rng(opcode)
    for _ in range(60):
        run_over(opcode, rng, layout.FORWARD, -int(rng.integers(0, 20)))
        run_over(opcode, rng, layout.REVERSE, int(rng.integers(0, 20)))


def test_a_softmax_only_runs_forward():
    rng = np.random.default_rng(5)
    backward = random_op(rng, layout.SOFTMAX).encode(rng, layout.REVERSE, [0, 0])
    assert "order" in explain(_upyml.check(backward), backward)


def test_an_int32_input_is_refused():
    integers = {"kind": layout.ARENA, "dtype": layout.INT32, "shape": (3,), "scale": 1.0, "zero_point": 0}
    op = {"opcode": layout.RESHAPE, "order": layout.DISJOINT, "inputs": [0], "outputs": [1], "top": 24, "params": {}}
    tensors = [{**integers, "offset": 0}, {**integers, "offset": 12}]
    model = encode.encode(tensors, [op], [0], [1], {})
    assert _upyml.check(model) == check.check(model) < 0
    assert explain(_upyml.check(model), model).startswith("link 0: ")


def damaged(model, chance):
    """The model with a few bytes changed, mostly before its data, the CRC-32 mostly repaired."""
    out = bytearray(model)
    edge = decode.header(model)["data"] if chance.random() < 0.9 else len(out)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        out[chance.randrange(edge)] = chance.choice([0, 1, 2, 3, 4, 5, 127, 128, 255, chance.randrange(256)])
    if chance.random() < 0.05:
        del out[chance.randrange(len(out)):]
    return encode.seal(bytes(out)) if chance.random() < 0.9 and len(out) >= decode.HEADER_SIZE else bytes(out)


@pytest.mark.parametrize("opcode", layout.OPS, ids=NAMES)
def test_both_checks_give_the_same_answer(opcode):
    rng, chance = np.random.default_rng(opcode), random.Random(opcode)
    answers = set()
    for _ in range(10):
        model = random_op(rng, opcode).encode(rng)
        for _ in range(200):
            bad = damaged(model, chance)
            answer = check.check(bad)
            answers.add(answer)
            assert _upyml.check(bad) == answer
    assert len({answer for answer in answers if answer < 0}) > 5


def test_every_cut_and_every_flipped_byte_is_refused_with_a_sentence():
    rng = np.random.default_rng(1)
    model = random_op(rng, layout.CONV2D).encode(rng)
    for length in range(len(model)):
        code = _upyml.check(model[:length])
        assert code < 0 and explain(code, model[:length])
    for place in range(len(model)):
        bad = bytearray(model)
        bad[place] ^= 1 << int(rng.integers(0, 8))
        code = _upyml.check(bytes(bad))
        assert code < 0 and explain(code, bytes(bad))


def test_an_arena_that_is_too_small_is_refused():
    rng = np.random.default_rng(2)
    model = random_op(rng, layout.ADD).encode(rng)
    with pytest.raises(ValueError) as caught:
        _upyml.Engine(model, bytearray(_upyml.check(model) - 1))
    assert explain(caught.value.args[0], model) == "the arena is too small"


def float_model(opcode, dtype, scale, zero_point, count):
    """QUANTIZE or DEQUANTIZE of `count` values."""
    both = {"kind": layout.ARENA, "shape": (count,)}
    integers = {**both, "dtype": dtype, "scale": scale, "zero_point": zero_point, "offset": 0}
    floats = {**both, "dtype": layout.FLOAT32, "scale": 1.0, "zero_point": 0, "offset": 4 * count}
    tensors = [floats, integers] if opcode == layout.QUANTIZE else [integers, floats]
    op = {"opcode": opcode, "order": layout.DISJOINT, "inputs": [0], "outputs": [1], "top": 8 * count, "params": {}}
    return encode.encode(tensors, [op], [0], [1], {})


@pytest.mark.parametrize("scale", [np.float32(s) for s in (0.12573022, 1.0, 6.2e-6, 2780.7244, 3e38, 1.2e-38)])
@pytest.mark.parametrize("dtype", [layout.INT8, layout.UINT8, layout.INT16])
def test_float32_at_the_edges_is_what_a_float_unit_gives(dtype, scale):
    rng, count = np.random.default_rng(3), 20000
    kind = (np.int8, np.uint8, np.int16)[dtype]
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    zero_point = int(rng.integers(low, high + 1))
    with np.errstate(all="ignore"):
        bits = rng.integers(0, 2**32, count // 2, np.uint64).astype(np.uint32).view(np.float32)  # also NaN, subnormal...
        ties = ((rng.integers(-300, 300, count // 2) + 0.5) * np.float64(scale)).astype(np.float32)
        x = np.concatenate([bits, ties])
        quotient = np.where(np.isnan(x), 0, np.clip(x / scale, -1e6, 1e6)).astype(np.float64)
        expected = np.clip(np.sign(quotient) * np.floor(np.abs(quotient) + 0.5) + zero_point, low, high).astype(kind)
        raw, _ = run(_upyml, float_model(layout.QUANTIZE, dtype, float(scale), zero_point, count), [x.tobytes()])
        assert (np.frombuffer(raw, kind) == expected).all()
        q = rng.integers(low, high + 1, count).astype(kind)
        raw, _ = run(_upyml, float_model(layout.DEQUANTIZE, dtype, float(scale), zero_point, count), [q.tobytes()])
        real = scale * (q.astype(np.int32) - zero_point).astype(np.float32)
    assert (np.frombuffer(raw, np.uint32) == real.view(np.uint32)).all()
