"""Fixed-point arithmetic of the TFLite int8 specification, as gemmlowp defines it. Plain integers, no floats."""


def wrap(x):
    """int32 that an accumulator holds after a sum `x` of any size."""
    high = x >> 31
    if high != 0 and high != -1:
        x = ((x + 0x80000000) & 0xFFFFFFFF) - 0x80000000
    return x


def srdhm(a, b):
    """Saturating rounding doubling high multiply: a * b / 2^31, rounded; only INT_MIN * INT_MIN saturates.

    gemmlowp adds 2^30, or 1 - 2^30 to a negative product, and truncates; that is the floor of (a * b + 2^30) / 2^31.
    """
    high = (a * b + 0x40000000) >> 31
    return 0x7FFFFFFF if high == 0x80000000 else high


def rdbpot(x, exponent):
    """x / 2^exponent, rounded half away from zero. exponent: 0 to 31."""
    if exponent == 0:
        return x
    return (x + (1 << (exponent - 1)) - (x < 0)) >> exponent


def mbqm(x, multiplier, shift):
    """x * multiplier / 2^31 * 2^shift with gemmlowp's two roundings. shift: -31 to 30, positive is left."""
    if shift > 0:
        x = wrap(x << shift)
    x = (x * multiplier + 0x40000000) >> 31
    if x == 0x80000000:
        x = 0x7FFFFFFF
    if shift < 0:
        return (x + (1 << (-1 - shift)) - (x < 0)) >> -shift
    return x


def requantize(x, multiplier, shift, zero_point, low, high):
    """The accumulator `x` as an output: wrapped to int32, mbqm(), plus the zero point, clamped to [low, high]."""
    y = wrap(mbqm(wrap(x), multiplier, shift) + zero_point)
    return low if y < low else high if y > high else y


def multiply_by_pot(x, exponent):
    """x * 2^exponent, saturated to int32. exponent: 0 to 31."""
    x <<= exponent
    if x > 0x7FFFFFFF:
        return 0x7FFFFFFF
    if x < -0x80000000:
        return -0x80000000
    return x


def exp_on_negative_values(a):
    """exp(a) for a <= 0 with 5 integer bits (raw int32, a / 2^26); the answer has none (raw / 2^31)."""
    if a == 0:
        return 0x7FFFFFFF
    quarter = 1 << 24
    low = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    rest = low - a
    # Taylor series of exp around -1/8.
    x = multiply_by_pot(low, 5) + (1 << 28)
    x2 = srdhm(x, x)
    x3 = srdhm(x2, x)
    x4_over_4 = rdbpot(srdhm(x2, x2), 2)
    series = rdbpot(srdhm(x4_over_4 + x3, 715827883) + x2, 1)
    y = 1895147668 + srdhm(1895147668, x + series)
    # exp(-1/4), exp(-1/2), exp(-1) ... exp(-16), for each bit of the rest.
    bit = quarter
    for factor in (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242):
        if rest & bit:
            y = srdhm(y, factor)
        bit <<= 1
    return y


def one_over_one_plus_x(a):
    """1 / (1 + a) for a in [0, 1) with no integer bits (raw int32, a / 2^31), by three Newton-Raphson steps."""
    half = (a + 0x7FFFFFFF + 1) >> 1  # (1 + a) / 2
    x = 1515870810 + srdhm(half, -1010580540)  # 48/17 - 32/17 * half, with 2 integer bits
    for _ in range(3):
        x += multiply_by_pot(srdhm(x, (1 << 29) - srdhm(half, x)), 2)
    return multiply_by_pot(x, 1)


def reciprocal(x, integer_bits):
    """(1 / x scaled into [1/2, 1], no integer bits; bits x has over one). x: int32 > 0 with `integer_bits` bits."""
    headroom = 0
    while not (x << headroom) & 0x80000000:
        headroom += 1
    shifted = ((x << headroom) & 0xFFFFFFFF) - 0x80000000
    return one_over_one_plus_x(shifted), integer_bits - headroom
