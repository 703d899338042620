"""upyml.signal: filters and statistics against exact ones, and buffers that do not fit."""

from array import array

import numpy as np
import pytest
from runtimes import runtime

from host_tools.quality import sqnr
from upyml import signal


def exact_filter(sections, x):
    """Second-order sections in float64, by their definition."""
    for b0, b1, b2, a1, a2 in sections:
        y = np.zeros(len(x) + 2)
        x = np.concatenate([np.zeros(2), x])
        for t in range(2, len(x)):
            y[t] = b0 * x[t] + b1 * x[t - 1] + b2 * x[t - 2] - a1 * y[t - 1] - a2 * y[t - 2]
        x = y[2:]
    return x


def filtered(cascade, x):
    samples = array("h", x.astype(np.int16).tobytes())
    cascade(samples)
    return np.array(samples)


NOISE = np.random.default_rng(1).integers(-12000, 12000, 2000)
DESIGNS = {
    "low": [signal.lowpass(10, 200)],
    "high": [signal.highpass(10, 200)],
    "band": [signal.bandpass(50, 200, 3)],
    "notch": [signal.notch(50, 200, 2)],
    "four": [signal.lowpass(30, 200, q) for q in (0.54, 1.31)],
}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_cascade_filters_as_the_exact_one(name):
    """With the same coefficients; what rounding adds is 60 dB below."""
    cascade = signal.Biquad(DESIGNS[name])
    rounded = np.array(cascade.factors).reshape(-1, 5) / (1 << 14)
    assert sqnr(exact_filter(rounded, NOISE.astype(float)), filtered(cascade, NOISE).astype(float)) > 60


@pytest.mark.parametrize("frequency, low, high, band, notch", [
    (2, 1, 0.04, 0.03, 1), (50, 0.042, 1, 1, 0), (90, 0, 1, 0.1, 1),
])  # fmt: skip
def test_designs_let_through_what_they_should(frequency, low, high, band, notch):
    """The gain of a sine wave at 200 samples a second, within 0.05."""
    wave = np.rint(10000 * np.sin(2 * np.pi * frequency / 200 * np.arange(2000)))
    for name, gain in (("low", low), ("high", high), ("band", band), ("notch", notch)):
        out = filtered(signal.Biquad(DESIGNS[name]), wave)[1000:]
        assert abs(out.std() / wave[1000:].std() - gain) < 0.05, name


def test_a_constant_comes_through_exactly_and_noise_stays_small():
    """What a division drops comes back with the next sample: no offset, no small endless swing."""
    cascade = signal.Biquad([signal.lowpass(1, 1000)])
    out = filtered(cascade, np.full(20000, 1000))
    gain = np.array(cascade.factors)[:3].sum() / ((1 << 14) + np.array(cascade.factors)[3:].sum())
    assert abs(out[-2000:].mean() - 1000 * gain) < 1


def test_channels_are_filtered_each_by_itself():
    frames = NOISE[:1998].reshape(-1, 3)
    together = filtered(signal.Biquad(DESIGNS["four"], 3), frames.ravel()).reshape(-1, 3)
    for channel in range(3):
        np.testing.assert_array_equal(together[:, channel], filtered(signal.Biquad(DESIGNS["four"]), frames[:, channel]))


