"""Signal processing on int16 samples: spectra, filters with memory, statistics.

    x = array("h", ...)                     # 256 samples
    z = array("h", bytes(2 * 258))          # 129 bins: real, imaginary, real, imaginary, ...
    signal.rfft(x, z)
    low = signal.Biquad([signal.lowpass(20, 100)])
    low(x)                                  # in place; the next call goes on where this one ended

Samples lie in array('h'), or memoryviews of them, powers and statistics in array('i'). Calls allocate nothing, but where it is
said; the answers are the same on every board and on a computer. Filters are designed with the board's floats: their
coefficients may differ in the last place between boards. Mistakes raise ValueError or TypeError.
"""

import math
from array import array

from upyml.twiddles import _cos_sin, twiddles

try:
    import _upyml as _functions

    _functions.rfft
except (ImportError, AttributeError):  # no engine in C, or one without this family
    from upyml._reference import samples as _functions

_TABLES = {}  # points: the FFT's factors
_TURN = 7244019458077122842  # 2 pi * 2^60
STATISTICS = ("mean", "variance", "deviation", "rms", "least", "greatest", "peak", "crossings")


def _wrong(wanted, *found):
    raise ValueError("%s, received %s" % (wanted, " and ".join([str(n) for n in found])))


def rfft(x, out):
    """The spectrum of real samples: bin k is 1 / points * sum of x[t] exp(-2 pi i k t / points).

    out: array('h') of points + 2: real and imaginary part of points / 2 + 1 bins; points is 16 to 2048, a power of two. x: at
    most `points` samples, zeros stand for the others; apart from out. The first call for a number of points makes a table
    of 5 / 2 * points bytes, which stays.
    """
    points = len(out) - 2
    if not 16 <= points <= 2048 or points & (points - 1):
        _wrong("out holds points + 2 numbers, points a power of two from 16 to 2048", len(out))
    if len(x) > points:
        _wrong("x holds at most as many samples as out has points, %d" % points, len(x))
    table = _TABLES.get(points)
    if table is None:
        table = _TABLES[points] = twiddles(points)
    _functions.rfft(x, out, table)


def power(z, out):
    """re^2 + im^2 of pairs of numbers as rfft() makes them, at most 2^31 - 1. out: array('i'), one for each pair."""
    if len(z) != 2 * len(out):
        _wrong("z holds two numbers for each one of out", len(z), len(out))
    _functions.power(z, out)


def magnitude(z, out):
    """The square root of re^2 + im^2, rounded, at most 32767. out: array('h'), one for each pair of z."""
    if len(z) != 2 * len(out):
        _wrong("z holds two numbers for each one of out", len(z), len(out))
    _functions.magnitude(z, out)


def weigh(x, window, out):
    """x times a window, in 1/32768. out may be x."""
    if not len(x) == len(window) == len(out):
        _wrong("x, window and out are equally long", len(x), len(window), len(out))
    _functions.weigh(x, window, out)


