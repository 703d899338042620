"""The table of factors of an FFT of real samples, in integers: the same bytes on every board, whatever its floats are."""

import struct

_BITS = 60
_PI = 3622009729038561421  # pi * 2^60


def _cos_sin(angle):
    """Cosine and sine of a small angle, all times 2^60."""
    terms, place, term = [0, 0, 0, 0], 0, 1 << _BITS
    while term:
        terms[place & 3] += term
        place += 1
        term = ((term * angle) >> _BITS) // place
    return terms[0] - terms[2], terms[1] - terms[3]


def quarter_wave(points):
    """32767 * sin(2 pi k / points), rounded, for k in [0, points / 4]; points: a multiple of 4, at least 16."""
    step_cos, step_sin = _cos_sin(2 * _PI // points)
    cos, sin = 1 << _BITS, 0
    wave = []
    for _ in range(points // 4 + 1):
        wave.append((32767 * sin + (1 << _BITS - 1)) >> _BITS)
        cos, sin = (cos * step_cos - sin * step_sin) >> _BITS, (sin * step_cos + cos * step_sin) >> _BITS
    return wave


def twiddles(points):
    """Bytes of the table that upyml_rfft_s16() takes for so many points (ports/engine/signal/rfft.h): pairs of int16."""
    wave, quarter = quarter_wave(points), points // 4
    out = bytearray(points // 2 * 5)

    def sine(k):
        k %= points
        if k > 2 * quarter:
            return -sine(k - 2 * quarter)
        return wave[k] if k <= quarter else wave[2 * quarter - k]

    at = 0
    for k in range(0, 3 * quarter, 2):
        struct.pack_into("<hh", out, at, sine(k + quarter), -sine(k))
        at += 4
    for k in range(1, quarter + 1):
        struct.pack_into("<hh", out, at, -sine(k), -sine(k + quarter))
        at += 4
    return out
