"""CONV2D and FULLY_CONNECTED in plain loops.

INT8 weights are read where they lie in the file (see upyml/format/SPEC.md): blocks of four output channels, in a block for
each four k one word a channel, in a word the bytes w + 128 of k = 1, 3, 0, 2. Others become such ones, some at a time.
"""

import struct
from array import array

from upyml._reference.fixed_point import requantize


ROOM = 4096  # bytes of weights taken out of their order in the file at a time


def channels(model, params, count, per_channel=True):
    """(bias, multiplier, shift) of `count` output channels: arrays of int32, int32, int8."""
    padded = (count + 3) & ~3
    scales = padded if per_channel else 1
    at = params["channels"]
    bias = _int32(model, at, count)
    at += 4 * padded
    used = count if per_channel else 1
    multiplier = _int32(model, at, used)
    at += 4 * scales
    return bias, multiplier, array("b", bytes(model[at : at + used]))


def _int32(model, at, count):
    return array("i", struct.unpack_from("<%di" % count, model, at))


def block(patch, weights, at, k, sums):
    """Products of a patch (list of k numbers, k a multiple of 4) with the four channels of the block at byte `at`."""
    a0 = a1 = a2 = a3 = 0
    total = 0
    i = 0
    for w in range(at, at + 4 * k, 16):
        p0 = patch[i]
        p1 = patch[i + 1]
        p2 = patch[i + 2]
        p3 = patch[i + 3]
        i += 4
        total += p0 + p1 + p2 + p3
        a0 += p1 * weights[w] + p3 * weights[w + 1] + p0 * weights[w + 2] + p2 * weights[w + 3]
        a1 += p1 * weights[w + 4] + p3 * weights[w + 5] + p0 * weights[w + 6] + p2 * weights[w + 7]
        a2 += p1 * weights[w + 8] + p3 * weights[w + 9] + p0 * weights[w + 10] + p2 * weights[w + 11]
        a3 += p1 * weights[w + 12] + p3 * weights[w + 13] + p0 * weights[w + 14] + p2 * weights[w + 15]
    total *= 128  # the bytes hold w + 128
    sums[0] = a0 - total
    sums[1] = a1 - total
    sums[2] = a2 - total
    sums[3] = a3 - total


def patches(step):
    """Each output pixel's window as a list: kernel rows of kernel_w * channels values, padded with 0 to four.

    Pixels outside the image hold the input's zero point. The list is the same object each time.
    """
    p = step.params
    x = step.x[0].data
    height, width, depth = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    kernel_w, dilation_w = p["kernel_w"], p["dilation_w"]
    outside = [step.x[0].zero_point] * depth
    tail = [0] * (-(kernel_w * depth) % 4)
    for oy in range(out_h):
        top = oy * p["stride_h"] - p["pad_top"]
        for ox in range(out_w):
            left = ox * p["stride_w"] - p["pad_left"]
            patch = []
            for iy in range(top, top + p["kernel_h"] * p["dilation_h"], p["dilation_h"]):
                row = iy * width
                if not 0 <= iy < height:
                    patch.extend(outside * kernel_w)
                elif dilation_w == 1 and left >= 0 and left + kernel_w <= width:
                    patch.extend(x[(row + left) * depth : (row + left + kernel_w) * depth])
                else:
                    for ix in range(left, left + kernel_w * dilation_w, dilation_w):
                        inside = 0 <= ix < width
                        patch.extend(x[(row + ix) * depth : (row + ix + 1) * depth] if inside else outside)
                patch.extend(tail)
            yield patch


def rows(step, k):
    """FULLY_CONNECTED's input rows of k values as lists, padded with 0 to four."""
    x = step.x[0].data
    tail = [0] * (-k % 4)
    for first in range(0, len(x), k):
        yield list(x[first : first + k]) + tail


def parts(model, params, count, rows, run, split=False):
    """All channels' weights as INT8, some blocks of four at a time: first channel, the one behind the last, bytes, place.

    split: also those that lie in the file as INT8.
    """
    block = (run + 3 >> 2) * 16 * rows
    blocks = (count + 3) >> 2
    coded = params["coding"]
    part = max(1, ROOM // block) if coded or split else blocks
    for first in range(0, blocks, part):
        many = min(part, blocks - first)
        if coded:
            from upyml._reference.coded import dense

            weights, at = dense(model, params, first, many, rows, run), 0
        else:
            weights, at = model, params["weights"] + first * block
        yield 4 * first, min(4 * (first + many), count), weights, at


def products(model, step, out, vectors, shape, per_channel):
    """out: for each vector of vectors(), its products with all output channels, requantized and clamped.

    shape: kernel rows, k of a row, output channels.
    """
    p = step.params
    rows, run, count = shape
    bias, multiplier, shift = channels(model, p, count, per_channel)
    low, high, zero_point = p["clamp_min"], p["clamp_max"], step.y.zero_point
    sums = [0, 0, 0, 0]
    for first, end, weights, begin in parts(model, p, count, rows, run):
        o = 0
        for vector in vectors():
            k = len(vector)
            at = begin
            for channel in range(first, end):
                if channel & 3 == 0:
                    block(vector, weights, at, k, sums)
                    at += 4 * k
                scale = channel if per_channel else 0
                acc = sums[channel & 3] + bias[channel]
                out[o + channel] = requantize(acc, multiplier[scale], shift[scale], zero_point, low, high)
            o += count


def conv2d(model, step, out):
    """(H, W, C) to (OH, OW, OC); the bias holds -zero point * sum of weights."""
    products(model, step, out, lambda: patches(step), conv2d_shape(step), True)


def conv2d_shape(step):
    """Kernel rows, k of a row, output channels."""
    return step.params["kernel_h"], step.params["kernel_w"] * step.x[0].image()[2], step.y.image()[2]


def fully_connected(model, step, out):
    """Rows of K to rows of OC = the output's last axis."""
    count = step.y.shape[-1]
    k = step.x[0].size // (step.y.size // count)
    products(model, step, out, lambda: rows(step, k), (1, k, count), step.params["per_channel"] != 0)
