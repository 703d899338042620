"""MAX_POOL, AVERAGE_POOL, MEAN and ARGMAX in plain loops."""

import struct

from upyml._reference.fixed_point import requantize


def windows(step):
    """Places of the pixels in each output pixel's window; what lies outside the image is left out."""
    p = step.params
    height, width, depth = step.x[0].image()
    out_h, out_w, _ = step.y.image()
    for oy in range(out_h):
        top = oy * p["stride_h"] - p["pad_top"]
        bottom = min(top + p["kernel_h"], height)
        for ox in range(out_w):
            left = ox * p["stride_w"] - p["pad_left"]
            right = min(left + p["kernel_w"], width)
            pixels = []
            for iy in range(max(top, 0), bottom):
                for ix in range(max(left, 0), right):
                    pixels.append((iy * width + ix) * depth)
            yield pixels


def max_pool(model, step, out):
    """(H, W, C) to (OH, OW, C)."""
    x = step.x[0].data
    low, high = step.params["clamp_min"], step.params["clamp_max"]
    o = 0
    for pixels in windows(step):
        for channel in range(step.x[0].shape[-1]):
            y = low
            for pixel in pixels:
                if x[pixel + channel] > y:
                    y = x[pixel + channel]
            out[o] = high if y > high else y
            o += 1


def average_pool(model, step, out):
    """(H, W, C) to (OH, OW, C); the mean of the pixels inside the image, rounded half away from zero."""
    x = step.x[0].data
    low, high = step.params["clamp_min"], step.params["clamp_max"]
    o = 0
    for pixels in windows(step):
        count = len(pixels)
        half = count // 2
        for channel in range(step.x[0].shape[-1]):
            y = 0
            for pixel in pixels:
                y += x[pixel + channel]
            y = (y + half) // count if y > 0 else -((half - y) // count)
            out[o] = low if y < low else high if y > high else y
            o += 1


def mean(model, step, out):
    """(outer, count, inner) to (outer, inner); the multiplier holds 1 / count."""
    p = step.params
    x = step.x[0].data
    count, inner = p["count"], p["inner"]
    taken = count * step.x[0].zero_point
    low, high, zero_point = p["clamp_min"], p["clamp_max"], step.y.zero_point
    o = 0
    for first in range(0, p["outer"] * count * inner, count * inner):
        for place in range(first, first + inner):
            total = -taken
            for i in range(place, place + count * inner, inner):
                total += x[i]
            out[o] = requantize(total, p["multiplier"], p["shift"], zero_point, low, high)
            o += 1


def argmax(model, step, out):
    """(outer, count, inner) to (outer, inner) of int32: the first place of the largest."""
    p = step.params
    x = step.x[0].data
    count, inner = p["count"], p["inner"]
    o = 0
    for first in range(0, p["outer"] * count * inner, count * inner):
        for place in range(first, first + inner):
            best = 0
            for i in range(1, count):
                if x[place + i * inner] > x[place + best * inner]:
                    best = i
            struct.pack_into("<i", out, o, best)
            o += 4
