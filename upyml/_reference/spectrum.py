"""RFFT, POWER and MAGNITUDE: from samples to their spectrum, with int16 in and out."""

import struct

_HALF, _QUARTER = 16383, 8191  # 1/2 and 1/4 in Q15, as kissfft has them


def _q15(x):
    """x / 2^15, rounded to the nearest, halves upwards."""
    return (x + 16384) >> 15


def _wrap(x):
    """As int16 holds it."""
    return ((x + 32768) & 65535) - 32768


def _sums(re, im, places, a, b, c, d):
    """A butterfly of radix 4 of (re, im) each, scaled and turned already."""
    p, q, r, s = places
    re[p], im[p] = _wrap(a[0] + c[0] + b[0] + d[0]), _wrap(a[1] + c[1] + b[1] + d[1])
    re[q], im[q] = _wrap(a[0] - c[0] + b[1] - d[1]), _wrap(a[1] - c[1] - b[0] + d[0])
    re[r], im[r] = _wrap(a[0] + c[0] - b[0] - d[0]), _wrap(a[1] + c[1] - b[1] - d[1])
    re[s], im[s] = _wrap(a[0] - c[0] - b[1] + d[1]), _wrap(a[1] - c[1] + b[0] - d[0])


def _turned(re, im, w):
    """re + i im, times a factor (re, im) in Q15."""
    return _wrap(_q15(re * w[0] - im * w[1])), _wrap(_q15(re * w[1] + im * w[0]))


def _first_stage(x, count):
    """The real and imaginary parts after the stage whose factors are all 1; x: 2 * count samples. And its radix."""
    radix, rest = 4, count
    while rest > 1:
        radix = 2 if rest == 2 else 4
        rest //= 4
    butterflies = count // radix
    factor = _QUARTER if radix == 4 else _HALF
    re, im = [0] * count, [0] * count
    for number in range(butterflies):
        place, rest, digit = 0, number, butterflies  # the number's digits to the base 4, reversed
        while digit > 1:
            digit //= 4
            place += digit * (rest & 3)
            rest >>= 2
        z = [(_q15(x[2 * i] * factor), _q15(x[2 * i + 1] * factor))
             for i in range(place, count, butterflies)]
        at = number * radix
        if radix == 4:
            _sums(re, im, range(at, at + 4), *z)
        else:
            (a, b), (c, d) = z
            re[at], im[at], re[at + 1], im[at + 1] = a + c, b + d, a - c, b - d
    return re, im, radix


def fft_of_reals(x, points, table):
    """points + 2 int16 in a list: real and imaginary part of each bin of 1 / points times the FFT.

    x: sequence of at most `points` int16, zeros stand for the others; table: bytes of twiddles.twiddles(points).
    """
    count = points // 2
    x = list(x)
    x += [0] * (points - len(x))
    re, im, span = _first_stage(x, count)
    while span < count:
        step = count // (4 * span)
        for k in range(span):
            turns = [struct.unpack_from("<hh", table, 4 * i * k * step) for i in range(4)]
            for first in range(k, count, 4 * span):
                places = range(first, first + 4 * span, span)
                z = [(_q15(re[i] * _QUARTER), _q15(im[i] * _QUARTER)) for i in places]
                if k:
                    z[1:] = [_turned(z[i][0], z[i][1], turns[i]) for i in (1, 2, 3)]
                _sums(re, im, places, *z)
        span *= 4
    return _split(re, im, count, table)


def _split(re, im, count, table):
    """From the FFT of (even samples + i odd samples) to the spectrum of both in turn."""
    out = [0] * (2 * count + 2)
    a, b = _q15(re[0] * _HALF), _q15(im[0] * _HALF)
    out[0], out[2 * count] = _wrap(a + b), _wrap(a - b)
    for k in range(1, count // 2 + 1):
        j = count - k
        a, b = _q15(re[k] * _HALF), _q15(im[k] * _HALF)
        c, d = _q15(re[j] * _HALF), _q15(_wrap(-im[j]) * _HALF)
        w = struct.unpack_from("<hh", table, 3 * count + 4 * (k - 1))
        odd = _turned(_wrap(a - c), _wrap(b - d), w)
        a, b = _wrap(a + c), _wrap(b + d)
        out[2 * k], out[2 * k + 1] = _wrap((a + odd[0]) >> 1), _wrap((b + odd[1]) >> 1)
        out[2 * j], out[2 * j + 1] = _wrap((a - odd[0]) >> 1), _wrap((odd[1] - b) >> 1)
    return out


def square_root(x):
    """The square root of 0 <= x <= 2^31, rounded to the nearest integer."""
    root, bit = 0, 1 << 30
    while bit:
        least = root + bit
        root >>= 1
        if x >= least:
            x -= least
            root += bit
        bit >>= 2
    return root + (x > root)


def power_of(re, im):
    """re^2 + im^2, at most 2^31 - 1."""
    return min(re * re + im * im, 0x7FFFFFFF)


def magnitude_of(re, im):
    """The square root of that, rounded, at most 32767."""
    return min(square_root(re * re + im * im), 32767)


def rfft(model, step, out):
    """Each row of samples, the last axis, to points / 2 + 1 pairs of int16."""
    x, points, first = step.x[0], step.params["points"], step.params["twiddles"]
    table = model[first : first + points // 2 * 5]
    samples = x.shape[-1]
    at = 0
    for row in range(0, x.size, samples):
        values = struct.unpack_from("<%dh" % samples, x.data, 2 * row)
        bins = fft_of_reals(values, points, table)
        struct.pack_into("<%dh" % len(bins), out, at, *bins)
        at += 2 * len(bins)


def _each(step, out, function, code, width):
    data = step.x[0].data
    for i in range(step.y.size):
        re, im = struct.unpack_from("<hh", data, 4 * i)
        struct.pack_into(code, out, width * i, function(re, im))


def power(model, step, out):
    """Pairs of int16 to int32."""
    _each(step, out, power_of, "<i", 4)


def magnitude(model, step, out):
    """Pairs of int16 to int16."""
    _each(step, out, magnitude_of, "<h", 2)
