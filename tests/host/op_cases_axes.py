"""Random models of one TFLite op each, of the ops along axes; see op_cases.py."""

import numpy as np
from op_case_tools import VALID, activation, bias, out_size, output_scale, random_scale, same_as, weights
from tflite_builder import TfliteBuilder


def concatenation(rng):
    """CONCATENATION of up to four tensors along any axis."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    axis = int(rng.integers(1, rank))
    scale, zero_point = random_scale(rng), int(rng.integers(-128, 128))
    shape = [1, *(int(n) for n in rng.integers(1, 6, rank - 1))]
    inputs, total = [], 0
    for _ in range(rng.integers(1, 5)):
        shape[axis] = int(rng.integers(1, 5))
        total += shape[axis]
        inputs.append(b.tensor(shape, "int8", scale, zero_point))
    shape[axis] = total
    y = b.tensor(shape, "int8", scale, zero_point)
    b.op("CONCATENATION", inputs, [y], "ConcatenationOptions", Axis=axis - rank * int(rng.integers(2)))
    return b.file(inputs, [y])


def pad(rng, value=False):
    """PAD of any axis but the batch."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 6, 3)))
    counts = np.zeros((4, 2), int)
    counts[1:] = rng.integers(0, 4, (3, 2))
    x = activation(b, rng, shape)
    y = same_as(b, x, [n + int(c.sum()) for n, c in zip(shape, counts)])
    inputs = [x, b.constant(counts)]
    if value:
        inputs.append(
            b.constant([int(rng.integers(-128, 128))], "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"])
        )
    b.op("PADV2" if value else "PAD", inputs, [y], "PadV2Options" if value else "PadOptions")
    return b.file([x], [y])


def padv2(rng):
    """PADV2 with any value."""
    return pad(rng, value=True)


def padded_conv(rng):
    """PAD before CONV_2D with VALID padding, as strided convolutions of Keras become."""
    b = TfliteBuilder()
    depth, channels = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    x = activation(b, rng, (1, 7, 6, depth), random_scale(rng, 0.05, 0.15))
    counts = [[0, 0], *rng.integers(0, 3, (2, 2)).tolist(), [0, 0]]
    size = [7 + sum(counts[1]), 6 + sum(counts[2])]
    p = same_as(b, x, (1, *size, depth))
    b.op("PAD", [x, b.constant(counts)], [p], "PadOptions")
    kernel = [int(n) for n in rng.integers(1, 5, 2)]
    w, _ = weights(b, rng, (channels, *kernel, depth), 0, True)
    stride = int(rng.integers(1, 3))
    out = [out_size(n, k, stride, 1, VALID) for n, k in zip(size, kernel)]
    y = activation(b, rng, (1, *out, channels), output_scale(rng, kernel[0] * kernel[1] * depth))
    b.op(
        "CONV_2D",
        [p, w, bias(b, rng, channels)],
        [y],
        "Conv2DOptions",
        StrideH=stride,
        StrideW=stride,
        DilationHFactor=1,
        DilationWFactor=1,
        Padding=VALID,
    )
    return b.file([x], [y])


def reshape(rng):
    """RESHAPE there, a tanh, and SQUEEZE and EXPAND_DIMS back."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 4, 6))
    flat = same_as(b, x, (1, 1, 24))
    b.op("RESHAPE", [x, b.constant([1, 1, 24])], [flat], "ReshapeOptions")
    t = b.tensor((1, 1, 24), "int8", 1 / 128, 0)
    b.op("TANH", [flat], [t])
    s = b.tensor((1, 24), "int8", 1 / 128, 0)
    b.op("SQUEEZE", [t], [s], "SqueezeOptions", SqueezeDims=[1])
    e = b.tensor((1, 24, 1), "int8", 1 / 128, 0)
    b.op("EXPAND_DIMS", [s, b.constant([2])], [e], "ExpandDimsOptions")
    return b.file([x], [e])


def transpose(rng):
    """TRANSPOSE of up to four axes, the first one too."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    shape = [int(n) for n in rng.integers(1, 6, rank)]
    if rng.random() < 0.7:
        shape[0] = 1
    perm = rng.permutation(rank).tolist()
    x = activation(b, rng, shape)
    y = same_as(b, x, [shape[i] for i in perm])
    b.op("TRANSPOSE", [x, b.constant(perm)], [y], "TransposeOptions")
    return b.file([x], [y])


