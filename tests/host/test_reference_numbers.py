"""The integer arithmetic of upyml._reference against NumPy's floats and against the definitions with real numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest

from upyml._reference import casting, edges, fixed_point, numpy_ops

RANDOM = np.random.default_rng(7)
INT32 = [0, 1, -1, 2, -2, 3, -3, 1 << 30, -(1 << 30), (1 << 31) - 1, -(1 << 31), 12345, -54321]
INT32 += RANDOM.integers(-(1 << 31), 1 << 31, 60).tolist()


def away(x):
    """A fraction rounded to the nearest integer, halves away from zero."""
    return int(math.copysign(math.floor(abs(x) + Fraction(1, 2)), x))


def test_high_multiply_rounds_half_up():
    """gemmlowp: 2^30 is added, 1 - 2^30 to a negative product, and the sum is truncated."""
    for a in INT32:
        for b in INT32:
            product = a * b
            nudged = product + ((1 << 30) if product >= 0 else 1 - (1 << 30))
            expected = min(math.trunc(Fraction(nudged, 1 << 31)), (1 << 31) - 1)
            assert fixed_point.srdhm(a, b) == expected, (a, b)


@pytest.mark.parametrize("exponent", [0, 1, 2, 7, 15, 30, 31])
def test_division_by_a_power_rounds_half_away(exponent):
    for x in INT32 + list(range(-70, 70)):
        assert fixed_point.rdbpot(x, exponent) == away(Fraction(x, 1 << exponent)), x


@pytest.mark.parametrize("shift", [-31, -12, -1, 0, 1, 5])
def test_numpy_and_plain_multiply_alike(shift):
    x = np.array(INT32, np.int64)
    for multiplier in (0, 1 << 30, 1518500250, (1 << 31) - 1):
        expected = [fixed_point.mbqm(value, multiplier, shift) for value in INT32]
        assert numpy_ops.mbqm(x, multiplier, shift).tolist() == expected


def test_exp_and_reciprocal_are_near_the_real_ones():
    for raw in range(0, -(1 << 31), -(1 << 22) - 12345):
        real = math.exp(raw / (1 << 26))
        assert fixed_point.exp_on_negative_values(raw) / (1 << 31) == pytest.approx(real, abs=1e-6)
    for raw in range(0, (1 << 31) - 1, (1 << 24) + 777):
        real = 1 / (1 + raw / (1 << 31))
        assert fixed_point.one_over_one_plus_x(raw) / (1 << 31) == pytest.approx(real, abs=1e-7)


def floats(count):
    """float32 of all kinds as bits: any bits, and numbers that a scale brings near a half."""
    any_bits = RANDOM.integers(0, 1 << 32, count, np.uint32)
    near = (RANDOM.integers(-300, 300, count) + 0.5).astype(np.float32) * np.float32(0.0123)
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 3.4e38, 1.17e-38], np.float32)
    return np.concatenate([any_bits, near.view(np.uint32), special.view(np.uint32)])


@pytest.mark.parametrize("scale", [0.0123, 1.0, 1 / 256, 3e-38, 2e38, 0.1])
def test_a_quotient_is_that_of_float32(scale):
    """Division in float32, then half away from zero; beyond 2^40 only the sign counts, NaN is 0."""
    scale = np.float32(scale)
    bits = floats(3000)
    with np.errstate(all="ignore"):
        real = (bits.view(np.float32) / scale).astype(np.float64)
    real = np.nan_to_num(np.clip(real, -(2.0**40), 2.0**40), nan=0)
    expected = np.sign(real) * np.floor(np.abs(real) + 0.5)
    for one, answer in zip(bits.tolist(), expected):
        got = edges.quotient(one, int(scale.view(np.uint32)))
        assert max(-(1 << 38), min(got, 1 << 38)) == max(-(1 << 38), min(int(answer), 1 << 38)), hex(one)


@pytest.mark.parametrize("scale", [0.0123, 1.0, 1 / 256, 1.2e-38, 3e38, 0.1, 7.7e-36])
def test_a_product_is_that_of_float32(scale):
    scale = np.float32(scale)
    q = np.concatenate([np.arange(-300, 300), RANDOM.integers(-(1 << 31), 1 << 31, 2000)]).astype(np.int32)
    with np.errstate(all="ignore"):
        expected = (q.astype(np.float32) * scale).view(np.uint32)
    for one, answer in zip(q.tolist(), expected.tolist()):
        assert edges.product(int(scale.view(np.uint32)), one) == answer, one


def test_float32_parts_put_together_again():
    for bits in floats(500).tolist():
        if bits & 0x7F800000 != 0x7F800000:
            mantissa, exponent = edges.parts(bits & 0x7FFFFFFF)
            value = float(np.uint32(bits).view(np.float32))
            assert Fraction(mantissa) * Fraction(2) ** exponent == abs(Fraction(value))


@pytest.mark.parametrize("first", [None, -12, -10, -3, 0, 4, 10, 12])
@pytest.mark.parametrize("last", [None, -12, -10, -3, 0, 4, 10, 12])
def test_a_cast_is_sliced_as_a_list(first, last):
    values = list(range(-5, 5))
    numbers = casting.Cast(memoryview(bytearray(np.array(values, "<i2").tobytes())), "h")
    assert list(numbers[first:last]) == values[first:last]
    new = [7] * len(values[first:last])
    numbers[first:last] = new
    values[first:last] = new
    assert list(numbers) == values


def test_a_cast_takes_no_step():
    numbers = casting.Cast(memoryview(bytearray(20)), "h")
    with pytest.raises(NotImplementedError, match="step 1"):
        numbers[::2]
    with pytest.raises(NotImplementedError, match="step 1"):
        numbers[::-1] = [0] * 10
