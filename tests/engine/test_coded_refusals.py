"""What a file with coded weights may get wrong: both checks refuse it by the same name, and no build runs what it lacks."""

import struct

import numpy as np
import pytest
from op_models import OneOp, pack, random_op
from test_refusals import error

import _upyml
from upyml import _reference
from upyml.format import check, decode, encode, layout

CODINGS = [layout.INT4_WEIGHTS, layout.SPARSE_WEIGHTS]
K, CHANNELS = 11, 7  # six pairs, two blocks


class Dense:
    """A dense layer with SPARSE weights: two blocks, of three pairs (and a filler) and of two; to be changed."""

    def __init__(self):
        rows = np.zeros((CHANNELS, 1, K), int)
        rows[1, 0, 2], rows[2, 0, 3], rows[3, 0, 7], rows[0, 0, 10] = 5, -127, 1, 127  # pairs 1, 3 and 5
        rows[4, 0, 0], rows[5, 0, 5] = 3, -4  # pairs 0 and 2
        self.params = {**pack(rows, layout.SPARSE_WEIGHTS), "per_channel": 1, "clamp_min": -128, "clamp_max": 127,
                       "channels": encode.pack_channels([0] * CHANNELS, [1 << 30] * CHANNELS, [0] * CHANNELS)}
        self.version = 2

    def poke(self, place, code, *values):
        data = bytearray(self.params["weights"])
        struct.pack_into("<" + code, data, place, *values)
        self.params["weights"] = bytes(data)

    def encode(self):
        op = OneOp(layout.FULLY_CONNECTED, [(1, K)], (1, CHANNELS), self.params)
        model = bytearray(op.encode(np.random.default_rng(0)))
        struct.pack_into("<H", model, 16, self.version)
        return encode.seal(bytes(model))


FIRST, SECOND = 12, 32  # groups of the first block, behind the table of three; the second block has one at 52


def test_the_layer_itself_passes():
    layer = Dense()
    assert struct.unpack_from("<3I2H", layer.params["weights"]) == (12, 52, 72, 4, 12)
    assert struct.unpack_from("<2H", layer.params["weights"], SECOND) == (20, 20)
    assert layer.params["pairs"] == 4
    model = layer.encode()
    assert decode.header(model)["engine_version"] == 2
    assert _upyml.check(model) == check.check(model) >= 0


@pytest.mark.parametrize("place, code, value, refused", [
    (0, "I", 16, "DATA"), (0, "I", 8, "DATA"), (0, "I", 0xFFFFFFF0, "DATA"),  # where the first block begins
    (4, "I", 51, "DATA"), (4, "I", 92, "DATA"), (4, "I", 0xFFFFFFFC, "DATA"), (4, "I", 8, "DATA"),
    (8, "I", 71, "DATA"), (8, "I", 32, "DATA"), (8, "I", 0x7FFFFFF8, "DATA"), (8, "I", 0xFFFFFFFF, "DATA"),
    (4, "I", 72, "PARAMS"),  # more groups than `pairs`
    (FIRST, "H", 5, "PARAMS"), (FIRST, "H", 12, "PARAMS"), (FIRST, "H", 16, "PARAMS"),  # odd, twice, falling
    (FIRST + 2, "H", 24, "PARAMS"), (FIRST + 2, "H", 0xFFFC, "PARAMS"),  # beyond the last pair
    (SECOND, "H", 12, "PARAMS"), (SECOND, "H", 24, "PARAMS"), (SECOND + 2, "H", 16, "PARAMS"),
    (SECOND + 12, "B", 127, "PARAMS"), (SECOND + 19, "B", 129, "PARAMS"),  # the filler's weights
])  # fmt: skip
def test_a_table_or_place_that_cannot_be_is_refused(place, code, value, refused):
    layer = Dense()
    layer.poke(place, code, value)
    assert error(layer.encode()) == (refused, 0)


@pytest.mark.parametrize("pairs, passes", [(0, False), (2, False), (3, False), (4, True), (5, False), (6, True), (8, False),
                                           (0xFFFFFFFE, False)])  # fmt: skip
