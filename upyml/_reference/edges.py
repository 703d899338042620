"""QUANTIZE, DEQUANTIZE and REQUANTIZE: between number types, at the edges of a model.

float32 is worked on as its bits, in integers: a CircuitPython float has 30 bits, and the answer must be the one IEEE
arithmetic gives everywhere.
"""

import struct

from upyml._reference.casting import raw
from upyml._reference.fixed_point import requantize as requantize_number
from upyml.format import layout

LIMITS = ((-128, 127), (0, 255), (-32768, 32767))
_CODES = ("<b", "<B", "<h", "<i", "<f")
_HUGE = 1 << 40
ONE = 0x3F800000  # 1.0 as float32


def parts(bits):
    """(mantissa of 24 bits, exponent): a positive float32 is mantissa * 2^exponent; mantissa 0 for zero."""
    exponent = (bits >> 23) & 0xFF
    mantissa = bits & 0x7FFFFF
    if exponent:
        return mantissa | 0x800000, exponent - 150
    if mantissa:
        exponent = 1
        while mantissa < 0x800000:
            mantissa <<= 1
            exponent -= 1
    return mantissa, exponent - 150


def half_even(x, shift):
    """x / 2^shift rounded to nearest, ties to even. x >= 0, shift >= 0."""
    if shift == 0:
        return x
    low = x & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    x >>= shift
    if low > half or (low == half and x & 1):
        x += 1
    return x


def quotient(bits, scale):
    """x / scale as float32 arithmetic gives it, then rounded half away from zero to an integer.

    bits, scale: float32 as u32, the scale positive and normal. What is beyond 2^40 comes back as 2^40; NaN is 0.
    """
    if bits & 0x7F800000 == 0x7F800000:
        if bits & 0x7FFFFF:
            return 0
        return -_HUGE if bits >> 31 else _HUGE
    x, x_exponent = parts(bits)
    if x == 0:
        return 0
    s, s_exponent = parts(scale)
    shift = 23 if x >= s else 24
    q = (x << shift) // s  # 24 bits
    rest = 2 * ((x << shift) - q * s)
    if rest > s or (rest == s and q & 1):
        q += 1
    exponent = x_exponent - s_exponent - shift
    if exponent > 16:
        q = _HUGE
    elif exponent >= 0:
        q <<= exponent
    elif exponent < -25:
        q = 0
    else:
        q = (q + (1 << (-1 - exponent))) >> -exponent
    return -q if bits >> 31 else q


def product(scale, q):
    """scale * q in float32 arithmetic, as u32. scale: positive normal float32 as u32; q: an int32."""
    if q == 0:
        return 0
    sign = 0
    if q < 0:
        sign = 0x80000000
        q = -q
    exponent = 0
    while q >> exponent > 0xFFFFFF:
        exponent += 1
    q = half_even(q, exponent)  # an int becomes a float32 first
    s, s_exponent = parts(scale)
    m = s * q
    exponent += s_exponent
    shift = 0
    while m >> shift > 0xFFFFFF:
        shift += 1
    if exponent + shift < -149:
        shift = -149 - exponent  # smaller than the normal numbers
    m = half_even(m, shift)
    exponent += shift
    if m > 0xFFFFFF:
        m >>= 1
        exponent += 1
    while m < 0x800000 and exponent > -149:
        m <<= 1
        exponent -= 1
    if exponent > 104:
        return sign | 0x7F800000
    if m < 0x800000:
        return sign | m
    return sign | (exponent + 150) << 23 | (m & 0x7FFFFF)


def _clamp(dtype, q):
    low, high = LIMITS[dtype]
    return low if q < low else high if q > high else q


def _fit(tensor, source, out):
    count = tensor.size
    if len(source) != count or len(out) != count:
        raise ValueError("expected %d numbers, received %d for %d" % (count, len(source), len(out)))
    return range(count)


def quantize_floats(tensor, floats, out):
    """array('f') to a buffer in the tensor's type; int32 and float32 take the bits. ValueError if lengths differ."""
    for i in _fit(tensor, floats, out):
        bits = struct.unpack_from("<I", floats, 4 * i)[0]
        if tensor.dtype >= layout.INT32:
            struct.pack_into("<I", raw(out), 4 * i, bits)
        else:
            out[i] = _clamp(tensor.dtype, quotient(bits, tensor.scale) + tensor.zero_point)


def dequantize_numbers(tensor, numbers, out):
    """A buffer in the tensor's type to array('f'); int32 has scale 1. Raises ValueError on a wrong length."""
    scale = ONE if tensor.dtype == layout.INT32 else tensor.scale
    for i in _fit(tensor, numbers, out):
        if tensor.dtype == layout.FLOAT32:
            bits = struct.unpack_from("<I", raw(numbers), 4 * i)[0]
        else:
            bits = product(scale, numbers[i] - tensor.zero_point)
        struct.pack_into("<I", out, 4 * i, bits)


def quantize(model, step, out):
    """float32 to int8, uint8 or int16."""
    y = step.y
    for i in range(y.size):
        bits = struct.unpack_from("<I", step.x[0].data, 4 * i)[0]
        q = _clamp(y.dtype, quotient(bits, y.scale) + y.zero_point)
        struct.pack_into(_CODES[y.dtype], out, y.width * i, q)


def dequantize(model, step, out):
    """int8, uint8 or int16 to float32."""
    x = step.x[0]
    for i in range(x.size):
        q = struct.unpack_from(_CODES[x.dtype], x.data, x.width * i)[0]
        struct.pack_into("<I", out, 4 * i, product(x.scale, q - x.zero_point))


def requantize(model, step, out):
    """From one integer type to another."""
    x, y = step.x[0], step.y
    multiplier, shift = step.params["multiplier"], step.params["shift"]
    low, high = LIMITS[y.dtype]
    for i in range(x.size):
        q = struct.unpack_from(_CODES[x.dtype], x.data, x.width * i)[0]
        q = requantize_number(q - x.zero_point, multiplier, shift, y.zero_point, low, high)
        struct.pack_into(_CODES[y.dtype], out, y.width * i, q)
