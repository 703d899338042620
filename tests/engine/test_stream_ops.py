"""SHIFT and START: what they make of a state over several runs, and the files that the check refuses, in C and in Python."""

import _upyml
import numpy as np
import pytest
from small_models import Builder

import upyml
from upyml import _reference
from upyml.format import check, encode, layout
from upyml.format.explain import explain
from upyml.format.ops_stream import SHIFT, START, SVDF

ENGINES = pytest.mark.parametrize("engine", [_upyml, _reference], ids=["c", "python"])


def window(new=2, rows=5, dtype=layout.INT16, **changed):
    """A window over the last `rows` values, of which a run brings `new`; changed: of the SHIFT's record."""
    b = Builder()
    x, y = b.tensor((new,), 0.5, 9, dtype), b.tensor((rows,), 0.5, 9, dtype)
    b.tensors.append(b.tensors[y] | {"kind": layout.STATE, "offset": 0})
    b.op(SHIFT, [x], 2)
    b.ops[0] |= changed
    b.op(layout.RESHAPE, [2], y)
    return encode.encode(b.tensors, b.ops, [x], [y], {}, state_size=16)


def started(values=(4, -5, 6), flag=(), **changed):
    """A state that begins with the values and is the input of the run before; flag: changes of the flag's tensor."""
    b = Builder()
    x, y = b.tensor((3,), 0.5, 1), b.tensor((3,), 0.5, 1)
    first = b.constant(values, 0.5, 1)
    b.tensors.append(b.tensors[y] | {"kind": layout.STATE, "offset": 0})
    b.tensors.append(b.tensors[y] | {"kind": layout.STATE, "shape": (1,), "zero_point": 0, "offset": 4} | dict(flag))
    b.op(START, [4, first], 3)
    b.ops[0] |= changed
    b.op(layout.RESHAPE, [3], y)
    b.op(layout.RESHAPE, [x], 3)
    return encode.encode(b.tensors, b.ops, [x], [y], {}, state_size=16)


def outputs(model, inputs):
    found = []
    for values in inputs:
        model.input[:] = np.array(values, {"b": np.int8, "h": np.int16}[model.input.format])
        model.run()
        found.append(list(model.output))
    return found


@ENGINES
def test_a_window_moves_on_by_what_is_new(engine):
    model = upyml.load(window(), engine)
    for _ in range(2):
        seen = outputs(model, [(1, 2), (3, 4), (5, -600)])
        assert seen == [[9, 9, 9, 1, 2], [9, 1, 2, 3, 4], [2, 3, 4, 5, -600]]
        model.reset()


@ENGINES
def test_a_whole_window_may_be_new(engine):
    assert outputs(upyml.load(window(5, 5), engine), [(1, 2, 3, 4, 5), (6, 7, 8, 9, 10)])[1] == [6, 7, 8, 9, 10]


@ENGINES
def test_a_state_begins_with_its_values_once(engine):
    model = upyml.load(started(), engine)
    for _ in range(2):
        assert outputs(model, [(1, 1, 1), (2, 2, 2), (3, 3, 3)]) == [[4, -5, 6], [1, 1, 1], [2, 2, 2]]
        model.reset()


def svdf(units=2, **changed):
    """Two values in, memories of three; changed: fields of the op, or its record."""
    b = Builder()
    x, y = b.tensor((2,), 0.5, 1), b.tensor((units,), 0.5, 1)
    feature, time = b.constant(np.ones((2, 2)), 0.5), b.constant(np.ones((2, 3)), 0.5)
    b.tensors.append({"kind": layout.CONSTANT, "dtype": layout.INT32, "shape": (2,), "scale": 1.0, "zero_point": 0,
                      "data": bytes(8)})  # fmt: skip
    b.tensors.append(b.tensors[x] | {"kind": layout.STATE, "shape": (2, 3), "zero_point": 0, "offset": 0})
    fields = {"rank": 1, "multiplier1": 1 << 30, "multiplier2": 1 << 30, "shift1": 1, "shift2": 1}
    b.op(SVDF, [x, 5, feature, time, 4], y, **{key: changed.pop(key, value) for key, value in fields.items()})
    b.ops[0] |= changed
    return encode.encode(b.tensors, b.ops, [x], [y], {}, state_size=16)


@ENGINES
def test_filters_remember_what_they_saw(engine):
    """Both filters sum what comes in, less the zero point 1, and then their last three sums."""
    seen = outputs(upyml.load(svdf(), engine), [(2, 2), (3, 2), (1, 1), (1, 1), (1, 1)])
    assert seen == [[1 + n] * 2 for n in (2, 2 + 3, 2 + 3 + 0, 3 + 0 + 0, 0)]


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (window(6, 5), "SHAPE"),
        (window(order=layout.FORWARD), "ORDER"),
        (window(outputs=[1]), "SHAPE"),  # no state
        (window(inputs=[0, 0]), "ARITY"),
        (started(inputs=[4]), "ARITY"),
        (started(order=layout.REVERSE), "ORDER"),
        (started(outputs=[1]), "SHAPE"),
        (started(inputs=[0, 2]), "SHAPE"),  # the flag is no state
        (started(values=(1, 2)), "SHAPE"),
        (started(flag={"shape": (3,)}), "SHAPE"),
        (started(flag={"dtype": layout.INT16}), "DTYPE"),
        (started(inputs=[3, 2], outputs=[4]), "SHAPE"),
        (svdf(inputs=[0, 5, 2, 3]), "ARITY"),
        (svdf(inputs=[0, 5, 2, 3, 2]), "DTYPE"),  # a bias of int8
        (svdf(order=layout.FORWARD), "ORDER"),
        (svdf(inputs=[0, 3, 2, 3, 4]), "SHAPE"),  # memories in the file
        (svdf(outputs=[5]), "SHAPE"),
        (svdf(rank=0), "SHAPE"),
        (svdf(rank=2), "SHAPE"),
        (svdf(units=3), "SHAPE"),
        (svdf(inputs=[0, 5, 3, 3, 4]), "SHAPE"),
        (svdf(shift1=31), "PARAMS"),
        (svdf(shift2=-32), "PARAMS"),
    ],
)
def test_what_is_wrong_is_refused(file, error):
    answer = _upyml.check(file)
    assert answer == check.check(file)
    assert -1 - answer == [name for name, _ in layout.ERRORS].index(error), explain(answer, file)
