"""Convolutions, dense layers and pools of INT16 activations with INT8 weights in plain loops; zero points are 0."""

import struct
from array import array

from upyml._reference.depthwise import taps
from upyml._reference.fixed_point import mbqm, wrap
from upyml._reference.pooling import windows


def numbers(data):
    """The INT16 values that bytes hold, as a list."""
    return list(struct.unpack_from("<%dh" % (len(data) // 2), data, 0))


def write(out, values):
    """INT16 values into the bytes of an output."""
    for i, value in enumerate(values):
        struct.pack_into("<h", out, 2 * i, value)


class Channels:
    """What belongs to output channels: finish() makes 16 bits of a sum of products."""

    def __init__(self, model, params, count, per_channel=True):
        padded = (count + 3) & ~3
        scales = padded if per_channel else 1
        at = params["channels"]
        self.bias = struct.unpack_from("<%dq" % count, model, at)
        used = count if per_channel else 1
        self.multiplier = struct.unpack_from("<%di" % used, model, at + 8 * padded)
        at += 8 * padded + 4 * scales
        self.shift = array("b", bytes(model[at : at + used]))
        self.per_channel = per_channel
        self.narrow = params["accumulator"] == 1
        self.low, self.high = params["clamp_min"], params["clamp_max"]

    def finish(self, channel, acc):
        """The output of a channel. acc: its sum of products."""
        acc += self.bias[channel]
        scale = channel if self.per_channel else 0
        multiplier, shift = self.multiplier[scale], self.shift[scale]
        if self.narrow:
            y = mbqm(wrap(acc), multiplier, shift)
        else:
            # TFLite takes 15 bits of the multiplier and rounds once, halves upwards.
            multiplier = (multiplier + 0x8000) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
            y = wrap(_wrap64(acc * multiplier + (1 << (14 - shift))) >> (15 - shift))
        return self.low if y < self.low else self.high if y > self.high else y


def _wrap64(x):
    high = x >> 63
    if high != 0 and high != -1:
        x = ((x + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)
    return x


def _patches(step):
    """Of each output pixel, for each kernel row in the image: (number of the kernel row, its values; 0 outside)."""
    p = step.params
    x = numbers(step.x[0].data)
    height, width, depth = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    outside = [0] * depth
    for oy in range(out_h):
        for ox in range(out_w):
            left = ox * p["stride_w"] - p["pad_left"]
            rows = []
            for ky in range(p["kernel_h"]):
                iy = oy * p["stride_h"] - p["pad_top"] + ky * p["dilation_h"]
                if not 0 <= iy < height:
                    continue
                row = []
                for kx in range(p["kernel_w"]):
                    ix = left + kx * p["dilation_w"]
                    at = (iy * width + ix) * depth
                    row += x[at : at + depth] if 0 <= ix < width else outside
                rows.append((ky, row))
            yield rows


def conv2d_16(model, step, out):
    """(H, W, C) to (OH, OW, OC)."""
    p = step.params
    count = step.y.image()[2]
    run = p["kernel_w"] * step.x[0].image()[2]
    padded = run + 3 & ~3
    weights = taps(model, p["weights"], count, p["kernel_h"] * padded)
    channels = Channels(model, p, count)
    made = []
    for rows in _patches(step):
        for channel in range(count):
            acc = 0
            for ky, row in rows:
                first = (channel * p["kernel_h"] + ky) * padded
                for i in range(run):
                    acc += row[i] * weights[first + i]
            made.append(channels.finish(channel, acc))
    write(out, made)


def depthwise_conv2d_16(model, step, out):
    """(H, W, C) to (OH, OW, C * multiplier); output channel o reads input channel o // multiplier."""
    p = step.params
    count = step.y.image()[2]
    depth = step.x[0].image()[2]
    k = p["kernel_h"] * p["kernel_w"]
    weights = taps(model, p["weights"], count, k)
    channels = Channels(model, p, count)
    made = []
    for rows in _patches(step):
        for channel in range(count):
            acc = 0
            for ky, row in rows:
                first = channel * k + ky * p["kernel_w"]
                for kx in range(p["kernel_w"]):
                    acc += row[kx * depth + channel // p["multiplier"]] * weights[first + kx]
            made.append(channels.finish(channel, acc))
    write(out, made)


def fully_connected_16(model, step, out):
    """Rows of K to rows of OC = the output's last axis."""
    count = step.y.shape[-1]
    k = step.x[0].size // (step.y.size // count)
    weights = taps(model, step.params["weights"], count, k)
    channels = Channels(model, step.params, count, step.params["per_channel"] != 0)
    x = numbers(step.x[0].data)
    made = []
    for first in range(0, len(x), k):
        for channel in range(count):
            acc = 0
            for i in range(k):
                acc += x[first + i] * weights[channel * k + i]
            made.append(channels.finish(channel, acc))
    write(out, made)


def _pool(step, out, best):
    x = numbers(step.x[0].data)
    low, high = step.params["clamp_min"], step.params["clamp_max"]
    made = []
    for pixels in windows(step):
        for channel in range(step.x[0].shape[-1]):
            y = best([x[pixel + channel] for pixel in pixels])
            made.append(low if y < low else high if y > high else y)
    write(out, made)


def max_pool_16(model, step, out):
    """(H, W, C) to (OH, OW, C)."""
    _pool(step, out, max)


def _rounded(values):
    total, half = sum(values), len(values) // 2
    return (total + half) // len(values) if total > 0 else -((half - total) // len(values))


def average_pool_16(model, step, out):
    """(H, W, C) to (OH, OW, C); the mean of the pixels inside the image, rounded half away from zero."""
    _pool(step, out, _rounded)
