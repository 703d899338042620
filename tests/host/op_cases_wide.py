"""Random models of one TFLite op each with int16 activations and int8 weights ("16x8"), as op_cases.py has them for int8."""

import math

import numpy as np
from op_case_tools import NONE, RELU, RELU6, out_size, random_scale, weights, window
from tflite_builder import TfliteBuilder


def activation(b, rng, shape, scale=None):
    """A new int16 activation."""
    return b.tensor(shape, "int16", scale or random_scale(rng, 1e-4, 2e-3), 0)


def _output_scale(rng, terms):
    """At which random sums fill the int16 range and now and then leave it."""
    return float(np.float32(1e-3 * 0.01 * 64 * 18000 * math.sqrt(terms) / 32767 * rng.uniform(0.3, 2)))


def _bias(b, rng, channels):
    """None, or one of 64 or of 32 bits."""
    kind = rng.choice(["", "int64", "int64", "int32"])
    return b.constant(rng.integers(-(10**6), 10**6, channels), kind, 1e-5) if kind else -1


def conv2d(rng):
    """CONV_2D, per channel or per tensor."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = window(rng)
    depth, channels = int(rng.integers(1, 9)), int(rng.integers(1, 12))
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 5e-4, 1.5e-3))
    w, _ = weights(b, rng, (channels, *kernel, depth), 0, rng.random() < 0.8)
    out = [out_size(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = activation(b, rng, (1, *out, channels), _output_scale(rng, kernel[0] * kernel[1] * depth))
    b.op("CONV_2D", [x, w, _bias(b, rng, channels)], [y], "Conv2DOptions", StrideH=stride[0], StrideW=stride[1],
         DilationHFactor=dilation[0], DilationWFactor=dilation[1], Padding=padding,
         FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))  # fmt: skip
    return b.file([x], [y])


def depthwise(rng):
    """DEPTHWISE_CONV_2D with any multiplier."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = window(rng)
    depth, multiplier = int(rng.integers(1, 9)), int(rng.choice([1, 1, 2, 3]))
    channels = depth * multiplier
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 5e-4, 1.5e-3))
    w, _ = weights(b, rng, (1, *kernel, channels), 3, rng.random() < 0.8)
    out = [out_size(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = activation(b, rng, (1, *out, channels), _output_scale(rng, kernel[0] * kernel[1]))
    bias = b.constant(rng.integers(-(10**6), 10**6, channels), "int64", 1e-5)
    b.op("DEPTHWISE_CONV_2D", [x, w, bias], [y], "DepthwiseConv2DOptions", StrideH=stride[0], StrideW=stride[1],
         DilationHFactor=dilation[0], DilationWFactor=dilation[1], Padding=padding, DepthMultiplier=multiplier,
         FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))  # fmt: skip
    return b.file([x], [y])


def fully_connected(rng):
    """FULLY_CONNECTED, on one row or more; more than 256 inputs now and then."""
    b = TfliteBuilder()
    k, channels = int(rng.choice([rng.integers(1, 70), rng.integers(250, 600)])), int(rng.integers(1, 20))
    rows = 1 if rng.random() < 0.8 else int(rng.integers(2, 5))
    x = activation(b, rng, (rows, k), random_scale(rng, 5e-4, 1.5e-3))
    w, _ = weights(b, rng, (channels, k), 0, rng.random() < 0.5)
    y = activation(b, rng, (rows, channels), _output_scale(rng, k))
    b.op("FULLY_CONNECTED", [x, w, _bias(b, rng, channels)], [y], "FullyConnectedOptions",
         FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))  # fmt: skip
    return b.file([x], [y])


def _pool(name):
    def case(rng):
        b = TfliteBuilder()
        size, kernel, stride, _, padding = window(rng)
        size = [max(n, k) for n, k in zip(size, kernel)]
        depth = int(rng.integers(1, 9))
        x = activation(b, rng, (1, *size, depth))
        out = [out_size(n, k, s, 1, padding) for n, k, s in zip(size, kernel, stride)]
        y = activation(b, rng, (1, *out, depth), b.tensors[x]["scale"])
        b.op(name, [x], [y], "Pool2DOptions", StrideH=stride[0], StrideW=stride[1], FilterHeight=kernel[0],
             FilterWidth=kernel[1], Padding=padding, FusedActivationFunction=int(rng.choice([NONE, RELU])))  # fmt: skip
        return b.file([x], [y])

    return case