def _cosine_window(length, rest):
    """32767 * (1 - rest - rest * cos(2 pi i / length)), in integers; rest: times 2^60."""
    if length < 2:
        raise ValueError("a window has at least 2 samples, received %d" % length)
    half = 1 << 60
    cos, sin = _cos_sin(_TURN // length) if length > 2 else (-half, 0)
    out = array("h", bytes(2 * length))
    c, s = half, 0
    for i in range(length):
        out[i] = (32767 * (half - rest - (rest * c >> 60)) + (1 << 59)) >> 60
        c, s = (c * cos - s * sin) >> 60, (s * cos + c * sin) >> 60
    return out


def hann(length):
    """A new Hann window for weigh(): array('h'), periodic, as an FFT needs it."""
    return _cosine_window(length, 1 << 59)


def hamming(length):
    """A new Hamming window (0.54 - 0.46 cos) for weigh(): array('h'), periodic."""
    return _cosine_window(length, (46 << 60) // 100)


def statistics(x, out):
    """All of STATISTICS, in order: mean, variance, standard deviation, root of the mean square, least and greatest value,
    greatest magnitude, and how often the sign changes. x: 1 to 32767 samples, array('h') or array('b'); out: array('i') of 8.
    """
    if not 1 <= len(x) <= 32767:
        _wrong("x holds 1 to 32767 samples", len(x))
    if len(out) != len(STATISTICS):
        _wrong("out holds %d numbers" % len(STATISTICS), len(out))
    _functions.statistics(x, out)


def _q(values, shift, what):
    """The numbers in fixed point, as array('h')."""
    out = array("h")
    for value in values:
        q = math.floor(value * (1 << shift) + 0.5)
        if q == 1 << 15:
            q -= 1
        if not -32768 <= q <= 32767:
            raise ValueError("%s must lie within +-%d, received %s" % (what, 1 << 15 - shift, value))
        out.append(q)
    return out


class Biquad:
    """A cascade of second-order sections over int16 samples, with memory.

    sections: (b0, b1, b2, a1, a2) each, a0 being 1, each within +-2, as lowpass() and its like make them. channels: samples of
    several channels lie together, as a sensor of three axes gives them. Within a section values up to 4 times the range of
    int16 are exact; what leaves it is clamped.
    """

    def __init__(self, sections, channels=1):
        if channels < 1 or not len(sections):
            raise ValueError("a cascade has at least one section and one channel")
        flat = []
        for section in sections:
            if len(section) != 5:
                _wrong("a section is b0, b1, b2, a1, a2", len(section))
            flat += list(section)
        self.channels = channels
        self.factors = _q(flat, 14, "a coefficient")
        self._state = array("h", bytes(2 * len(self.factors) * channels))

    def __call__(self, samples):
        """Filter an array('h') in place; its length is a multiple of the channels."""
        if len(samples) % self.channels:
            _wrong("samples come in frames of %d channels" % self.channels, len(samples))
        _functions.biquad(samples, self.factors, self._state)

    def reset(self):
        """Forget all samples."""
        for i in range(len(self._state)):
            self._state[i] = 0


class Fir:
    """A finite filter over int16 samples, with memory, that gives `up` samples for each `down` (1 and 1: as many).

    taps: coefficients within +-1; those of a phase (every up-th) add up to less than 2 in size.
    """

    def __init__(self, taps, up=1, down=1, channels=1):
        if up < 1 or down < 1 or channels < 1 or not len(taps):
            raise ValueError("a filter has at least one tap and one channel, up and down are at least 1")
        self.up, self.down, self.channels = up, down, channels
        self.coefficients = _q(taps, 15, "a tap")
        for phase in range(up):
            size = sum([abs(self.coefficients[k]) for k in range(phase, len(taps), up)])
            if size >= 1 << 16:
                raise ValueError("the taps of a phase add up to less than 2 in size, received %s" % (size / 32768))
        history = (len(taps) + up - 1) // up - 1
        self._state = array("h", bytes(2 * history * channels))

    def __call__(self, x, out):
        """Filter x to out, both array('h'): `up` frames of out for each `down` of x."""
        channels = self.channels
        if len(x) % channels or len(out) % channels or len(x) * self.up != len(out) * self.down:
            _wrong("out holds %d frames of %d channels for each %d of x" % (self.up, channels, self.down), len(x), len(out))
        _functions.fir(x, out, self.coefficients, self._state, self.up, self.down, channels)

    def reset(self):
        """Forget all samples."""
        for i in range(len(self._state)):
            self._state[i] = 0


def decimate(factor, taps=None, channels=1):
    """A Fir that keeps every factor-th sample of what a low pass at half the new rate lets through.

    taps: how many, 8 * factor + 1 by default.
    """
    return Fir(sinc(taps or 8 * factor + 1, 0.5 / factor), 1, factor, channels)


def interpolate(factor, taps=None, channels=1):
    """A Fir that puts factor - 1 samples between two, and a low pass at half the old rate."""
    return Fir([factor * tap for tap in sinc(taps or 8 * factor + 1, 0.5 / factor)], factor, 1, channels)


def sinc(taps, cutoff):
    """Taps of a low pass for Fir, a sinc under a Hamming window that add up to 1. cutoff: in sampling rates, below 0.5."""
    if taps < 1 or not 0 < cutoff <= 0.5:
        _wrong("a low pass has taps, and a cutoff between 0 and 0.5", taps, cutoff)
    out, middle = [], (taps - 1) / 2
    for i in range(taps):
        t = 2 * cutoff * (i - middle)
        value = math.sin(math.pi * t) / (math.pi * t) if abs(t) > 1e-6 else 1.0
        out.append(value * (0.54 + 0.46 * math.cos(math.pi * (i - middle) / (middle + 0.5))))
    total = sum(out)
    return [value / total for value in out]


# Sections after Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients". frequency, rate: Hz.


def _section(b0, b1, b2, a0, a1, a2):
    return (b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0)


def _angles(frequency, rate, q):
    if not 0 < frequency < rate / 2 or q <= 0:
        _wrong("q is above 0, the frequency between 0 and half the rate", frequency, rate)
    w = 2 * math.pi * frequency / rate
    return math.cos(w), math.sin(w) / (2 * q)


def lowpass(frequency, rate, q=0.70710678):
    """A section for Biquad; with this q it has no peak (Butterworth)."""
    cos, alpha = _angles(frequency, rate, q)
    return _section((1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha)


def highpass(frequency, rate, q=0.70710678):
    """A section for Biquad; with this q it has no peak (Butterworth)."""
    cos, alpha = _angles(frequency, rate, q)
    return _section((1 + cos) / 2, -1 - cos, (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha)


def bandpass(frequency, rate, q=1.0):
    """A section for Biquad with a gain of 1 at the frequency; frequency / q is the width of the band."""
    cos, alpha = _angles(frequency, rate, q)
    return _section(alpha, 0.0, -alpha, 1 + alpha, -2 * cos, 1 - alpha)


def notch(frequency, rate, q=1.0):
    """A section for Biquad that takes the frequency away; frequency / q is the width of the gap."""
    cos, alpha = _angles(frequency, rate, q)
    return _section(1.0, -2 * cos, 1.0, 1 + alpha, -2 * cos, 1 - alpha)
