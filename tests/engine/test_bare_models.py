"""Models of one op and of a fused group on bare emulated processors: the engine there computes what it does here."""

import numpy as np
import pytest
from group_models import random_group
from op_models import fully_connected, random_op

from host_tools.emulators import counts
from host_tools.graph import Tensor
from host_tools.planner.strips import Strips
from host_tools.program import Step
from upyml.format import layout
from upyml.format.encode import seal


MACHINES = ("cortex_m0", "cortex_m33")


@pytest.fixture(autouse=True)
def emulators(require):
    for machine in MACHINES:
        require(not counts.missing(machine), counts.missing(machine), "make bare")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("opcode", layout.OPS, ids=[name for name, _ in layout.OPS.values()])
def test_an_op(opcode, machine):
    rng = np.random.default_rng(opcode)
    for _ in range(3):
        assert counts.count(random_op(rng, opcode).encode(rng), machine=machine).run > 100  # it compares the outputs


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("seed", range(16))
def test_a_fused_group(seed, machine):
    assert counts.count(random_group(np.random.default_rng(seed)).encode(), machine=machine).run > 100


@pytest.mark.parametrize("order, offsets", [(layout.DISJOINT, None), (layout.FORWARD, (0, 8))], ids=["apart", "over"])
def test_pieces_of_a_dense_layer_cost_what_the_planner_thinks(order, offsets):
    """The op, and the cycles that smaller scratch adds to it."""
    inputs, channels = 900, 72
    model = bytearray(fully_connected(np.random.default_rng(1), 1, inputs, channels).encode(
        np.random.default_rng(2), order, offsets))
    strips = Strips(Step(layout.FULLY_CONNECTED, [Tensor("x", (inputs,), "int8")], [Tensor("y", (channels,), "int8")]))
    top = inputs + (channels if offsets is None else 0)
    counted, thought = [], []
    for strip in (strips.units, 12, 4, 1):
        room = strips.size(order, strip)
        model[24:28] = (top + room).to_bytes(4, "little")  # arena_size
        counted.append(counts.count(seal(bytes(model))).run)
        thought.append(strips.cycles + strips.best(order, room)[1])
        assert strips.best(order, room)[0] == strip
    assert counted == sorted(counted)
    np.testing.assert_allclose(thought, counted, rtol=0.03)
