"""Scratch of the Cortex-M0+ kernels as the planner asks for it."""

import pytest
from image_programs import random_images

import _upyml
from host_tools.graph import Tensor
from host_tools.planner import scratch
from host_tools.planner.geometry import window
from host_tools.planner.strips import Strips
from host_tools.program import Step
from upyml.format import layout


def steps():
    """The windows of some random programs."""
    return [step for seed in range(20) for step in random_images(seed).steps if window(step)]


def dense(inputs, channels, rows=1, coding=layout.INT8_WEIGHTS):
    """A dense layer; SPARSE weights have at most ten pairs of inputs in a block."""
    x, y = ((rows, n) if rows > 1 else (n,) for n in (inputs, channels))
    params = {"coding": coding, "pairs": min(10, (inputs + 3) // 4 * 2) if coding == layout.SPARSE_WEIGHTS else 0}
    return Step(layout.FULLY_CONNECTED, [Tensor("x", x, "int8")], [Tensor("y", y, "int8")], params)


CODED = [dense(*sizes, 1, coding) for sizes in [(1, 1), (32, 4), (65, 9), (640, 128)]
         for coding in (layout.INT4_WEIGHTS, layout.SPARSE_WEIGHTS)]  # fmt: skip
DENSE = CODED + [dense(*sizes) for sizes in [(1, 1), (30, 200), (32, 4), (33, 4), (4000, 4), (640, 128), (129, 70), (50, 9, 3)]]


def test_larger_strips_never_need_less():
    """The planner and the kernels halve their way to the largest strip that fits."""
    for step in steps() + DENSE:
        strips = Strips(step)
        for order in (layout.DISJOINT, layout.FORWARD, layout.REVERSE):
            sizes = [strips.size(order, strip) for strip in range(1, strips.units + 1)]
            assert sizes == sorted(sizes) and sizes[0] >= 0


def test_more_room_never_makes_an_op_slower():
    for step in steps() + DENSE:
        strips = Strips(step)
        found = [strips.best(layout.DISJOINT, room) for room in range(0, 9000, 50)]
        extras = [best[1] for best in found if best]
        rows = step.opcode == layout.DEPTHWISE_CONV2D  # made in pairs: an odd number more can be a little slower
        assert extras and (rows or extras == sorted(extras, reverse=True)) and extras[-1] <= extras[0]


def test_a_dense_layer_packs_its_input_in_pieces():
    """As large as there is room for: 2 bytes an input, and 4 a channel where the output lies over the input."""
    few = Strips(dense(4000, 4))
    assert (few.size(layout.DISJOINT, 1), few.size(layout.FORWARD, 1)) == (64, 64 + 16)
    assert few.size(layout.DISJOINT, few.units) == few.size(layout.FORWARD, few.units) == 8000
    assert few.best(layout.DISJOINT, 8000)[1] == 0 < few.best(layout.DISJOINT, 2000)[1] < 0.02 * few.cycles
    assert few.best(layout.DISJOINT, 63) is None
    many = Strips(dense(128, 640))  # all inputs take less than all accumulators
    assert many.size(layout.FORWARD, 1) == many.size(layout.FORWARD, many.units) == 256


def test_without_the_extension_there_are_formulas(monkeypatch):
    """Near what the kernels say, so that plans made without them are not far off."""
    exact = [Strips(step).size(layout.DISJOINT, 1) for step in steps()]
    dense = [[Strips(step).size(order, strip) for order in (0, 1) for strip in (1, 2, 9)] for step in DENSE[:-1]]
    monkeypatch.setattr(scratch, "_kernels", lambda: None)
    near = [Strips(step).size(layout.DISJOINT, 1) for step in steps()]
    assert sum(exact) / 1.5 < sum(near) < 1.5 * sum(exact)
    assert dense == [[Strips(step).size(order, strip) for order in (0, 1) for strip in (1, 2, 9)] for step in DENSE[:-1]]


def test_what_has_no_scratch_is_refused():
    with pytest.raises(ValueError, match="no scratch"):
        _upyml._scratch_size(layout.PAD, tuple(range(18)), 1)
    with pytest.raises(TypeError):
        _upyml._scratch_size(layout.CONV2D, (1, 2), 1)


def test_sparse_weights_take_room_for_the_pairs_of_a_block():
    """20 bytes each, in the place of all weights of four channels, two bytes each."""
    sizes = (10, 10, 64, 10, 10, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, layout.DISJOINT, 10, 10)
    dense = _upyml._scratch_size(layout.CONV2D, sizes, 1)
    for pairs in (0, 2, 30):
        sparse = _upyml._scratch_size(layout.CONV2D, (*sizes, layout.SPARSE_WEIGHTS, pairs), 1)
        assert dense - sparse == 3 * 3 * 64 * 4 * 2 - 20 * pairs