def strided_slice(rng):
    """STRIDED_SLICE with masks, negative strides and dropped axes."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(2, 8, int(rng.integers(1, 4))))]
    begin, end, strides, out, shrink = [0], [1], [1], [1], 0
    for axis, n in enumerate(shape[1:], 1):
        if rng.random() < 0.2:
            at = int(rng.integers(0, n))
            begin, end, strides, shrink = begin + [at], end + [at + 1], strides + [1], shrink | 1 << axis
            continue
        stride = int(rng.choice([1, 1, 2, 3, -1, -2]))
        first, last = sorted(rng.choice(n + 1, 2, replace=False).tolist())
        if stride < 0:
            first, last = last - 1, first - 1
        begin, end, strides = begin + [first], end + [last if last >= 0 else -n - 1], strides + [stride]
        out.append(len(range(first, last, stride)))
    x = activation(b, rng, shape)
    y = same_as(b, x, out)
    begin_mask = 1 if rng.random() < 0.5 else 0
    b.op(
        "STRIDED_SLICE",
        [x, b.constant(begin), b.constant(end), b.constant(strides)],
        [y],
        "StridedSliceOptions",
        BeginMask=begin_mask,
        EndMask=begin_mask,
        ShrinkAxisMask=shrink,
    )
    return b.file([x], [y])


def slice_(rng):
    """SLICE with sizes up to the end."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(1, 8, int(rng.integers(1, 4))))]
    begin = [int(rng.integers(0, n)) for n in shape]
    sizes = [int(rng.integers(1, n - first + 1)) for n, first in zip(shape, begin)]
    x = activation(b, rng, shape)
    y = same_as(b, x, sizes)
    shown = [-1 if first + size == n and rng.random() < 0.5 else size for first, size, n in zip(begin, sizes, shape)]
    b.op("SLICE", [x, b.constant(begin), b.constant(shown)], [y], "SliceOptions")
    return b.file([x], [y])


def split(rng, uneven=False):
    """SPLIT or SPLIT_V along any axis but the batch; all parts are outputs."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    axis, parts = int(rng.integers(1, rank)), int(rng.integers(1, 4))
    sizes = [int(n) for n in rng.integers(1, 4, parts)] if uneven else [int(rng.integers(1, 4))] * parts
    shape = [1, *(int(n) for n in rng.integers(1, 5, rank - 1))]
    shape[axis] = sum(sizes)
    x = activation(b, rng, shape)
    outputs = [same_as(b, x, shape[:axis] + [n] + shape[axis + 1 :]) for n in sizes]
    if uneven:
        b.op("SPLIT_V", [x, b.constant(sizes), b.constant(axis)], outputs, "SplitVOptions", NumSplits=parts)
    else:
        b.op("SPLIT", [b.constant(axis), x], outputs, "SplitOptions", NumSplits=parts)
    return b.file([x], outputs)


def split_v(rng):
    """SPLIT_V with parts of any size."""
    return split(rng, uneven=True)


def argmax(rng):
    """ARG_MAX along any axis but the batch."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(1, 7, int(rng.integers(1, 4))))]
    axis = int(rng.integers(1, len(shape)))
    x = activation(b, rng, shape)
    y = b.tensor(shape[:axis] + shape[axis + 1 :], "int32")
    b.op("ARG_MAX", [x, b.constant(axis)], [y], "ArgMaxOptions", OutputType=2)
    return b.file([x], [y])


CASES = {
    "concatenation": concatenation,
    "pad": pad,
    "padv2": padv2,
    "padded_conv": padded_conv,
    "reshape": reshape,
    "transpose": transpose,
    "strided_slice": strided_slice,
    "slice": slice_,
    "split": split,
    "split_v": split_v,
    "argmax": argmax,
}
