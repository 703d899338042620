"""Random models of one TFLite op each, with shapes, strides, paddings, scales and activations as they come.

CASES maps a name to a function (random generator) -> .tflite bytes. What a case makes must be valid
for TensorFlow Lite Micro, which stops the whole process where it meets something it does not allow.
"""

import numpy as np
import op_cases_attention
import op_cases_axes
import op_cases_math
import op_cases_values
import op_cases_wide
from op_case_tools import (
    NONE,
    RELU,
    RELU6,
    RELU_N1,
    activation,
    bias,
    out_size,
    output_scale,
    random_scale,
    same_as,
    weights,
    window,
)
from tflite_builder import TfliteBuilder


def conv2d(rng, flat=False):
    """CONV_2D, per channel or per tensor, with and without bias."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = window(rng, flat)
    depth, channels = int(rng.integers(1, 9)), int(rng.integers(1, 12))
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 0.05, 0.15))
    w, _ = weights(b, rng, (channels, *kernel, depth), 0, rng.random() < 0.8)
    inputs = [x, w, bias(b, rng, channels) if rng.random() < 0.8 else -1]
    out = [out_size(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = activation(b, rng, (1, *out, channels), output_scale(rng, kernel[0] * kernel[1] * depth))
    b.op(
        "CONV_2D",
        inputs,
        [y],
        "Conv2DOptions",
        StrideH=stride[0],
        StrideW=stride[1],
        DilationHFactor=dilation[0],
        DilationWFactor=dilation[1],
        Padding=padding,
        FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6, RELU_N1])),
    )
    return b.file([x], [y])


def conv1d(rng):
    """CONV_2D of height 1, as Conv1D layers become."""
    return conv2d(rng, flat=True)


def depthwise(rng):
    """DEPTHWISE_CONV_2D with any multiplier, per channel or per tensor."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = window(rng)
    depth = int(rng.integers(1, 9))
    multiplier = int(rng.choice([1, 1, 2, 3, 8]))
    channels = depth * multiplier
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 0.05, 0.15))
    w, _ = weights(b, rng, (1, *kernel, channels), 3, rng.random() < 0.8)
    out = [out_size(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = activation(b, rng, (1, *out, channels), output_scale(rng, kernel[0] * kernel[1]))
    b.op(
        "DEPTHWISE_CONV_2D",
        [x, w, bias(b, rng, channels)],
        [y],
        "DepthwiseConv2DOptions",
        StrideH=stride[0],
        StrideW=stride[1],
        DilationHFactor=dilation[0],
        DilationWFactor=dilation[1],
        Padding=padding,
        DepthMultiplier=multiplier,
        FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])),
    )
    return b.file([x], [y])


def fully_connected(rng):
    """FULLY_CONNECTED, per tensor and per channel, with and without bias, on one row or more."""
    b = TfliteBuilder()
    k, channels = int(rng.integers(1, 70)), int(rng.integers(1, 20))
    rows = 1 if rng.random() < 0.8 else int(rng.integers(2, 5))
    x = activation(b, rng, (rows, k), random_scale(rng, 0.05, 0.15))
    w, _ = weights(b, rng, (channels, k), 0, rng.random() < 0.5)
    inputs = [x, w, bias(b, rng, channels) if rng.random() < 0.8 else -1]
    y = activation(b, rng, (rows, channels), output_scale(rng, k))
    b.op(
        "FULLY_CONNECTED",
        inputs,
        [y],
        "FullyConnectedOptions",
        FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])),
    )
    return b.file([x], [y])


def _pool(name):
    def case(rng):
        b = TfliteBuilder()
        size, kernel, stride, _, padding = window(rng)
        size = [max(n, k) for n, k in zip(size, kernel)]
        depth = int(rng.integers(1, 9))
        x = activation(b, rng, (1, *size, depth))
        out = [out_size(n, k, s, 1, padding) for n, k, s in zip(size, kernel, stride)]
        y = b.tensor((1, *out, depth), "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"])
        b.op(
            name,
            [x],
            [y],
            "Pool2DOptions",
            StrideH=stride[0],
            StrideW=stride[1],
            FilterHeight=kernel[0],
            FilterWidth=kernel[1],
            Padding=padding,
            FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])),
        )
        return b.file([x], [y])

    return case


