"""BATCH_MATMUL, LAYER_NORM, GATHER and MASKED_SOFTMAX in plain loops."""

from upyml._reference.fixed_point import rdbpot, reciprocal, requantize, srdhm, wrap
from upyml._reference.softmax import exponentials


def _axes(tensor, order):
    """(counts, strides in elements) of a tensor's axes in an order; an axis of length 1 has stride 0."""
    shape = tuple(tensor.shape) + (1,) * (4 - len(tensor.shape))
    strides, step = [0, 0, 0, 0], 1
    for axis in (3, 2, 1, 0):
        strides[axis] = step if shape[axis] > 1 else 0
        step *= shape[axis]
    return [shape[axis] for axis in order], [strides[axis] for axis in order]


def batch_matmul(model, step, out):
    """The product of two activations, for each place of two batch axes."""
    p = step.params
    (_, _, _, depth), s1 = _axes(step.x[0], p["left"])
    _, s2 = _axes(step.x[1], p["right"])
    count, s = _axes(step.y, p["output"])
    for b0 in range(count[0]):
        for b1 in range(count[1]):
            for i in range(count[2]):
                row = b0 * s1[0] + b1 * s1[1] + i * s1[2]
                for j in range(count[3]):
                    column = b0 * s2[0] + b1 * s2[1] + j * s2[3]
                    total = _dot(step.x, row, s1[3], column, s2[2], depth)
                    y = requantize(total, p["multiplier"], p["shift"], step.y.zero_point, p["clamp_min"], p["clamp_max"])
                    out[b0 * s[0] + b1 * s[1] + i * s[2] + j * s[3]] = y


def _dot(x, row, row_step, column, column_step, depth):
    a, b = x[0].data, x[1].data
    za, zb = x[0].zero_point, x[1].zero_point
    total = 0
    for _ in range(depth):
        total += (a[row] - za) * (b[column] - zb)
        row += row_step
        column += column_step
    return total


def inverse_root(x):
    """(inverse, exponent): 1 / sqrt(x) is inverse / 2^(31 + exponent), inverse in [2^15, 2^16]. x: at least 1."""
    exponent = 0
    while x >> 32:
        x >>= 2
        exponent += 1
    while x < 1 << 30:
        x <<= 2
        exponent -= 1
    root = 0
    bit = 1 << 15
    while bit:
        tried = root | bit
        if tried * tried <= x:
            root = tried
        bit >>= 1
    return (1 << 31) // root, exponent


def narrowing(count):
    """Bits by which distances of `count` times a step are divided, so that they have 16."""
    narrow = 0
    while (255 * count) >> narrow > 32512:
        narrow += 1
    return narrow


def epsilon(p):
    """What is added to 256 times the square sum."""
    return p["epsilon"] + (p["epsilon_high"] << 32)


def layer_norm(model, step, out):
    """Rows of `count` values, normalized."""
    import struct

    p = step.params
    count = p["count"]
    x, zero = step.x[0].data, step.x[0].zero_point
    gamma = struct.unpack_from("<%dh" % count, model, p["gamma"])
    beta = struct.unpack_from("<%di" % count, model, p["beta"])
    m, s, low, high = p["multiplier"], p["shift"], p["clamp_min"], p["clamp_max"]
    narrow = narrowing(count)
    for first in range(0, step.x[0].size, count):
        row = [q - zero for q in x[first : first + count]]
        total = sum(row) if p["centered"] else 0
        spread = count * sum([q * q for q in row]) - total * total
        inverse, exponent = inverse_root((spread << 8) + epsilon(p))
        right = 16 + exponent - narrow
        for i in range(count):
            normal = rdbpot(count * row[i] - total, narrow) * inverse
            normal = rdbpot(normal, right) if right >= 0 else wrap(normal << -right)
            normal = min(max(normal, -32768), 32767)
            out[first + i] = requantize(normal * gamma[i] + beta[i], m, s, step.y.zero_point, low, high)


def _indices(tensor):
    import struct

    code = "bBhi"[tensor.dtype]
    found = struct.unpack("<%d%s" % (tensor.size, code), bytes(tensor.data))
    return [index - tensor.zero_point for index in found]


def gather(model, step, out):
    """For each index a block of the input; what lies outside becomes the first or the last one."""
    p = step.params
    x = step.x[0].data
    last, size = p["count"] - 1, p["inner"] * step.x[0].width
    at, o = 0, 0
    for _ in range(p["outer"]):
        for index in _indices(step.x[1]):
            first = at + min(max(index, 0), last) * size
            out[o : o + size] = x[first : first + size]
            o += size
        at += p["count"] * size


def masked_softmax(model, step, out):
    """Of row i of each matrix the columns from i - before to i + after are seen; the others get probability 0."""
    p = step.params
    x = step.x[0].data
    classes = step.x[0].shape[-1]
    if step.cache is None:
        step.cache = exponentials(p)
    table = step.cache
    for row in range(step.x[0].size // classes):
        at = row % p["rows"]
        first = row * classes
        seen = x[first + max(at - p["before"], 0) : first + min(at + p["after"] + 1, classes)]
        for i in range(first, first + classes):
            out[i] = -128
        if not len(seen):
            continue
        top = max(seen)
        diffs = [top - q for q in seen]
        first += max(at - p["before"], 0)
        scale, over = reciprocal(sum([rdbpot(table[diff], 12) for diff in diffs if diff < len(table)]), 12)
        for i, diff in enumerate(diffs):
            if diff < len(table):
                out[first + i] = min(rdbpot(srdhm(scale, table[diff]), over + 31 - 8) - 128, 127)
