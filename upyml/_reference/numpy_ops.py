"""NumPy kernels of the ops without a window; each gives the bytes of its namesake in plain loops."""

import numpy as np

from upyml._reference import resize, softmax as plain_softmax

_TYPES = (np.int8, np.uint8, np.int16, np.int32, np.float32)


def wrap(x):
    """int64 to the int32 an accumulator holds, as int64."""
    return x.astype(np.int32).astype(np.int64)


def mbqm(x, multiplier, shift):
    """x * multiplier / 2^31 * 2^shift with gemmlowp's two roundings; int64 arrays or numbers that broadcast."""
    shift = np.asarray(shift, np.int64)
    x = wrap(x << np.maximum(shift, 0))
    x = np.minimum((x * multiplier + (1 << 30)) >> 31, 0x7FFFFFFF)
    right = np.maximum(-shift, 0)
    return (x + np.where(right > 0, (1 << right >> 1) - (x < 0), 0)) >> right


def to_output(x, multiplier, shift, zero_point, low, high):
    """int64 accumulators to outputs within [low, high]."""
    return np.clip(wrap(mbqm(wrap(x), multiplier, shift) + zero_point), low, high)


def _write(step, out, y):
    np.frombuffer(out, step.y.array.dtype)[:] = np.asarray(y).reshape(-1)


def _inputs(step):
    return [x.array.astype(np.int64) - x.zero_point for x in step.x]


def add(model, step, out, sign=1):
    """x1 + x2."""
    p = step.params
    x1, x2 = _inputs(step)
    y = mbqm(x1 << p["left_shift"], p["multiplier1"], p["shift1"])
    y = y + sign * mbqm(x2 << p["left_shift"], p["multiplier2"], p["shift2"])
    y = to_output(y, p["multiplier"], p["shift"], step.y.zero_point, p["clamp_min"], p["clamp_max"])
    _write(step, out, np.broadcast_to(y, step.y.shape))


def sub(model, step, out):
    """x1 - x2."""
    add(model, step, out, -1)


def mul(model, step, out):
    """x1 * x2."""
    p = step.params
    x1, x2 = _inputs(step)
    y = to_output(x1 * x2, p["multiplier"], p["shift"], step.y.zero_point, p["clamp_min"], p["clamp_max"])
    _write(step, out, np.broadcast_to(y, step.y.shape))


def mean(model, step, out):
    """(outer, count, inner) to (outer, inner)."""
    p = step.params
    (x,) = _inputs(step)
    total = x.reshape(p["outer"], p["count"], p["inner"]).sum(1)
    y = to_output(total, p["multiplier"], p["shift"], step.y.zero_point, p["clamp_min"], p["clamp_max"])
    _write(step, out, y)


def argmax(model, step, out):
    """(outer, count, inner) to (outer, inner), the first place of the largest."""
    p = step.params
    _write(step, out, step.x[0].array.reshape(p["outer"], p["count"], p["inner"]).argmax(1))


def table(model, step, out):
    """Each q becomes the byte at q + 128 of a table of 256."""
    answers = np.frombuffer(model, np.int8, 256, step.params["table"])
    _write(step, out, answers[step.x[0].array.astype(np.int64) + 128])


def softmax(model, step, out):
    """Rows over the last axis."""
    x = step.x[0].array.reshape(-1, step.x[0].shape[-1]).astype(np.int64)
    if step.cache is None:
        table = np.array(plain_softmax.exponentials(step.params), np.int64)
        step.cache = np.concatenate([table, np.zeros(256 - len(table), np.int64)]), len(table)
    table, count = step.cache
    diff = x.max(1, keepdims=True) - x
    e = table[diff]
    y = np.empty_like(x)
    for row, total in enumerate(((e + 2048) >> 12).sum(1)):
        scale, over = plain_softmax.reciprocal(int(total), 12)
        product = (scale * e[row] + (1 << 30)) >> 31
        y[row] = (product + (1 << (over + 22))) >> (over + 23)
    _write(step, out, np.where(diff < count, np.minimum(y - 128, 127), -128))


def concatenate(model, step, out):
    """Any number of inputs along one axis."""
    _write(step, out, np.concatenate([x.array for x in step.x], step.params["axis"]))


def pad(model, step, out):
    """The input in a larger output; the rest is `value`."""
    y = np.full(step.y.shape, step.params["value"], step.y.array.dtype)
    x = step.x[0].array
    y[tuple(slice(first, first + count) for first, count in zip(step.params["before"], x.shape))] = x
    _write(step, out, y)


def reshape(model, step, out):
    """The same bytes."""
    _write(step, out, step.x[0].array)


def transpose(model, step, out):
    """Output axis i is input axis permutation[i]."""
    _write(step, out, step.x[0].array.transpose(step.params["permutation"][: len(step.y.shape)]))


def strided_slice(model, step, out):
    """out[i...] = x[begin + i * stride...] on each axis."""
    p = step.params
    places = [p["begin"][i] + np.arange(count) * p["stride"][i] for i, count in enumerate(step.y.shape)]
    _write(step, out, step.x[0].array[np.ix_(*places)])


def quantize(model, step, out):
    """float32 to int8, uint8 or int16."""
    with np.errstate(all="ignore"):
        x = (step.x[0].array / np.uint32(step.y.scale).view(np.float32)).astype(np.float64)
    x = np.clip(np.where(np.isnan(x), 0, x), -(2.0**40), 2.0**40)
    x = np.where(x < 0, np.ceil(x - 0.5), np.floor(x + 0.5)) + step.y.zero_point
    limits = np.iinfo(step.y.array.dtype)
    _write(step, out, np.clip(x, limits.min, limits.max))


def dequantize(model, step, out):
    """int8, uint8 or int16 to float32."""
    x = step.x[0]
    with np.errstate(all="ignore"):
        _write(step, out, (x.array.astype(np.int32) - x.zero_point).astype(np.float32)
               * np.uint32(x.scale).view(np.float32))


def requantize(model, step, out):
    """From one integer type to another."""
    p = step.params
    (x,) = _inputs(step)
    limits = np.iinfo(step.y.array.dtype)
    y = to_output(x, p["multiplier"], p["shift"], step.y.zero_point, limits.min, limits.max)
    _write(step, out, y)


def resize_nearest(model, step, out):
    """out[y, x] = in[rows[y], columns[x]]."""
    x = step.x[0].array.reshape(step.x[0].image())
    out_h, out_w, _ = step.y.image()
    rows = np.frombuffer(model, "<u2", out_h, step.params["rows"])
    columns = np.frombuffer(model, "<u2", out_w, step.params["columns"])
    _write(step, out, x[rows][:, columns])


def resize_bilinear(model, step, out):
    """TFLite's integer version: 10 fractional bits, rounded half away from zero."""
    p = step.params
    x = step.x[0].array.reshape(step.x[0].image()).astype(np.int64)
    out_h, out_w, _ = step.y.image()
    options = (p["align_corners"], p["half_pixel_centers"])
    y0, y1, fy = np.array(resize.positions(out_h, x.shape[0], *options)).T
    x0, x1, fx = np.array(resize.positions(out_w, x.shape[1], *options)).T
    fy, fx = fy[:, None, None], fx[:, None]
    total = (x[y0][:, x0] * (1024 - fx) + x[y0][:, x1] * fx) * (1024 - fy)
    total += (x[y1][:, x0] * (1024 - fx) + x[y1][:, x1] * fx) * fy
    _write(step, out, np.sign(total) * ((np.abs(total) + (1 << 19)) >> 20))
