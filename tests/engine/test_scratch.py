"""Scratch that kernels ask for: of all sizes, a hostile file's too, and never more than the plan was made for."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import _upyml
from upyml.format import layout

ENGINE = Path(__file__).resolve().parents[2] / "ports" / "engine"

INPUT = 1 << 22  # elements; with padding and dilation a kernel reaches far beyond


def hostile(rng):
    """Fields of a window that check_params.c lets pass, out of any proportion: sizes near powers of two."""
    while True:
        in_h, in_w, in_c = (1 << int(rng.integers(0, 23)) for _ in range(3))
        if in_h * in_w * in_c > INPUT:
            continue
        window = []
        for count in (in_h, in_w):
            kernel = int(rng.choice([1, 2, 3, 17, 256]))
            dilation = int(rng.integers(1, 65535 // kernel + 1)) if rng.random() < 0.7 else 1
            reach = (kernel - 1) * dilation + 1
            pad = int(rng.integers(0, reach)) if rng.random() < 0.7 else reach - 1
            stride = int(rng.choice([1, 2, 255, 65535]))
            window.append((kernel, stride, dilation, pad, (count + pad - 1) // stride + 1, reach))
        kernel_h, stride_h, dilation_h, pad_h, out_h, reach_h = window[0]
        kernel_w, stride_w, dilation_w, pad_w, out_w, reach_w = window[1]
        order = int(rng.choice([layout.DISJOINT, layout.FORWARD]))
        fields = (in_h, in_w, in_c, out_h, out_w, in_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w,
                  pad_h, pad_w, 1, order, in_h, out_h)
        if out_h * out_w * in_c <= layout.MAX_ELEMENTS and kernel_h * kernel_w * in_c < 1 << 28:
            return fields, ((out_w - 1) * stride_w + reach_w, reach_h)


def test_a_convolution_asks_for_all_of_its_rows_or_what_is_read_of_them():
    rng = np.random.default_rng(1)
    large = 0
    for _ in range(3000):
        fields, (columns, rows) = hostile(rng)
        pointwise, read = fields[6:10] == (1, 1, 1, 1), fields[4] * fields[7]
        packed = 2 * fields[2] * (1 if pointwise else min(columns, read) * rows)
        for strip in (1, 2):
            size = _upyml._scratch_size(layout.CONV2D, fields, strip)
            assert size >= min(packed, 1 << 29), (fields, strip)
        large += packed > 1 << 31
    assert large > 300


def test_a_depthwise_convolution_asks_for_a_channel_of_its_rows():
    rng = np.random.default_rng(2)
    large = 0
    for _ in range(3000):
        fields, (columns, rows) = hostile(rng)
        for strip in (1, 2):
            size = _upyml._scratch_size(layout.DEPTHWISE_CONV2D, fields, strip)
            assert size >= min(4 * (columns // 2) * rows, 1 << 29), (fields, strip)  # strips of few rows: halves of them
        large += 4 * columns * rows > 1 << 31
    assert large > 300


@pytest.fixture(scope="module", params=["riscv", "xtensa"])
def sizes(request, tmp_path_factory):
    """A function that answers like _upyml._scratch_size, but for a processor that has kernels of its own."""
    library = tmp_path_factory.mktemp("scratch") / "sizes.so"
    listed = subprocess.run(["sh", ENGINE / "sources.sh", request.param], capture_output=True, text=True, check=True)
    kernels = [ENGINE / name for name in listed.stdout.split() if name.endswith("_s8.c") or "scratch" in name]
    # Of the kernels only these functions are linked: the rest calls assembly.
    subprocess.run(["gcc", "-std=c99", "-shared", "-fPIC", "-fvisibility=hidden", "-ffunction-sections",
                    "-Wl,--gc-sections", "-Wl,-z,defs", f"-I{ENGINE}", f"-I{ENGINE / request.param}", "-o", library,
                    Path(__file__).with_name("scratch_sizes.c"), *kernels], check=True)  # fmt: skip
    ask = ctypes.CDLL(library).scratch_size
    return lambda opcode, fields, strip: ask(opcode, (ctypes.c_int32 * 20)(*fields), strip)


def usual(rng, depthwise):
    """Fields of a window of a size that models have."""
    while True:
        in_h, in_w, in_c, out_c = (int(rng.integers(1, most + 1)) for most in (50, 50, 70, 70))
        kernel_h, kernel_w = ([1, 1], [3, 3], rng.integers(1, 11, 2).tolist())[rng.integers(0, 3)]
        strides, dilations = rng.integers(1, 4, 2).tolist(), rng.choice([1, 1, 1, 2, 3], 2).tolist()
        reach = [(kernel - 1) * dilation + 1 for kernel, dilation in zip((kernel_h, kernel_w), dilations)]
        pads = [int(rng.integers(0, one)) for one in reach]
        out = [(size + 2 * pad - one) // stride + 1
               for size, pad, one, stride in zip((in_h, in_w), pads, reach, strides)]  # fmt: skip
        if min(out) < 1:
            continue
        order = int(rng.choice([layout.DISJOINT, layout.FORWARD, layout.REVERSE]))
        if depthwise:
            out_c, order = in_c, int(rng.choice([order, layout.PLANE]))
        return (in_h, in_w, in_c, *out, out_c, kernel_h, kernel_w, *strides, *dilations, *pads, 1, order, in_h, out[0])


@pytest.mark.parametrize("opcode", [layout.CONV2D, layout.DEPTHWISE_CONV2D])
def test_a_window_needs_no_more_than_on_a_cortex_m0(sizes, opcode):
    """Whose least scratch plans are made for."""
    rng = np.random.default_rng(3)
    needed = set()
    for number in range(4000):
        fields = usual(rng, opcode == layout.DEPTHWISE_CONV2D) if number % 4 else hostile(rng)[0]
        size = sizes(opcode, fields, 1)
        assert 0 < size <= _upyml._scratch_size(opcode, fields, 1), fields
        needed.add(size)
    assert len(needed) > 1000


def test_a_dense_layer_needs_no_more_than_on_a_cortex_m0(sizes):
    rng = np.random.default_rng(4)
    for _ in range(4000):
        order = int(rng.choice([layout.DISJOINT, layout.FORWARD, layout.REVERSE]))
        fields = (int(rng.choice([1, 1, 2, 17])), *rng.integers(1, 700, 2).tolist(), order)
        assert 0 <= sizes(layout.FULLY_CONNECTED, fields, 1) <= _upyml._scratch_size(layout.FULLY_CONNECTED, fields, 1)