@pytest.mark.parametrize("up, down", [(1, 1), (1, 5), (4, 1), (3, 2)])
def test_a_fir_is_a_convolution(up, down):
    """Of the samples with zeros between them, of which every down-th is kept; rounded to the nearest."""
    fir = signal.Fir(signal.sinc(21, 0.2), up, down)
    out = array("h", bytes(2 * (len(NOISE) * up // down)))
    fir(array("h", NOISE.astype(np.int16).tobytes()), out)
    wide = np.zeros(len(NOISE) * up)
    wide[::up] = NOISE
    exact = np.convolve(wide, np.array(fir.coefficients) / 32768)[: len(wide) : down]
    np.testing.assert_array_equal(np.array(out), np.floor(exact + 0.5))


def test_decimation_takes_away_what_would_fold_back():
    """A sine wave above half the new rate is 40 dB lower; one far below it stays."""
    t = np.arange(4000)
    for frequency, low, high in ((0.01, 0.95, 1.05), (0.2, 0, 0.01)):
        wave = np.rint(10000 * np.sin(2 * np.pi * frequency * t)).astype(np.int16)
        out = array("h", bytes(2 * 1000))
        signal.decimate(4)(array("h", wave.tobytes()), out)
        assert low <= np.array(out)[100:].std() / wave.std() <= high


def test_statistics_are_those_of_numpy():
    out = array("i", bytes(32))
    for x in (NOISE, NOISE[:1], NOISE % 2 * 65535 - 32768, np.full(32767, -32768)):
        signal.statistics(array("h", x.astype(np.int16).tobytes()), out)
        found = dict(zip(signal.STATISTICS, out))
        x = x.astype(float)
        assert abs(found["mean"] - x.mean()) <= 0.5 and abs(found["variance"] - x.var()) <= 0.5
        assert abs(found["deviation"] - x.std()) <= 1 and abs(found["rms"] - np.sqrt(np.mean(x * x))) <= 1
        assert (found["least"], found["greatest"], found["peak"]) == (x.min(), x.max(), np.abs(x).max())
        assert found["crossings"] == np.count_nonzero(np.diff(np.signbit(x)))


def test_windows_are_the_known_ones():
    t = 2 * np.pi * np.arange(100) / 100
    np.testing.assert_allclose(np.array(signal.hann(100)), 32767 * (0.5 - 0.5 * np.cos(t)), atol=0.51)
    np.testing.assert_allclose(np.array(signal.hamming(100)), 32767 * (0.54 - 0.46 * np.cos(t)), atol=0.51)


# Calls of the functions in C with buffers that do not fit: each must raise, and write nothing.
MISFITS = """
import _upyml
from array import array
h = lambda n: array("h", bytes(2 * n))
i = lambda n: array("i", bytes(4 * n))
t = bytes(40)
x = h(64)
m = memoryview(x)
for name, *args in (
    ("rfft", h(16), h(17), t), ("rfft", h(17), h(18), t), ("rfft", h(16), h(18), bytes(39)), ("rfft", i(16), h(18), t),
    ("rfft", h(16), i(18), t), ("rfft", m[:16], m[10:28], t), ("rfft", h(16), m[1:19], t), ("rfft", h(16), bytes(36), t),
    ("rfft", h(0), h(0), b""), ("rfft", h(16), h(2050), t),
    ("power", h(4), i(1)), ("power", h(3), i(2)), ("power", h(4), h(4)), ("power", h(4), i(3)),
    ("magnitude", h(4), h(3)), ("magnitude", m[:4], m[2:4]), ("magnitude", i(4), h(2)),
    ("weigh", h(4), h(3), h(4)), ("weigh", h(4), h(4), h(5)), ("weigh", m[:4], h(4), m[1:5]),
    ("biquad", h(4), h(4), h(5)), ("biquad", h(4), h(5), h(4)), ("biquad", h(4), h(0), h(0)), ("biquad", h(3), h(5), h(10)),
    ("biquad", m[:4], h(5), m[2:7]), ("biquad", h(4), h(5), h(0)),
    ("fir", h(4), h(4), h(3), h(1), 1, 1, 1), ("fir", h(4), h(3), h(3), h(2), 1, 1, 1), ("fir", h(4), h(4), h(0), h(0), 1, 1, 1),
    ("fir", h(4), h(4), h(3), h(2), 0, 1, 1), ("fir", h(4), h(4), h(3), h(2), 1, 0, 1), ("fir", h(4), h(4), h(3), h(2), 1, 1, 0),
    ("fir", h(4), h(4), h(3), h(2), -1, -1, 1), ("fir", h(3), h(3), h(3), h(4), 1, 1, 2), ("fir", m[:4], m[1:5], h(3), h(2), 1, 1, 1),
    ("fir", h(4), h(4), h(3), h(2), 1, 1, 65536),
    ("statistics", h(0), i(8)), ("statistics", h(4), i(7)), ("statistics", h(32768), i(8)), ("statistics", i(4), i(8)),
    ("statistics", h(4), h(16)), ("statistics", bytes(4), i(8)),
):
    try:
        getattr(_upyml, name)(*args)
        print("accepted", name, [len(a) if hasattr(a, "append") else a for a in args])
    except Exception:
        pass
print(sum(x))
"""


@pytest.mark.parametrize("name", ["cpython", "unix-module", "unix-mpy"])
def test_buffers_that_do_not_fit_are_refused(name):
    assert runtime(name).run(MISFITS) == "0\n"


def test_a_mistake_is_told_in_one_sentence():
    with pytest.raises(ValueError, match="as many samples as out has points, 16, received 20"):
        signal.rfft(array("h", bytes(40)), array("h", bytes(36)))
    with pytest.raises(TypeError, match=r"array\('h'\)"):
        signal.rfft(array("f", bytes(64)), array("h", bytes(36)))
