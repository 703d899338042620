"""Recurrent ops: what they remember, and the refusals of hostile files."""

import array

import numpy as np
import pytest
from op_models import random_op
from op_models_recurrent import recurrent
from test_engine import random_inputs
from test_refusals import error

import _upyml
from upyml import _reference
from upyml.format import decode, layout, ops_recurrent
from upyml.format.encode import seal


def runs(engine, model, inputs):
    """The whole state and the output after each run, the state never cleared."""
    arena = array.array("b", bytes(engine.check(model)))
    view = memoryview(arena).cast("B")
    head = decode.header(model)
    runner = engine.Engine(model, arena)
    state = head["state_size"]
    x, y = (decode.tensor(model, head, numbers[0]) for numbers in (decode.inputs(model, head), decode.outputs(model, head)))
    found = []
    for data in inputs:
        view[state + x["offset"] : state + x["offset"] + len(data)] = data
        runner.run()
        found.append(bytes(view[:state]) + bytes(view[state + y["offset"] : state + y["offset"] + decode.nbytes(y)]))
    return found


def models(opcode, count, remembering):
    """Random models of an op, with states or without."""
    rng = np.random.default_rng(1000 + opcode)
    while count:
        model = random_op(rng, opcode).encode(rng)
        if (decode.header(model)["state_size"] > 0) == remembering:
            count -= 1
            yield rng, model


@pytest.mark.parametrize("opcode", ops_recurrent.OPS, ids=[name for name, _ in ops_recurrent.OPS.values()])
def test_states_survive_alike_in_c_and_python(opcode):
    changed = 0
    for rng, model in models(opcode, 20, True):
        (data,) = random_inputs(rng, model)
        found = runs(_upyml, model, [data] * 4)
        assert found == runs(_reference, model, [data] * 4)
        changed += found[0] != found[1]
    assert changed > 10  # the same input gives another answer: something was remembered


@pytest.mark.parametrize("opcode", ops_recurrent.OPS, ids=[name for name, _ in ops_recurrent.OPS.values()])
def test_without_states_each_run_begins_with_zeros(opcode):
    for rng, model in models(opcode, 20, False):
        (data,), (other,) = random_inputs(rng, model), random_inputs(rng, model)
        first, _, again = runs(_upyml, model, [data, other, data])
        assert first == again


def patched(model, field, code, value):
    """The file with one field of its only op changed."""
    at = decode.header(model)["ops"] + decode.OP_SIZE - 52
    name, fields = layout.OPS[model[decode.header(model)["ops"]]]
    for known, struct_code in fields:
        if known == field:
            break
        at += decode.size(((known, struct_code),))
    raw = int(value).to_bytes(decode.size(((field, code),)), "little", signed=value < 0)
    return seal(model[:at] + raw + model[at + len(raw) :])


def retyped(model, number, field, value):
    """The file with a tensor's byte changed: kind, dtype or rank."""
    at = decode.header(model)["tensors"] + number * decode.TENSOR_SIZE + {"kind": 0, "dtype": 1, "rank": 2}[field]
    return seal(model[:at] + bytes([value]) + model[at + 1 :])


ZERO_POINT = 28  # bytes into the record of a tensor

