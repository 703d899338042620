"""Integer arithmetic of quantized models, on NumPy int64 arrays that hold int32 values.

The same operations, in the same order, as gemmlowp's fixed-point classes and TFLite's quantization utilities: a table
made here equals what TFLite-Micro computes value by value. Names follow the literature: SRDHM is the saturating
rounding doubling high multiply, RDBPOT the rounding division by a power of two.
"""

from __future__ import annotations

import math

import numpy as np

_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1


def wrap32(x) -> np.ndarray:
    """x modulo 2^32 as int32 values, as a 32-bit register holds it."""
    return (np.asarray(x, np.int64) + (1 << 31)) % (1 << 32) - (1 << 31)


def srdhm(a, b) -> np.ndarray:
    """round(a * b / 2^31), half away from zero towards plus, saturating."""
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    quotient = np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))  # C divides towards zero
    return np.where((a == b) & (a == _INT32_MIN), _INT32_MAX, quotient)


def rdbpot(x, exponent: int) -> np.ndarray:
    """round(x / 2^exponent), half away from zero; exponent in [0, 31]."""
    x = np.asarray(x, np.int64)
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def multiply(x, multiplier: int, shift: int) -> np.ndarray:
    """MultiplyByQuantizedMultiplier: x * multiplier * 2^(shift - 31), rounded twice; shift > 0 is to the left."""
    return rdbpot(srdhm(wrap32(np.asarray(x, np.int64) << max(shift, 0)), multiplier), max(-shift, 0))


def round_away(x: float) -> int:
    """Nearest integer, half away from zero: C's round()."""
    return int(math.floor(abs(x) + 0.5)) * (1 if x >= 0 else -1)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31), multiplier 0 or in [2^30, 2^31)."""
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    fixed = round_away(fraction * (1 << 31))
    if fixed == 1 << 31:
        fixed, shift = fixed // 2, shift + 1
    return (0, 0) if shift < -31 else (fixed, shift)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest difference from the zero point that still fits a fixed-point number of so many integer bits."""
    return int(math.floor(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits) / 2.0**left_shift))


def _saturating_shift(x, exponent: int) -> np.ndarray:
    """x * 2^exponent, saturated to the left, rounded to the right."""
    if exponent < 0:
        return rdbpot(x, -exponent)
    return np.clip(np.asarray(x, np.int64) << exponent, _INT32_MIN, _INT32_MAX)


_EXP_EIGHTH = 1895147668  # exp(-1/8), no integer bits
_THIRD = 715827883
_EXP_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # exp(-2^k), k = -2..4


def _exp_small(a) -> np.ndarray:
    """exp(a) for a in [-1/4, 0), both without integer bits: a Taylor series about -1/8."""
    x = wrap32(a + (1 << 28))
    x2 = srdhm(x, x)
    x3, x4 = srdhm(x2, x), srdhm(x2, x2)
    tail = rdbpot(wrap32(srdhm(wrap32(rdbpot(x4, 2) + x3), _THIRD) + x2), 1)
    return wrap32(_EXP_EIGHTH + srdhm(_EXP_EIGHTH, wrap32(x + tail)))


def exp_negative(a, integer_bits: int) -> np.ndarray:
    """exp(a) for a <= 0 with so many integer bits (at most 5); the result has none."""
    a = np.asarray(a, np.int64)
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    low = (a & (quarter - 1)) - quarter
    result = _exp_small(_saturating_shift(low, integer_bits))
    rest = wrap32(low - a)
    for power, factor in zip(range(-2, 5), _EXP_POWERS):
        if integer_bits > power:
            result = np.where(rest & (1 << (fractional_bits + power)), srdhm(result, factor), result)
    return np.where(a == 0, _INT32_MAX, result)


def _reciprocal(a) -> np.ndarray:
    """2 / (1 + a) for a in [0, 1] without integer bits, as a number with two: three steps of Newton's division."""
    total = np.asarray(a, np.int64) + _INT32_MAX
    half = (total + np.where(total >= 0, 1, -1)) // 2  # never negative, so // divides as C does
    x = wrap32(1515870810 + srdhm(half, -1010580540))
    for _ in range(3):
        x = wrap32(x + _saturating_shift(srdhm(x, wrap32((1 << 29) - srdhm(half, x))), 2))
    return x


def logistic(a, integer_bits: int) -> np.ndarray:
    """1 / (1 + exp(-a)) without integer bits."""
    a = np.asarray(a, np.int64)
    positive = _saturating_shift(_reciprocal(exp_negative(-np.abs(a), integer_bits)), 1)
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, wrap32(_INT32_MAX - positive)))


def tanh(a, integer_bits: int) -> np.ndarray:
    """tanh(a) without integer bits."""
    a = np.asarray(a, np.int64)
    size = _saturating_shift(wrap32(_reciprocal(exp_negative(-np.abs(a), integer_bits + 1)) - (1 << 29)), 2)
    return np.where(a == 0, 0, np.where(a < 0, -size, size))
