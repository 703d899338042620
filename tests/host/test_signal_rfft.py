"""The FFT of real int16 samples: TFLite Micro's bytes, and how near it comes to the exact one."""

from array import array

import numpy as np
import pytest
from flatbuffers import flexbuffers
from oracle import Tflm
from tflite_builder import TfliteBuilder

from upyml import signal
from upyml._reference import numpy_spectrum, spectrum
from upyml.twiddles import twiddles

POINTS = (16, 32, 64, 128, 256, 512, 1024, 2048)
INT16 = 7  # flexbuffers' number of the type, as TFLite has it


def tflm(points, samples):
    """Its op SignalRfft, which zeros what is missing to `points`."""
    b = TfliteBuilder()
    x, y = b.tensor((1, samples), "int16"), b.tensor((1, points + 2), "int16")
    b.op("CUSTOM:SignalRfft", [x], [y], flexbuffers.Dumps({"T": INT16, "fft_length": points}))
    return Tflm(b.file([x], [y]))


def rfft(x, points):
    out = array("h", bytes(2 * points + 4))
    signal.rfft(array("h", x.tobytes()), out)
    return np.array(out)


def signals(rng, points):
    """Noise, loud and faint; the extremes, alone and in turn; square waves, in which sums leave int16."""
    for most in (32767, 1000, 20, 3):
        yield rng.integers(-most - 1, most + 1, points)
    yield np.full(points, -32768)
    yield np.where(np.arange(points) % 2, -32768, 32767)
    for _ in range(12):
        wave = np.sin(2 * np.pi * rng.uniform(0, points / 2) * np.arange(points) / points + rng.uniform(0, 6))
        yield np.where(wave > 0, 32767, -32768)
    for _ in range(6):
        yield rng.choice([-32768, 32767], points)


@pytest.mark.parametrize("points", POINTS)
def test_it_gives_the_bytes_of_tflite_micro(points):
    rng = np.random.default_rng(points)
    right = tflm(points, points)
    for x in signals(rng, points):
        x = x.astype(np.int16)
        (expected,) = right([x], 1)
        np.testing.assert_array_equal(rfft(x, points), expected)
        np.testing.assert_array_equal(numpy_spectrum.fft_of_reals(x[None], points, bytes(twiddles(points)))[0], expected)
    np.testing.assert_array_equal(spectrum.fft_of_reals(x.tolist(), points, twiddles(points)), expected)


@pytest.mark.parametrize("points, samples", [(16, 1), (64, 40), (256, 255), (512, 480)])
def test_samples_that_are_missing_are_zeros(points, samples):
    x = np.random.default_rng(samples).integers(-32768, 32768, samples).astype(np.int16)
    (expected,) = tflm(points, samples)([x], 1)
    np.testing.assert_array_equal(rfft(x, points), expected)


@pytest.mark.parametrize("points", POINTS)
def test_it_comes_near_the_exact_spectrum(points):
    """Within 2 of the last place, root mean square; 99 % of noise at half the range stays within 4."""
    x = np.random.default_rng(points).integers(-16000, 16001, points).astype(np.int16)
    exact = np.fft.rfft(x) / points
    found = rfft(x, points).reshape(-1, 2)
    errors = np.concatenate([found[:, 0] - exact.real, found[:, 1] - exact.imag])
    assert np.sqrt(np.mean(errors**2)) <= 2
    assert np.quantile(np.abs(errors), 0.99) <= 4


@pytest.mark.parametrize("points", POINTS)
def test_the_table_holds_sines_and_cosines(points):
    """Rounded from the exact ones: kissfft's."""
    count = points // 2
    w = np.exp(-2j * np.pi * np.arange(3 * count // 4) / count)
    parting = -1j * np.exp(-2j * np.pi * np.arange(1, count // 2 + 1) / points)
    exact = np.concatenate([w, parting])
    pairs = np.floor(np.stack([exact.real, exact.imag], 1) * 32767 + 0.5).astype("<i2")
    assert bytes(twiddles(points)) == pairs.tobytes()
