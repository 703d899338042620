"""Variables of .tflite files: what they hold from run to run is what TensorFlow Lite Micro's hold."""

import numpy as np
import pytest
from oracle import Tflm
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError

RUNS = 30


def accumulator(initial=(5, -7, 100), order=("read", "add", "assign")):
    """total = total + x, the model's output; initial: what it begins with."""
    b, first = TfliteBuilder(), TfliteBuilder()
    x, total, y = (b.tensor((1, 3), scale=0.5, zero_point=3) for _ in range(3))
    b.op("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1)
    handle = b.variable("total")
    ops = {
        "read": lambda: b.op("READ_VARIABLE", [handle], [total], "ReadVariableOptions"),
        "add": lambda: b.op("ADD", [total, x], [y], "AddOptions"),
        "assign": lambda: b.op("ASSIGN_VARIABLE", [handle, y], [], "AssignVariableOptions"),
    }
    for name in order:
        ops[name]()
    values = first.constant(np.reshape(initial, (1, 3)), "int8", 0.5, 3)
    first.op("ASSIGN_VARIABLE", [first.variable("total"), values], [], "AssignVariableOptions")
    return b.file([x], [y], first=first)


def delay(initial=((7, 8),)):
    """The inputs of the last two runs through two variables, the second of which takes what the first one held."""
    b, first = TfliteBuilder(), TfliteBuilder()
    x, old, older, y = (b.tensor((1, 1, 2), scale=0.5, zero_point=3) for _ in range(4))
    b.op("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1)
    near, far = b.variable("near"), b.variable("far")
    b.op("READ_VARIABLE", [near], [old], "ReadVariableOptions")
    b.op("READ_VARIABLE", [far], [older], "ReadVariableOptions")
    b.op("ASSIGN_VARIABLE", [near, x], [], "AssignVariableOptions")
    b.op("ASSIGN_VARIABLE", [far, old], [], "AssignVariableOptions")
    b.op("SUB", [x, older], [y], "SubOptions")
    for name, values in (("near", initial), ("far", ((-9, 3),))):
        values = first.constant([values], "int8", 0.5, 3)
        first.op("ASSIGN_VARIABLE", [first.variable(name), values], [], "AssignVariableOptions")
    return b.file([x], [y], first=first)


def window(rows=4, new=2, initial=3, cut=None):
    """The last rows of what came in, and the sum over them; cut: of the slice that is kept, its first row."""
    b, first = TfliteBuilder(), TfliteBuilder()
    x, w = (b.tensor((1, n, 3), scale=0.5, zero_point=3) for n in (new, rows))
    kept, after = (b.tensor((1, rows - new, 3), scale=0.5, zero_point=3) for _ in range(2))
    y = b.tensor((1, 3), scale=0.25, zero_point=-3)
    b.op("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1)
    handle = b.variable("rows")
    b.op("READ_VARIABLE", [handle], [kept], "ReadVariableOptions")
    b.op("CONCATENATION", [kept, x], [w], "ConcatenationOptions", Axis=1)
    cut = new if cut is None else cut
    spans = [b.constant(n) for n in ([0, cut, 0], [1, cut + rows - new, 3], [1, 1, 1])]
    b.op("STRIDED_SLICE", [w, *spans], [after], "StridedSliceOptions")
    b.op("ASSIGN_VARIABLE", [handle, after], [], "AssignVariableOptions")
    b.op("MEAN", [w, b.constant([1])], [y], "ReducerOptions")
    values = first.constant(np.full((1, rows - new, 3), initial), "int8", 0.5, 3)
    first.op("ASSIGN_VARIABLE", [first.variable("rows"), values], [], "AssignVariableOptions")
    return b.file([x], [y], first=first)


def converted(content, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    return convert(path)


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (accumulator(), ["START", "ADD", "RESHAPE"]),
        (accumulator(initial=(3, 3, 3)), ["ADD", "RESHAPE"]),  # begins with its zero points
        (delay(), None),
        (window(), ["SHIFT", "MEAN"]),
        (window(initial=-80), ["START", "SHIFT", "MEAN"]),
        (window(rows=5, new=4), ["SHIFT", "MEAN"]),
        (window(cut=1), ["CONCATENATE", "STRIDED_SLICE", "MEAN"]),  # keeps other rows than the last
    ],
    ids=["initial", "zero", "delay", "window", "window from initial rows", "few old rows", "no window"],
)
def test_every_run_equals_tflm(content, kinds, tmp_path):
    found = converted(content, tmp_path)
    model, right, chance = upyml.load(found.file), Tflm(content), np.random.default_rng(0)
    inputs = chance.integers(-20, 21, (RUNS, model.input_details[0].size)).astype(np.int8)
    for _ in range(2):  # a reset is a fresh start
        right = Tflm(content)
        for values in inputs:
            model.input[:] = memoryview(values)
            model.run()
            assert list(model.output) == list(right([values], 1)[0])
        model.reset()
    assert model.selftest() is True
    assert found.check.equal == found.check.samples
    made = [step.kind for step in found.program.steps]
    assert kinds is None or sorted(made) == sorted(kinds)


def test_a_variable_that_is_assigned_before_it_is_read_is_no_state(tmp_path):
    b, first = TfliteBuilder(), TfliteBuilder()
    x, same, y = (b.tensor((1, 3), scale=0.5, zero_point=3) for _ in range(3))
    b.op("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1)
    handle = b.variable("x")
    b.op("ASSIGN_VARIABLE", [handle, x], [], "AssignVariableOptions")
    b.op("READ_VARIABLE", [handle], [same], "ReadVariableOptions")
    b.op("ADD", [same, x], [y], "AddOptions")
    first.op("ASSIGN_VARIABLE", [first.variable("x"), first.constant([[0, 0, 0]], "int8", 0.5, 3)], [], "AssignVariableOptions")
    found = converted(b.file([x], [y], first=first), tmp_path)
    assert found.program.states == [] and [step.kind for step in found.program.steps] == ["ADD"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda first: first.ops.pop(), "the variable 'x' is read before anything is assigned to it"),
        (lambda first: first.op("ADD", [0, 0], [0], "AddOptions"), "works out a variable's initial value by ADD"),
        (lambda first: first.tensors[-2].update(data=np.zeros((1, 2), np.int8), shape=(1, 2)), "its initial value int8 of shape"),
    ],
)
def test_what_cannot_be_a_state_is_told(change, said, tmp_path):
    b, first = TfliteBuilder(), TfliteBuilder()
    x, y = (b.tensor((1, 3), scale=0.5, zero_point=3) for _ in range(2))
    b.op("CALL_ONCE", [], [], "CallOnceOptions", InitSubgraphIndex=1)
    handle = b.variable("x")
    b.op("READ_VARIABLE", [handle], [y], "ReadVariableOptions")
    b.op("ASSIGN_VARIABLE", [handle, x], [], "AssignVariableOptions")
    values = first.constant([[1, 2, 3]], "int8", 0.5, 3)
    first.op("ASSIGN_VARIABLE", [first.variable("x"), values], [], "AssignVariableOptions")
    change(first)
    with pytest.raises(ConversionError, match=said):
        converted(b.file([x], [y], first=first), tmp_path)


def test_other_subgraphs_are_still_refused(tmp_path):
    b = TfliteBuilder()
    x, y = (b.tensor((1, 3), scale=0.5, zero_point=3) for _ in range(2))
    b.op("ADD", [x, x], [y], "AddOptions")
    with pytest.raises(ConversionError, match="2 subgraphs"):
        converted(b.file([x], [y], subgraphs=2), tmp_path)
