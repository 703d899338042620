"""Fused groups with the kernels of Cortex-M processors: as the engine in Python, in QEMU."""

import numpy as np
import pytest
from group_models import random_group
from runtimes import ROOT, runtime

from upyml.format.encode import seal

COUNT = 60


def files(rng, folder):
    """Random groups at any address, some with the last output over an input, some with more than the least arena."""
    for number in range(COUNT):
        group = random_group(rng)
        under = [None, *group.may_lie_under_the_last()]
        over = [*group.may_write_over(), None]
        model = bytearray(group.encode(rings=group.least_rings(), under=under[int(rng.integers(len(under)))],
                                       gap=int(rng.integers(0, 4)), over=over[0]))
        if rng.random() < 0.5:
            model[24:28] = int(rng.integers(1000, 12000)).to_bytes(4, "little")  # arena_size
        path = folder / f"{number}.upm"
        path.write_bytes(seal(bytes(model)))
        yield path


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m0-mpy", "cortex-m33", "cortex-m33-mpy"])
def test_groups_give_the_bytes_of_the_engine_in_python(name, require, tmp_path):
    board = runtime(name)
    require(not board.missing(), board.missing(), "make natmods boards")
    models = list(files(np.random.default_rng(6), tmp_path))
    script = ROOT / "tests" / "device" / "ops.py"
    lines = runtime("cpython-reference").run(script, models).splitlines()
    assert len(lines) == COUNT
    assert board.run(script, models).splitlines() == lines
