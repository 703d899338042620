"""The arena: any size from the least on gives the same bytes, and a Model takes the one its plan was made for."""

import array

import numpy as np
import pytest
from group_models import random_group
from op_models import random_op
from test_engine import random_inputs
from test_groups import trace

import _upyml
import upyml
from upyml import _reference
from upyml.format import decode, encode, layout

ENGINES = pytest.mark.parametrize("engine", [_upyml, _reference], ids=["c", "python"])
NAMES = [name for name, _ in layout.OPS.values()]
WINDOWS = (layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.MAX_POOL, layout.AVERAGE_POOL)


def sizes(rng, model):
    """Bytes more than the least: few, odd ones, and much more than any kernel has a use for."""
    return [0, 1, 2, 3, 5, 17, *(int(n) for n in rng.integers(0, _upyml.check(model) + 100, 5)), 100_001]


@pytest.mark.parametrize("opcode", layout.OPS, ids=NAMES)
def test_more_arena_gives_the_same_bytes(opcode):
    rng = np.random.default_rng(opcode)
    for _ in range(30):
        op = random_op(rng, opcode)
        orders = [layout.DISJOINT, layout.FORWARD, layout.REVERSE] if opcode in WINDOWS else [layout.DISJOINT]
        order = int(rng.choice(orders))
        apart = [0, op.size(0) + 8] if order != layout.DISJOINT else None  # overlap or not, the order asks for scratch
        model = op.encode(rng, order, apart)
        inputs = random_inputs(rng, model)
        least = trace(_upyml, model, inputs)
        for more in sizes(rng, model):
            assert trace(_upyml, model, inputs, more) == least, (op.inputs, op.output, op.params, order, more)


def test_more_arena_gives_a_fused_group_the_same_bytes():
    rng = np.random.default_rng(100)
    for _ in range(60):
        group = random_group(rng)
        model = group.encode(rings=group.least_rings())
        inputs = random_inputs(rng, model)
        least = trace(_upyml, model, inputs)
        for more in sizes(rng, model):
            assert trace(_upyml, model, inputs, more) == least, (group, more)


def planned(arena_size, state_size=0):
    """A model that says what arena its plan was made for."""
    op = random_op(np.random.default_rng(1), layout.CONV2D)
    model = bytearray(op.encode(np.random.default_rng(2)))
    model[20:28] = state_size.to_bytes(4, "little") + arena_size.to_bytes(4, "little")
    return encode.seal(bytes(model))


@ENGINES
def test_a_model_takes_the_arena_its_plan_was_made_for(engine):
    least = engine.check(planned(0))
    assert upyml.load(planned(0), engine).arena_size == (least + 3) & ~3
    assert upyml.load(planned(least - 1), engine).arena_size == (least + 3) & ~3
    for more in (1000, 4001):
        assert upyml.load(planned(least + more), engine).arena_size == (least + more + 3) & ~3
    assert upyml.load(planned(least + 1000, 64), engine).arena_size == (least + 1000 + 64 + 3) & ~3


class Tight:
    """An engine whose computer has no room for more than `most` bytes in one piece."""

    VERSION = _upyml.VERSION
    check, Engine, cast = staticmethod(_upyml.check), _upyml.Engine, staticmethod(_upyml.cast)

    def __init__(self, most):
        self.most, self.asked = most, []

    def allocate(self, size):
        self.asked.append(size)
        if size > self.most:
            raise MemoryError
        return array.array("b", bytes(size))


def test_where_that_does_not_fit_the_least_will_do():
    least = (_upyml.check(planned(0)) + 3) & ~3
    roomy = upyml.load(planned(least + 4000), _upyml)
    tight = Tight(least)
    model = upyml.load(planned(least + 4000), tight)
    assert tight.asked == [least + 4000, least]
    assert model.arena_size == least
    x = [n / 64 for n in range(model.input_details[0].size)]
    assert model.predict(x) == roomy.predict(x)
    with pytest.raises(MemoryError, match=f"needs {least} bytes of RAM in one piece"):
        upyml.load(planned(least + 4000), Tight(least - 1))


def test_an_arena_starts_on_a_multiple_of_four():
    """Kernels of a processor may load words; a view into a buffer need not begin where one does."""
    model = planned(0)
    arena = memoryview(bytearray(_upyml.check(model) + 4))
    _upyml.Engine(model, arena[4:])
    for start in (1, 2, 3):
        with pytest.raises(ValueError, match="multiple of 4 bytes"):
            _upyml.Engine(model, arena[start:])


def test_inputs_stay_where_they_are_while_the_model_runs():
    """What is bound in their place could free the buffer that the run reads."""
    tensor = {"dtype": layout.INT8, "shape": (4,), "scale": 1.0, "zero_point": 0}
    op = {"opcode": layout.RESHAPE, "order": layout.DISJOINT, "inputs": [0], "outputs": [1], "top": 4, "params": {}}
    tensors = [{**tensor, "kind": layout.CALLER, "offset": 0}, {**tensor, "kind": layout.ARENA, "offset": 0}]
    model = encode.encode(tensors, [op], [0], [1], {})
    runner = _upyml.Engine(model, bytearray(decode.header(model)["state_size"] + 4))
    runner.bind(0, b"1234")
    with pytest.raises(ValueError, match="is running"):
        runner.run(lambda number: runner.bind(0, None))
    runner.bind(0, None)
