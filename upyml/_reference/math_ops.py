"""The ops of the family MATH with codes 32 to 47 in plain loops."""

from upyml._reference import convolution
from upyml._reference.backend import signed
from upyml._reference.elementwise import places
from upyml._reference.fixed_point import (
    exp_on_negative_values,
    mbqm,
    multiply_by_pot,
    one_over_one_plus_x,
    rdbpot,
    reciprocal,
    requantize,
    srdhm,
    wrap,
)
from upyml.format import decode, layout


class _Image:
    """The output of one phase of a transposed convolution."""

    def __init__(self, y, shape):
        self.shape = shape
        self.zero_point = y.zero_point

    def image(self):
        return self.shape


class _Phase:
    """One convolution of a transposed one, as convolution.py takes an op."""

    def __init__(self, step, params, shape):
        self.x = step.x
        self.params = params
        self.y = _Image(step.y, shape)
        self.cache = None


def transpose_conv2d(model, step, out):
    """(H, W, C) to (OH, OW, OC): a convolution for each place modulo the stride."""
    p = step.params
    height, width, depth = step.y.image()
    rows, columns = p["stride_h"], p["stride_w"]
    fields = layout.OPS[layout.CONV2D][1]
    at = p["phases"]
    for row in range(rows):
        for column in range(columns):
            shape = ((height - row + rows - 1) // rows, (width - column + columns - 1) // columns, depth)
            phase = _Phase(step, decode.record(fields, model, at), shape)
            at += decode.size(fields)
            made = signed(bytes(shape[0] * shape[1] * depth))
            convolution.conv2d(model, phase, made)
            first = 0
            for y in range(row, height, rows):
                for x in range(column, width, columns):
                    place = (y * width + x) * depth
                    out[place : place + depth] = made[first : first + depth]
                    first += depth


def _pairwise(step, out, value):
    """out = value(x1, x2) plus the zero point, clamped."""
    p = step.params
    x1, x2 = step.x[0].data, step.x[1].data
    zero_point, low, high = step.y.zero_point, p["clamp_min"], p["clamp_max"]
    o = 0
    for i, j in places(step):
        y = wrap(value(x1[i], x2[j]) + zero_point)
        out[o] = low if y < low else high if y > high else y
        o += 1


def maximum(model, step, out):
    """The larger of two integers."""
    zero_point = step.y.zero_point
    _pairwise(step, out, lambda a, b: (a if a > b else b) - zero_point)


def minimum(model, step, out):
    """The smaller of two integers."""
    zero_point = step.y.zero_point
    _pairwise(step, out, lambda a, b: (a if a < b else b) - zero_point)


def prelu(model, step, out):
    """x, or x times a slope of its own where it is below 0."""
    p = step.params
    z1, z2 = step.x[0].zero_point, step.x[1].zero_point

    def value(a, b):
        if a >= z1:
            return mbqm(a - z1, p["multiplier1"], p["shift1"])
        return mbqm((a - z1) * (b - z2), p["multiplier2"], p["shift2"])

    _pairwise(step, out, value)


def squared_difference(model, step, out):
    """(x1 - x2) squared, both brought to a common scale first."""
    p = step.params
    z1, z2, left = step.x[0].zero_point, step.x[1].zero_point, p["left_shift"]

    def value(a, b):
        d = mbqm((a - z1) << left, p["multiplier1"], p["shift1"]) - mbqm((b - z2) << left, p["multiplier2"], p["shift2"])
        return mbqm(wrap(d * d), p["multiplier"], p["shift"])

    _pairwise(step, out, value)


def div(model, step, out):
    """x1 / x2; by 0 as far away as the output goes."""
    p = step.params
    z1, z2 = step.x[0].zero_point, step.x[1].zero_point

    def value(a, b):
        a -= z1
        b -= z2
        if a == 0 or b == 0:
            return 255 if a > 0 else -255 if a < 0 else 0
        if b < 0:
            a, b = -a, -b
        inverse, over = reciprocal(b, 31)
        left = 0
        while -(1 << 30) <= a < 1 << 30:
            a *= 2
            left += 1
        exponent = over + left - p["shift"]
        y = srdhm(srdhm(a, inverse), p["multiplier"])
        if exponent > 31:
            return -1 if exponent == 32 and y == -0x80000000 else 0
        return rdbpot(y, exponent)

    _pairwise(step, out, value)


def _zeros(x):
    """Zero bits above the highest of an int32 above 0."""
    count = 0
    while not x & 0x80000000:
        x <<= 1
        count += 1
    return count


def logarithm(x):
    """log(x) in Q5.26 for x >= 1 in Q12.19: see rows_s8.c."""
    zeros = _zeros(x)
    rounded = multiply_by_pot(srdhm(multiply_by_pot(x, zeros - 1), 1518500250), 1)
    power = ((12 - zeros) << 25) + (1 << 23)
    zeros = _zeros(srdhm(x, 1518500250)) - 1
    between = multiply_by_pot(x, zeros)
    power = max(power, ((12 - zeros) << 25) - (1 << 23))
    r = min(rounded, between)
    half_sum = (r + 1805811301 + 1) >> 1
    q = 2 * (r - 1805811301)
    square = srdhm(q, q)
    above = srdhm(q, r) + srdhm(srdhm(q, square), 117049297)
    below = srdhm(half_sum, 1057819769 + q + srdhm(127690142, square)) + srdhm(638450708, q)
    inverse = one_over_one_plus_x(below)
    return multiply_by_pot(srdhm(power, 1488522236) + srdhm(rdbpot(above, 6), inverse), 1)


def log_softmax(model, step, out):
    """Each row's x - log of the sum of exp(x), in 1/16, less the zero point 127."""
    p = step.params
    x = step.x[0].data
    count = step.x[0].shape[-1]
    multiplier, shift, diff_min = p["multiplier"], p["shift"], p["diff_min"]
    for first in range(0, len(x), count):
        most = -128
        for i in range(first, first + count):
            if x[i] > most:
                most = x[i]
        total = 0
        for i in range(first, first + count):
            if x[i] - most >= diff_min:
                total += rdbpot(exp_on_negative_values(mbqm(x[i] - most, multiplier, shift)), 12)
        log_sum = logarithm(total)
        least = max(mbqm(wrap(log_sum - 0x80000000), p["reverse_multiplier"], p["reverse_shift"]), diff_min - 1)
        for i in range(first, first + count):
            y = -128
            if x[i] - most > least:
                y = rdbpot(wrap(mbqm(x[i] - most, multiplier, shift) - log_sum), 22) + 127
                y = -128 if y < -128 else 127 if y > 127 else y
            out[i] = y


def inverse_root(x):
    """(m, shift) of 1 / sqrt(x) = m / 2^31 * 2^shift: see rows_s8.c."""
    if x <= 1:
        return 0x7FFFFFFF, 0
    right = 11
    while x >= 1 << 29:
        x >>= 2
        right += 1
    pairs = (_zeros(x) - 1) // 2 - 1
    right -= pairs
    x = (x << 2 * pairs) >> 1
    half = rdbpot(x, 1)
    root = 1 << 28
    for _ in range(5):
        cube = multiply_by_pot(srdhm(srdhm(root, root), root), 6)
        root = multiply_by_pot(srdhm((1 << 28) + (1 << 27), root) - srdhm(half, cube), 3)
    root = srdhm(root, 1518500250)
    return (root << -right, 0) if right < 0 else (root, -right)


def l2_normalization(model, step, out):
    """Each row divided by its length, in 1/128."""
    x = step.x[0].data
    zero_point = step.x[0].zero_point
    count = step.x[0].shape[-1]
    for first in range(0, len(x), count):
        total = 0
        for i in range(first, first + count):
            total += (x[i] - zero_point) * (x[i] - zero_point)
        multiplier, shift = inverse_root(total)
        for i in range(first, first + count):
            y = mbqm(x[i] - zero_point, multiplier, shift + 7)
            out[i] = -128 if y < -128 else 127 if y > 127 else y


def cumsum(model, step, out):
    """(outer, count, inner): sums along the middle axis."""
    p = step.params
    x = step.x[0].data
    zero_point, to = step.x[0].zero_point, step.y.zero_point
    count, inner = p["count"], p["inner"]
    for outer in range(p["outer"]):
        for place in range(inner):
            total = p["start"]
            for i in range(count):
                at = (outer * count + (count - 1 - i if p["reverse"] else i)) * inner + place
                before = total
                total = wrap(total + mbqm((x[at] - zero_point) << 20, p["multiplier1"], p["shift1"]))
                out[at] = requantize(before if p["exclusive"] else total, p["multiplier"], p["shift"], to, -128, 127)