def mean(rng):
    """MEAN over any axes but the batch, kept or not, rescaled or not."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 8, 3)))
    axes = sorted(rng.choice([1, 2, 3], rng.integers(1, 4), replace=False).tolist())
    if rng.random() < 0.4:
        axes = [1, 2]
    keep = rng.random() < 0.5
    x = activation(b, rng, shape)
    out = (
        tuple(1 if i in axes else n for i, n in enumerate(shape))
        if keep
        else tuple(n for i, n in enumerate(shape) if i not in axes)
    )
    same = rng.random() < 0.5
    scale = b.tensors[x]["scale"] if same else b.tensors[x]["scale"] * float(rng.uniform(0.3, 1.2))
    y = activation(b, rng, out, scale, b.tensors[x]["zero_point"] if same else None)
    b.op("MEAN", [x, b.constant(axes)], [y], "ReducerOptions", KeepDims=keep)
    return b.file([x], [y])


_BINARY_SHAPES = (
    ((1, 5, 4, 3), (1, 5, 4, 3)),
    ((1, 7), (1, 7)),
    ((1, 5, 4, 3), (1, 1, 1, 3)),
    ((1, 5, 4, 3), (3,)),
    ((1, 5, 1, 3), (1, 1, 4, 1)),
    ((1, 4, 3), (1, 1, 3)),
    ((1, 9), (1, 1)),
    ((1, 5, 4, 3), (1, 5, 4, 1)),
)


def _binary(name, options):
    def case(rng):
        b = TfliteBuilder()
        shapes = list(_BINARY_SHAPES[rng.integers(len(_BINARY_SHAPES))])
        if name == "SUB" and len(shapes[0]) != len(shapes[1]):
            shapes[1] = (1,) * (len(shapes[0]) - len(shapes[1])) + shapes[1]
        if rng.random() < 0.3:
            shapes.reverse()
        constant = rng.random() < 0.3
        x1 = activation(b, rng, shapes[0])
        if constant:
            x2 = b.constant(rng.integers(-128, 128, shapes[1]), "int8", random_scale(rng), int(rng.integers(-128, 128)))
        else:
            x2 = activation(b, rng, shapes[1])
        scales = [b.tensors[x]["scale"] for x in (x1, x2)]
        real = 128 * 128 * scales[0] * scales[1] / 128 * 0.7 if name == "MUL" else 1.5 * max(scales)
        y = activation(b, rng, np.broadcast_shapes(*shapes), float(np.float32(real * rng.uniform(0.3, 1.2))))
        b.op(name, [x1, x2], [y], options, FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
        return b.file([x1] if constant else [x1, x2], [y])

    return case


def _resize(name, options, exclusive):
    def case(rng):
        b = TfliteBuilder()
        shape = (1, *(int(n) for n in rng.integers(1, 8, 2)), int(rng.integers(1, 4)))
        size = [int(n) for n in rng.integers(1, 12, 2)]
        x = activation(b, rng, shape)
        y = same_as(b, x, (1, *size, shape[3]))
        align, half = bool(rng.integers(2)), bool(rng.integers(2))
        b.op(
            name,
            [x, b.constant(size)],
            [y],
            options,
            AlignCorners=align,
            HalfPixelCenters=half and not (exclusive and align),
        )
        return b.file([x], [y])

    return case


CASES = {
    **op_cases_wide.CASES,
    **op_cases_axes.CASES,
    **op_cases_attention.CASES,
    **op_cases_values.CASES,
    **op_cases_math.CASES,
    "conv2d": conv2d,
    "conv1d": conv1d,
    "depthwise": depthwise,
    "fully_connected": fully_connected,
    "max_pool": _pool("MAX_POOL_2D"),
    "average_pool": _pool("AVERAGE_POOL_2D"),
    "mean": mean,
    "add": _binary("ADD", "AddOptions"),
    "sub": _binary("SUB", "SubOptions"),
    "mul": _binary("MUL", "MulOptions"),
    "resize_nearest": _resize("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions", True),
    "resize_bilinear": _resize("RESIZE_BILINEAR", "ResizeBilinearOptions", True),
}
