"""Models of one op and of a fused group on a bare emulated Cortex-M0+: the engine there computes what it does here."""

import numpy as np
import pytest
from group_models import random_group
from op_models import random_op

from host_tools.emulators import counts
from upyml.format import layout


@pytest.fixture(autouse=True)
def emulator(require):
    require(not counts.missing(), counts.missing(), "make bare")


@pytest.mark.parametrize("opcode", range(len(layout.OPS)), ids=[name for name, _ in layout.OPS])
def test_an_op(opcode):
    rng = np.random.default_rng(opcode)
    for _ in range(3):
        assert counts.count(random_op(rng, opcode).encode(rng)).run > 100  # it compares the outputs


@pytest.mark.parametrize("seed", range(16))
def test_a_fused_group(seed):
    assert counts.count(random_group(np.random.default_rng(seed)).encode()).run > 100