def test_pairs_are_twos_and_enough_and_no_more_than_there_are(pairs, passes):
    layer = Dense()
    layer.params["pairs"] = pairs
    if passes:
        assert _upyml.check(layer.encode()) == check.check(layer.encode()) >= 0
    else:
        assert error(layer.encode()) == ("PARAMS", 0)


@pytest.mark.parametrize("opcode", layout.CODED, ids=lambda code: layout.OPS[code][0])
@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: layout.CODINGS[coding])
def test_a_coding_is_of_engine_version_2_and_known(opcode, coding):
    rng = np.random.default_rng(1)
    op = random_op(rng, opcode, coding)
    model = bytearray(op.encode(rng))
    model[16] = 1
    assert error(encode.seal(bytes(model))) == ("ENGINE", 0)
    op.params["coding"] = len(layout.CODINGS)
    assert error(op.encode(rng)) == ("PARAMS", 0)


def test_a_dense_file_asks_for_engine_version_1():
    rng = np.random.default_rng(1)
    model = random_op(rng, layout.CONV2D, layout.INT8_WEIGHTS).encode(rng)
    assert decode.header(model)["engine_version"] == 1


@pytest.mark.parametrize("opcode", [layout.DEPTHWISE_CONV2D, layout.MAX_POOL, layout.AVERAGE_POOL],
                         ids=lambda code: layout.OPS[code][0])  # fmt: skip
def test_other_windows_have_no_coding(opcode):
    rng = np.random.default_rng(2)
    op = random_op(rng, opcode)
    op.params["coding"] = layout.INT4_WEIGHTS
    assert error(op.encode(rng)) == ("PARAMS", 0)


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: layout.CODINGS[coding])
def test_weights_that_reach_out_of_the_data_are_refused(coding):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        op = random_op(rng, layout.CODED[seed % 2], coding)
        model = op.encode(rng)
        head = decode.header(model)
        weights = decode.op(model, head, 0)["params"]["weights"]
        short = bytearray(model)
        struct.pack_into("<I", short, 56, weights + len(op.params["weights"]) - 1 - head["data"])  # of the data section
        name, number = error(encode.seal(bytes(short)))
        assert (name, number) == ("DATA", 0)


def damaged_weights(rng, coding, count):
    """Coded models with some bytes changed, most of them in the op's fields or the table and first groups."""
    for number in range(count):
        op = random_op(rng, layout.CODED[number % 2], coding)
        model = op.encode(rng)
        head = decode.header(model)
        fields, weights = head["ops"] + decode.OP_SIZE - 52, decode.op(model, head, 0)["params"]["weights"]
        for _ in range(60):
            out = bytearray(model)
            for _ in range(int(rng.choice([1, 1, 2, 3]))):
                first, room = [(fields, 32), (weights, 40), (weights, len(op.params["weights"]))][int(rng.integers(3))]
                place = min(first + int(rng.integers(room)), len(out) - 1)
                out[place] = int(rng.choice([0, 1, 2, 4, 8, 12, 20, 127, 128, 255, int(rng.integers(256))]))
            yield encode.seal(bytes(out))


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: layout.CODINGS[coding])
def test_both_checks_give_the_same_answer_to_damaged_weights(coding):
    answers = [(_upyml.check(model), check.check(model)) for model in damaged_weights(np.random.default_rng(3), coding, 40)]
    assert all(c == python for c, python in answers)
    assert {layout.ERRORS[(-answer - 1) % 64][0] for answer, _ in answers if answer < 0} == {"PARAMS", "DATA"}
    assert sum(answer >= 0 for answer, _ in answers) > 300


@pytest.mark.parametrize("coding", CODINGS, ids=lambda coding: layout.CODINGS[coding])
def test_python_runs_whatever_passes(coding):
    ran = 0
    for model in damaged_weights(np.random.default_rng(4), coding, 20):
        size = check.check(model)
        if size >= 0:
            _reference.Engine(model, bytearray(size)).run()
            ran += 1
    assert ran > 100