def _binary(name):
    def case(rng):
        b = TfliteBuilder()
        shape = tuple(int(n) for n in rng.integers(1, 6, 3))
        other = tuple(1 if rng.random() < 0.3 else n for n in shape)
        x1, x2 = activation(b, rng, (1, *shape)), activation(b, rng, (1, *other))
        scales = b.tensors[x1]["scale"], b.tensors[x2]["scale"]
        size = scales[0] * scales[1] * 32768 if name == "MUL" else max(scales)
        y = activation(b, rng, (1, *shape), float(np.float32(size * rng.uniform(0.6, 2))))
        b.op(name, [x1, x2], [y], name.title() + "Options", FusedActivationFunction=int(rng.choice([NONE, RELU])))
        return b.file([x1, x2], [y])

    return case


def _sigmoid(name):
    def case(rng):
        b = TfliteBuilder()
        scale = 2.0 ** -int(rng.integers(10, 14)) if rng.random() < 0.3 else random_scale(rng, 1e-5, 1e-3)
        x = activation(b, rng, (1, 60), scale)
        y = activation(b, rng, (1, 60), 2.0**-15)
        b.op(name, [x], [y])
        return b.file([x], [y])

    return case


def relu(rng):
    """RELU with a scale of its own, or its input's."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 9))
    y = activation(b, rng, (1, 9), b.tensors[x]["scale"] * float(np.float32(rng.choice([1, rng.uniform(0.4, 2)]))))
    b.op("RELU", [x], [y])
    return b.file([x], [y])


def resize_nearest(rng):
    """RESIZE_NEAREST_NEIGHBOR to any size."""
    b = TfliteBuilder()
    height, width, depth, *size = (int(n) for n in rng.integers(1, 7, 5))
    x = activation(b, rng, (1, height, width, depth))
    y = activation(b, rng, (1, *size, depth), b.tensors[x]["scale"])
    b.op("RESIZE_NEAREST_NEIGHBOR", [x, b.constant(size)], [y], "ResizeNearestNeighborOptions",
         AlignCorners=bool(rng.integers(2)), HalfPixelCenters=bool(rng.integers(2)))  # fmt: skip
    return b.file([x], [y])


def _extreme(name):
    def case(rng):
        b = TfliteBuilder()
        shape = tuple(int(n) for n in rng.integers(1, 6, 3))
        other = tuple(1 if rng.random() < 0.3 else n for n in shape)
        x1 = activation(b, rng, (1, *shape))
        x2, y = (activation(b, rng, (1, *s), b.tensors[x1]["scale"]) for s in (other, shape))
        b.op(name, [x1, x2], [y], "MaximumMinimumOptions")
        return b.file([x1, x2], [y])

    return case


def softmax(rng):
    """SOFTMAX over 2 to 20 classes."""
    b = TfliteBuilder()
    shape = (1, int(rng.integers(2, 21)))
    x = activation(b, rng, shape)
    y = activation(b, rng, shape, 1 / 32768)
    b.op("SOFTMAX", [x], [y], "SoftmaxOptions", Beta=1.0)
    return b.file([x], [y])


def mean(rng):
    """MEAN over an image's height and width."""
    b = TfliteBuilder()
    height, width, depth = (int(n) for n in rng.integers(1, 8, 3))
    x = activation(b, rng, (1, height, width, depth))
    y = activation(b, rng, (1, depth), float(np.float32(b.tensors[x]["scale"] * rng.uniform(0.5, 1.5))))
    b.op("MEAN", [x, b.constant([1, 2])], [y], "ReducerOptions", KeepDims=False)
    return b.file([x], [y])


def pad(rng):
    """PAD of an image with zeros."""
    b = TfliteBuilder()
    shape = [int(n) for n in rng.integers(1, 6, 3)]
    counts = [[0, 0], *[[int(n) for n in rng.integers(0, 3, 2)] for _ in shape]]
    x = activation(b, rng, (1, *shape))
    y = activation(b, rng, (1, *[n + sum(c) for n, c in zip(shape, counts[1:])]), b.tensors[x]["scale"])
    b.op("PAD", [x, b.constant(counts)], [y], "PadOptions")
    return b.file([x], [y])


CASES = {
    "CONV_2D int16": conv2d,
    "DEPTHWISE_CONV_2D int16": depthwise,
    "FULLY_CONNECTED int16": fully_connected,
    "MAX_POOL_2D int16": _pool("MAX_POOL_2D"),
    "AVERAGE_POOL_2D int16": _pool("AVERAGE_POOL_2D"),
    "ADD int16": _binary("ADD"),
    "SUB int16": _binary("SUB"),
    "MUL int16": _binary("MUL"),
    "MAXIMUM int16": _extreme("MAXIMUM"),
    "MINIMUM int16": _extreme("MINIMUM"),
    "LOGISTIC int16": _sigmoid("LOGISTIC"),
    "TANH int16": _sigmoid("TANH"),
    "RELU int16": relu,
    "RESIZE_NEAREST_NEIGHBOR int16": resize_nearest,
    "SOFTMAX int16": softmax,
    "MEAN int16": mean,
    "PAD int16": pad,
}
