"""Plans are made for the scratch of the Cortex-M0+ kernels: those for LX6 must run with no more."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest
from test_scratch import hostile

import _upyml
from upyml.format import layout

HERE = Path(__file__).parent
ENGINE = HERE.parents[1] / "ports" / "engine"


@pytest.fixture(scope="module")
def lx6(tmp_path_factory):
    """Two functions by the kernels' own files: of a window, of a fully connected layer."""
    made = tmp_path_factory.mktemp("xtensa") / "scratch.so"
    command = ["gcc", "-shared", "-fPIC", "-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{ENGINE}",
               f"-I{ENGINE / 'xtensa'}", HERE / "xtensa_scratch.c", "-o", made]  # fmt: skip
    subprocess.run(command, check=True)
    library = ctypes.CDLL(str(made))

    def window(opcode, fields, strip):
        return library.window_scratch(int(opcode == layout.DEPTHWISE_CONV2D), (ctypes.c_int32 * 18)(*fields), strip)

    return window, library.fully_connected_scratch


def usual(rng):
    """Fields of a window of any shape that a model may have: unlike a hostile one's, no larger than a board."""
    fields = [0] * 18
    for axis in (0, 1):
        size, kernel, stride = int(rng.integers(1, 40)), int(rng.choice([1, 1, 2, 3, 3, 5, 10])), int(rng.integers(1, 4))
        dilation = int(rng.choice([1, 1, 1, 2, 3]))
        reach = (kernel - 1) * dilation + 1
        pad = int(rng.integers(0, reach))
        fields[axis], fields[3 + axis], fields[6 + axis] = size, (size + pad - 1) // stride + 1, kernel
        fields[8 + axis], fields[10 + axis], fields[12 + axis] = stride, dilation, pad
    fields[2] = int(rng.choice([1, 2, 3, 4, 5, 8, 16, 40, 64]))
    fields[5] = int(rng.integers(1, 70))
    fields[14] = 1
    fields[15] = int(rng.choice([layout.DISJOINT, layout.FORWARD, layout.REVERSE]))
    fields[16:] = fields[0], fields[3]
    if fields[15] == layout.DISJOINT and rng.random() < 0.3:  # in a fused group
        fields[16] = min(fields[0], (fields[6] - 1) * fields[10] + 1)
        fields[17] = min(fields[3], 2)
    return tuple(fields)


@pytest.mark.parametrize("opcode", [layout.CONV2D, layout.DEPTHWISE_CONV2D])
def test_the_least_scratch_is_no_more_than_the_plans(lx6, opcode):
    rng = np.random.default_rng(3)
    window, _ = lx6
    for number in range(20000):
        fields = hostile(rng)[0] if number % 8 == 0 else usual(rng)
        least, planned = window(opcode, fields, 1), _upyml._scratch_size(opcode, fields, 1)
        assert 0 < least <= planned, fields


def test_the_least_scratch_of_fully_connected_layers_is_no_more(lx6):
    rng = np.random.default_rng(4)
    _, fully_connected = lx6
    for _ in range(5000):
        rows, inputs, outputs = (int(rng.integers(1, most)) for most in (20, 700, 200))
        order = int(rng.choice([layout.DISJOINT, layout.FORWARD, layout.REVERSE]))
        planned = _upyml._scratch_size(layout.FULLY_CONNECTED, (rows, inputs, outputs, order), 1)
        assert 0 < fully_connected(rows, inputs, outputs, order) <= planned, (rows, inputs, outputs, order)
