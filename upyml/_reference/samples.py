"""The functions on samples of `_upyml` in Python, for where the C engine cannot run: array('h') in, array('h') out."""

from upyml._reference import filters, spectrum


def rfft(x, out, twiddles):
    """points + 2 numbers for at most `points` samples."""
    for i, value in enumerate(spectrum.fft_of_reals(x, len(out) - 2, twiddles)):
        out[i] = value


def power(z, out):
    """An int32 for each pair of int16."""
    for i in range(len(out)):
        out[i] = spectrum.power_of(z[2 * i], z[2 * i + 1])


def magnitude(z, out):
    """An int16 for each pair of int16."""
    for i in range(len(out)):
        out[i] = spectrum.magnitude_of(z[2 * i], z[2 * i + 1])


def weigh(x, factors, out):
    """x times factors in Q15."""
    for i in range(len(out)):
        out[i] = filters.clamp((x[i] * factors[i] + 16384) >> 15)


def biquad(samples, factors, state):
    """A cascade of sections, in place."""
    filters.biquad_cascade(factors, samples, len(state) // len(factors), state)


def fir(x, out, coefficients, state, up, down, channels):
    """A finite filter, `up` outputs for `down` inputs."""
    filters.fir_filter(coefficients, x, out, up, down, channels, state)


def statistics(x, out):
    """All of them."""
    for i, value in enumerate(filters.all_statistics(x)):
        out[i] = value
