"""RFFT with NumPy: all butterflies of a stage at once, the same bytes as in spectrum.py."""

import numpy as np

_HALF, _QUARTER = 16383, 8191


def _q15(x):
    return (x + 16384) >> 15


def _wrapped(x):
    return x.astype(np.int16).astype(np.int64)


def _turned(re, im, w):
    return _wrapped(_q15(re * w[..., 0] - im * w[..., 1])), _wrapped(_q15(re * w[..., 1] + im * w[..., 0]))


def _pass(re, im, span, radix, table, count):
    """A stage over (rows, count): groups of `radix` runs of `span` numbers."""
    shape = (len(re), -1, radix, span)
    factor = _QUARTER if radix == 4 else _HALF
    re, im = _q15(re.reshape(shape) * factor), _q15(im.reshape(shape) * factor)
    if span > 1 and radix == 4:
        places = np.outer(np.arange(radix), np.arange(span)) * (count // (4 * span))
        turned = _turned(re, im, table[places])
        first = places == 0  # factors of 1
        re, im = np.where(first, re, turned[0]), np.where(first, im, turned[1])
    parts = [(re[:, :, i], im[:, :, i]) for i in range(radix)]
    if radix == 2:
        (a, b), (c, d) = parts
        made = [(a + c, b + d), (a - c, b - d)]
    else:
        (a, b), (c, d), (e, f), (g, h) = parts
        made = [(a + e + c + g, b + f + d + h), (a - e + d - h, b - f - c + g),
                (a + e - c - g, b + f - d - h), (a - e - d + h, b - f + c - g)]
    re, im = (np.stack([z[i] for z in made], 2).reshape(len(re), -1) for i in (0, 1))
    return _wrapped(re), _wrapped(im)


def fft_of_reals(x, points, table):
    """(rows, points + 2) int16 for (rows, samples) int16, at most `points` of them."""
    count = points // 2
    table = np.frombuffer(table, "<i2").astype(np.int64).reshape(-1, 2)
    padded = np.zeros((len(x), points), np.int64)
    padded[:, : x.shape[1]] = x
    radix, order = 4 if count & 0x55555555 else 2, np.zeros(1, int)
    while len(order) < count:  # digits reversed: of the places of n numbers those of `step` runs of n
        step = radix if len(order) == 1 else 4
        order = (np.arange(step)[:, None] + step * order).reshape(-1)
    re, im = padded[:, 0::2][:, order], padded[:, 1::2][:, order]
    span = 1
    while span < count:
        step = radix if span == 1 else 4
        re, im = _pass(re, im, span, step, table, count)
        span *= step
    return _split(re, im, count, table[3 * count // 4 :])


def _split(re, im, count, table):
    k = np.arange(1, count // 2 + 1)
    out = np.zeros((len(re), count + 1, 2), np.int64)
    a, b = _q15(re[:, 0] * _HALF), _q15(im[:, 0] * _HALF)
    out[:, 0, 0], out[:, count, 0] = a + b, a - b
    a, b = _q15(re[:, k] * _HALF), _q15(im[:, k] * _HALF)
    c, d = _q15(re[:, count - k] * _HALF), _q15(_wrapped(-im[:, count - k]) * _HALF)
    odd = _turned(a - c, b - d, table)
    out[:, k, 0], out[:, k, 1] = (a + c + odd[0]) >> 1, (b + d + odd[1]) >> 1
    out[:, count - k, 0], out[:, count - k, 1] = (a + c - odd[0]) >> 1, (odd[1] - b - d) >> 1
    return out.reshape(len(re), -1).astype(np.int16)


def rfft(model, step, out):
    """Each row of samples, the last axis."""
    x, points, first = step.x[0], step.params["points"], step.params["twiddles"]
    y = fft_of_reals(x.array.reshape(-1, x.shape[-1]), points, bytes(model[first : first + points // 2 * 5]))
    np.frombuffer(out, np.int16)[:] = y.reshape(-1)
