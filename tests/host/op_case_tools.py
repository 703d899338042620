"""Pieces of random .tflite models: activations, weights, biases and windows that fit together."""

import math

import numpy as np

SAME, VALID = 0, 1
NONE, RELU, RELU_N1, RELU6 = 0, 1, 2, 3


def random_scale(rng, low=0.01, high=0.2):
    """A float32 scale."""
    return float(np.float32(rng.uniform(low, high)))


def activation(b, rng, shape, scale=None, zero_point=None):
    """A new int8 activation with a random scale and zero point where none is given."""
    return b.tensor(
        shape, "int8", scale or random_scale(rng), int(rng.integers(-128, 128)) if zero_point is None else zero_point
    )


def out_size(size, kernel, stride, dilation, padding):
    """Positions of a window along an axis."""
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def window(rng, flat=False):
    """(height, width, kernel, stride, dilation, padding) that leave at least one output."""
    kernel = (1 if flat else int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    dilation = (1, 1) if rng.random() < 0.6 else (1 if flat else int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    stride = (1, 1) if max(dilation) > 1 else (1 if flat else int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    size = (1 if flat else int(rng.integers(reach[0], reach[0] + 8)), int(rng.integers(reach[1], reach[1] + 8)))
    return size, kernel, stride, dilation, int(rng.choice([SAME, VALID]))


def weights(b, rng, shape, axis, per_channel):
    """(number, scales) of constant int8 weights."""
    channels = shape[axis]
    scale = rng.uniform(0.001, 0.02, channels if per_channel else 1).astype(np.float32)
    values = rng.integers(-127, 128, shape)
    number = b.constant(values, "int8", scale, 0, axis)
    return number, scale


def output_scale(rng, terms):
    """An output scale at which random sums fill the int8 range and now and then leave it."""
    return float(np.float32(0.1 * 0.01 * 64 * 70 * math.sqrt(terms) / 127 * rng.uniform(0.3, 2)))


def bias(b, rng, channels):
    """The number of a constant int32 bias."""
    return b.constant(rng.integers(-3000, 3000, channels), "int32", 0.001)


def same_as(b, x, shape):
    """A new tensor with x's scale and zero point."""
    return b.tensor(shape, "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"])
