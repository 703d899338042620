"""CONV2D, FULLY_CONNECTED and DEPTHWISE_CONV2D with ulab's dot and vector products, exact to the bit.

ulab adds in the float width of the runtime: integers are exact up to 2^24, so sums are split before they reach it. A
Python float of CircuitPython has only 22 exact bits: sums leave their array in two halves.
"""

from ulab import numpy as np

from upyml._reference.convolution import channels, conv2d_shape, parts, patches, rows
from upyml._reference.depthwise import depthwise_conv2d as plain_depthwise, taps
from upyml._reference.fixed_point import requantize

EXACT = 512  # products of a byte with an int8 that add up to less than 2^24: 512 * 255 * 128


def integers(sums, out):
    """Add an array of float32 that hold integers below 2^24 to the integers in the list `out`."""
    high = np.floor(sums * (1 / 4096))
    low = np.array(sums - high * 4096, dtype=np.int16)
    high = np.array(high, dtype=np.int16)
    for i in range(len(out)):
        out[i] += int(high[i]) * 4096 + int(low[i])


def matrix(model, at, count, k):
    """Weights of `count` channels (a multiple of four) as uint8 w + 128, shape (count, k), from byte `at` on."""
    out = np.zeros((count, k), dtype=np.uint8)
    for first in range(0, count, 4):
        words = np.frombuffer(model, dtype=np.uint8, count=4 * k, offset=at + first * k)
        words = words.reshape((k // 4, 16))
        for place, byte in enumerate((2, 0, 3, 1)):  # in a word the bytes are k = 1, 3, 0, 2
            out[first : first + 4, place::4] = words[:, byte::4].T
    return out


def _products(model, step, out, vectors, shape, per_channel):
    """out: products of each vector of vectors() with all channels, requantized and clamped. shape: see convolution.py."""
    p = step.params
    kernel_rows, run, count = shape
    k = kernel_rows * (run + 3 & ~3)
    bias, multiplier, shift = channels(model, p, count, per_channel)
    low, high, zero_point = p["clamp_min"], p["clamp_max"], step.y.zero_point
    for first, last, packed, at in parts(model, p, count, kernel_rows, run, split=True):
        many = last - first + 3 & ~3
        weights = matrix(packed, at, many, k)
        o = 0
        for vector in vectors():
            sums = [-128 * sum(vector)] * many  # the bytes hold w + 128
            vector = np.array(vector, dtype=np.int8)
            for place in range(0, k, EXACT):
                end = min(place + EXACT, k)
                integers(np.dot(weights[:, place:end], vector[place:end]), sums)
            for channel in range(first, last):
                scale = channel if per_channel else 0
                acc = sums[channel - first] + bias[channel]
                out[o + channel] = requantize(acc, multiplier[scale], shift[scale], zero_point, low, high)
            o += count


def conv2d(model, step, out):
    """(H, W, C) to (OH, OW, OC)."""
    _products(model, step, out, lambda: patches(step), conv2d_shape(step), True)


def fully_connected(model, step, out):
    """Rows of K to rows of OC."""
    count = step.y.shape[-1]
    k = step.x[0].size // (step.y.size // count)
    _products(model, step, out, lambda: rows(step, k), (1, k, count), step.params["per_channel"] != 0)


def depthwise_conv2d(model, step, out):
    """(H, W, C) to (OH, OW, C): all channels of a pixel at once; several outputs per input channel as plain loops."""
    p = step.params
    if p["multiplier"] != 1 or p["kernel_h"] * p["kernel_w"] > EXACT:
        plain_depthwise(model, step, out)
        return
    height, width, count = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    low, high, zero_point = p["clamp_min"], p["clamp_max"], step.y.zero_point
    kernel_w, k = p["kernel_w"], p["kernel_h"] * p["kernel_w"]
    bias, multiplier, shift = channels(model, p, count)
    weights = np.frombuffer(taps(model, p["weights"], count, k), dtype=np.int8).reshape((count, k))
    weights = [np.array(weights[:, i], dtype=np.float) for i in range(k)]
    outside = [weight * step.x[0].zero_point for weight in weights]
    x = np.frombuffer(step.x[0].data, dtype=np.int8)
    o = 0
    for oy in range(out_h):
        top = oy * p["stride_h"] - p["pad_top"]
        for ox in range(out_w):
            left = ox * p["stride_w"] - p["pad_left"]
            acc = np.zeros(count)
            for i in range(k):
                iy = top + i // kernel_w * p["dilation_h"]
                ix = left + i % kernel_w * p["dilation_w"]
                if 0 <= iy < height and 0 <= ix < width:
                    pixel = (iy * width + ix) * count
                    acc = acc + x[pixel : pixel + count] * weights[i]
                else:
                    acc = acc + outside[i]
            sums = list(bias)
            integers(acc, sums)
            for channel in range(count):
                out[o + channel] = requantize(
                    sums[channel], multiplier[channel], shift[channel], zero_point, low, high
                )
            o += count