FIELDS = {
    "backwards": ("B", 2, "PARAMS"),
    "mirrored": ("B", 2, "PARAMS"),
    "activation": ("B", 5, "PARAMS"),
    "gate": ("B", 5, "PARAMS"),
    "gate_shift": ("B", 13, "PARAMS"),
    "hidden_shift": ("b", 31, "PARAMS"),
    "update_shift": ("b", -32, "PARAMS"),
    "cell_shift": ("b", 13, "PARAMS"),
    "clip": ("H", 32768, "PARAMS"),
    "table": ("I", 1 << 20, "DATA"),
    "weights": ("I", 1 << 20, "DATA"),
    "channels": ("I", 0, "DATA"),
    "recurrent_weights": ("I", 8, "DATA"),
    "recurrent_channels": ("I", (1 << 32) - 4, "DATA"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_out_of_range_is_refused(field):
    code, value, name = FIELDS[field]
    ((_, model),) = models(ops_recurrent.LSTM, 1, False)
    assert error(patched(model, field, code, value)) == (name, 0)


def test_the_last_bytes_of_the_data_may_be_a_table_but_no_less():
    ((_, model),) = models(ops_recurrent.SIMPLE_RNN, 1, False)
    head = decode.header(model)
    end = head["data"] + head["data_size"]
    assert _upyml.check(patched(model, "table", "I", (end - 512) & ~1)) > 0
    assert error(patched(model, "table", "I", (end - 510) & ~1)) == ("DATA", 0)
    assert error(patched(model, "table", "I", head["data"] + 1)) == ("DATA", 0)


def test_reset_after_is_0_or_1():
    ((_, model),) = models(ops_recurrent.GRU, 1, False)
    assert error(patched(model, "reset_after", "B", 2)) == ("PARAMS", 0)


def test_a_state_is_one_and_of_its_type():
    ((_, model),) = models(ops_recurrent.LSTM, 1, True)
    assert error(retyped(model, 1, "kind", layout.ARENA)) == ("DTYPE", 0)
    assert error(retyped(model, 1, "dtype", layout.UINT8))[0] in ("DTYPE", "TENSOR")
    assert error(retyped(model, 0, "rank", 3)) == ("SHAPE", 0)


def test_states_may_not_lie_over_each_other():
    ((_, model),) = models(ops_recurrent.LSTM, 1, True)
    at = decode.header(model)["tensors"] + 2 * decode.TENSOR_SIZE + 4
    assert error(seal(model[:at] + bytes(4) + model[at + 4 :])) == ("SHAPE", 0)


def wide(opcode, remembering):
    """A random model of int16."""
    rng = np.random.default_rng(opcode)
    while True:
        model = recurrent(rng, opcode, wide=True).encode(rng)
        if (decode.header(model)["state_size"] > 0) == remembering:
            return model


def read(model, field):
    """A field of a file's only op."""
    return decode.op(model, decode.header(model), 0)["params"][field]


@pytest.mark.parametrize("opcode", ops_recurrent.OPS, ids=[name for name, _ in ops_recurrent.OPS.values()])
def test_int16_goes_with_int16_and_zero_points_of_0(opcode):
    model = wide(opcode, False)
    assert _upyml.check(model) > 0
    assert error(retyped(model, 0, "dtype", layout.INT8)) == ("DTYPE", 0)
    assert error(retyped(model, 1, "dtype", layout.INT8)) == ("DTYPE", 0)
    for number in range(2):
        at = decode.header(model)["tensors"] + number * decode.TENSOR_SIZE + ZERO_POINT
        assert error(seal(model[:at] + b"\x01" + model[at + 1 :])) == ("PARAMS", 0)


def test_the_states_of_int16_are_int16():
    model = wide(ops_recurrent.LSTM, True)
    for number in (1, 2):
        assert error(retyped(model, number, "dtype", layout.INT8)) == ("DTYPE", 0)


@pytest.mark.parametrize("name", ["channels", "recurrent_channels"])
def test_channels_of_int16_lie_in_the_file_with_shifts_that_fit(name):
    model = wide(ops_recurrent.SIMPLE_RNN, False)
    head = decode.header(model)
    units = decode.tensor(model, head, 1)["shape"][-1]
    four = units + 3 & ~3
    shift = read(model, name) + 12 * four
    assert _upyml.check(seal(model[:shift] + b"\x07" + model[shift + 1 :])) > 0
    for byte in (8, 256 - 32):
        assert error(seal(model[:shift] + bytes([byte]) + model[shift + 1 :])) == ("PARAMS", 0)
    end = head["data"] + head["data_size"]
    assert error(patched(model, name, "I", end - 13 * four + 4)) == ("DATA", 0)
