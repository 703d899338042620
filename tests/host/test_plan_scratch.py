"""Scratch of the Cortex-M0+ kernels as the planner asks for it."""

import pytest
from image_programs import random_images

import _upyml
from host_tools.planner import scratch
from host_tools.planner.geometry import window
from host_tools.planner.strips import Strips
from upyml.format import layout


def steps():
    """The windows of some random programs."""
    return [step for seed in range(20) for step in random_images(seed).steps if window(step)]


def test_larger_strips_never_need_less():
    """The planner and the kernels halve their way to the largest strip that fits."""
    for step in steps():
        strips = Strips(step)
        for order in (layout.DISJOINT, layout.FORWARD, layout.REVERSE):
            sizes = [strips.size(order, strip) for strip in range(1, strips.units + 1)]
            assert sizes == sorted(sizes) and sizes[0] >= 0


def test_more_room_never_makes_an_op_slower():
    for step in steps():
        strips = Strips(step)
        found = [strips.best(layout.DISJOINT, room) for room in range(0, 6000, 50)]
        extras = [best[1] for best in found if best]
        rows = step.opcode == layout.DEPTHWISE_CONV2D  # made in pairs: an odd number more can be a little slower
        assert extras and (rows or extras == sorted(extras, reverse=True)) and extras[-1] <= extras[0]


def test_without_the_extension_there_are_formulas(monkeypatch):
    """Near what the kernels say, so that plans made without them are not far off."""
    exact = [Strips(step).size(layout.DISJOINT, 1) for step in steps()]
    monkeypatch.setattr(scratch, "_kernels", lambda: None)
    near = [Strips(step).size(layout.DISJOINT, 1) for step in steps()]
    assert sum(exact) / 1.5 < sum(near) < 1.5 * sum(exact)


def test_what_has_no_scratch_is_refused():
    with pytest.raises(ValueError, match="no scratch"):
        _upyml._scratch_size(layout.PAD, tuple(range(18)), 1)
    with pytest.raises(TypeError):
        _upyml._scratch_size(layout.CONV2D, (1, 2), 1)
