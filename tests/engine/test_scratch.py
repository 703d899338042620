"""Scratch that the Cortex-M0+ kernels ask for: a hostile file's sizes must not wrap to something small."""

import numpy as np

import _upyml
from upyml.format import layout

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


def test_a_convolution_asks_for_all_of_its_rows():
    rng = np.random.default_rng(1)
    large = 0
    for _ in range(3000):
        fields, (columns, rows) = hostile(rng)
        pointwise = fields[6:10] == (1, 1, 1, 1)
        packed = 2 * fields[2] * (1 if pointwise else columns * rows)
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
