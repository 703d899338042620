"""NumPy kernels of the ops with a window, and FULLY_CONNECTED. Products are exact: float64 holds integers to 2^53."""

import numpy as np

from upyml._reference import coded, convolution
from upyml._reference.numpy_ops import to_output


def weights(model, at, count, k):
    """Weights in the file's order as float64 of shape (count, k padded to 4)."""
    padded = (count + 3) // 4 * 4
    words = np.frombuffer(model, np.uint8, padded * k, at).reshape(padded // 4, k // 4, 4, 4)
    rows = words[..., [2, 0, 3, 1]].transpose(0, 2, 1, 3).reshape(padded, k)
    return rows[:count].astype(np.float64) - 128


def kernel(model, params, shape):
    """Weights in any coding as float64 of shape (kernel rows * k of a row, channels). shape: see convolution.py."""
    rows, run, count = shape
    packed, at = model, params["weights"]
    if params["coding"]:
        packed, at = coded.dense(model, params, 0, (count + 3) // 4, rows, run), 0
    padded = (run + 3) // 4 * 4
    out = weights(packed, at, count, rows * padded).reshape(count, rows, padded)[:, :, :run]
    return np.ascontiguousarray(out.reshape(count, -1).T)


def scales(model, step, count, per_channel=True):
    """(bias, multiplier, shift) of the channels as int64 arrays."""
    return [np.array(values, np.int64) for values in convolution.channels(model, step.params, count, per_channel)]


def finish(step, acc, channels, out):
    """Sums without bias (float64, channels last) to the output."""
    bias, multiplier, shift = channels
    p = step.params
    acc = acc.astype(np.int64) + bias
    y = to_output(acc, multiplier, shift, step.y.zero_point, p["clamp_min"], p["clamp_max"])
    np.frombuffer(out, np.int8)[:] = y.reshape(-1)


def windows(step, outside):
    """View of the input as (OH, OW, kernel_h, kernel_w, C); `outside` stands beyond the image."""
    p = step.params
    x = step.x[0].array.reshape(step.x[0].image())
    out_h, out_w, _ = step.y.image()
    need_h = (out_h - 1) * p["stride_h"] + (p["kernel_h"] - 1) * p["dilation_h"] + 1
    need_w = (out_w - 1) * p["stride_w"] + (p["kernel_w"] - 1) * p["dilation_w"] + 1
    top, left = p["pad_top"], p["pad_left"]
    bottom, right = max(0, need_h - top - x.shape[0]), max(0, need_w - left - x.shape[1])
    x = np.pad(x, ((top, bottom), (left, right), (0, 0)), constant_values=outside)
    h, w, c = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (out_h, out_w, p["kernel_h"], p["kernel_w"], x.shape[2]),
        (h * p["stride_h"], w * p["stride_w"], h * p["dilation_h"], w * p["dilation_w"], c),
        writeable=False,
    )


def conv2d(model, step, out):
    """(H, W, C) to (OH, OW, OC)."""
    if step.cache is None:
        shape = convolution.conv2d_shape(step)
        step.cache = kernel(model, step.params, shape), scales(model, step, shape[2])
    factors, channels = step.cache
    patches = windows(step, step.x[0].zero_point).reshape(-1, len(factors)).astype(np.float64)
    finish(step, patches @ factors, channels, out)


def fully_connected(model, step, out):
    """Rows of K to rows of OC."""
    p = step.params
    count = step.y.shape[-1]
    k = step.x[0].size // (step.y.size // count)
    if step.cache is None:
        step.cache = kernel(model, p, (1, k, count)), scales(model, step, count, p["per_channel"] != 0)
    factors, channels = step.cache
    finish(step, step.x[0].array.reshape(-1, k).astype(np.float64) @ factors, channels, out)


def depthwise_conv2d(model, step, out):
    """(H, W, C) to (OH, OW, C * multiplier)."""
    p = step.params
    count = step.y.image()[2]
    k = p["kernel_h"] * p["kernel_w"]
    if step.cache is None:
        taps = weights(model, p["weights"], count, (k + 3) // 4 * 4)[:, :k].T
        step.cache = taps.reshape(p["kernel_h"], p["kernel_w"], count), scales(model, step, count)
    taps, channels = step.cache
    x = windows(step, step.x[0].zero_point)
    acc = np.zeros(step.y.image())
    for i in range(p["kernel_h"]):
        for j in range(p["kernel_w"]):
            pixels = x[:, :, i, j].astype(np.float64)
            if p["multiplier"] > 1:
                pixels = np.repeat(pixels, p["multiplier"], axis=2)
            acc += pixels * taps[i, j]
    finish(step, acc, channels, out)


def max_pool(model, step, out):
    """(H, W, C) to (OH, OW, C)."""
    y = windows(step, -128).max((2, 3))
    y = np.clip(y, step.params["clamp_min"], step.params["clamp_max"])
    np.frombuffer(out, np.int8)[:] = y.reshape(-1)


def average_pool(model, step, out):
    """(H, W, C) to (OH, OW, C); the mean of the pixels inside the image, rounded half away from zero."""
    total = windows(step, 0).sum((2, 3), dtype=np.int64)
    inside = step.x[0].array
    step.x[0].array = np.ones_like(inside)
    count = windows(step, 0).sum((2, 3), dtype=np.int64)
    step.x[0].array = inside
    y = np.sign(total) * ((np.abs(total) + count // 2) // count)
    y = np.clip(y, step.params["clamp_min"], step.params["clamp_max"])
    np.frombuffer(out, np.int8)[:] = y.reshape(-1)
