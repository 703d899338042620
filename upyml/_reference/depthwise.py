"""DEPTHWISE_CONV2D in plain loops."""

from array import array

from upyml._reference.convolution import channels
from upyml._reference.fixed_point import requantize


def taps(model, at, count, k):
    """Weights of `count` channels as int8, channel after channel, k each, taken out of the file's order."""
    out = array("b", bytes(count * k))
    padded = (k + 3) & ~3
    for channel in range(count):
        word = at + (channel >> 2) * 4 * padded + (channel & 3) * 4
        for i in range(k):
            # In a word the bytes are k = 1, 3, 0, 2.
            out[channel * k + i] = model[word + (i >> 2) * 16 + (2, 0, 3, 1)[i & 3]] - 128
    return out


def depthwise_conv2d(model, step, out):
    """(H, W, C) to (OH, OW, C * multiplier); output channel o reads input channel o // multiplier."""
    p = step.params
    x = step.x[0].data
    outside = step.x[0].zero_point
    height, width, depth = step.x[0].image()
    out_h, out_w, count = step.y.image()
    kernel_h, kernel_w, times = p["kernel_h"], p["kernel_w"], p["multiplier"]
    low, high, zero_point = p["clamp_min"], p["clamp_max"], step.y.zero_point
    k = kernel_h * kernel_w
    weights = taps(model, p["weights"], count, k)
    bias, multiplier, shift = channels(model, p, count)
    o = 0
    for oy in range(out_h):
        top = oy * p["stride_h"] - p["pad_top"]
        for ox in range(out_w):
            left = ox * p["stride_w"] - p["pad_left"]
            inside = []  # (number of the tap, place of its pixel)
            missing = []  # taps outside the image
            for i in range(k):
                iy = top + i // kernel_w * p["dilation_h"]
                ix = left + i % kernel_w * p["dilation_w"]
                if 0 <= iy < height and 0 <= ix < width:
                    inside.append((i, (iy * width + ix) * depth))
                else:
                    missing.append(i)
            first = 0
            for channel in range(count):
                place = channel // times
                acc = bias[channel]
                for i, pixel in inside:
                    acc += x[pixel + place] * weights[first + i]
                for i in missing:
                    acc += outside * weights[first + i]
                first += k
                out[o] = requantize(acc, multiplier[channel], shift[channel], zero_point, low, high)
                o += 1
