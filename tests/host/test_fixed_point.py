"""The integer arithmetic of the tables against exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from host_tools import fixed_point as fp

INT32 = st.integers(-(2**31), 2**31 - 1)


@given(INT32, INT32)
def test_srdhm_is_the_rounded_high_half_of_twice_the_product(a, b):
    exact = Fraction(a * b, 2**31)
    found = int(fp.srdhm(a, b))
    assert abs(found - exact) <= Fraction(1, 2) or (a == b == -(2**31) and found == 2**31 - 1)


@given(INT32, st.integers(0, 31))
def test_rdbpot_rounds_half_away_from_zero(x, exponent):
    exact = Fraction(x, 2**exponent)
    nearest = math.floor(abs(exact) + Fraction(1, 2)) * (1 if x >= 0 else -1)
    assert int(fp.rdbpot(x, exponent)) == nearest


@given(st.floats(1e-8, 1e8))
def test_a_multiplier_is_the_real_factor_to_31_bits(real):
    multiplier, shift = fp.quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2**-31)


def test_tiny_multipliers_are_zero():
    assert fp.quantize_multiplier(0.0) == fp.quantize_multiplier(1e-20) == (0, 0)


@given(INT32)
def test_wrap32_is_what_a_register_holds(x):
    assert int(fp.wrap32(x + 2**32)) == int(fp.wrap32(x - 2**33)) == x


def test_exp_logistic_and_tanh_are_near_the_real_functions():
    x = np.linspace(-8, 8, 2001)
    raw = np.round(x * 2**27).astype(np.int64)
    np.testing.assert_allclose(fp.exp_negative(-np.abs(raw), 4) / 2**31, np.exp(-np.abs(x)), atol=3e-7)
    np.testing.assert_allclose(fp.logistic(raw, 4) / 2**31, 1 / (1 + np.exp(-x)), atol=3e-7)
    np.testing.assert_allclose(fp.tanh(raw, 4) / 2**31, np.tanh(x), atol=3e-7)
