"""Sums, products, extremes, means, tables, softmax and padding of INT16 activations in plain loops; zero points are 0."""

import struct

from upyml._reference.elementwise import places
from upyml._reference.fixed_point import mbqm, wrap
from upyml._reference.sigmoid import bounded
from upyml._reference.wide import numbers, write


def _binary(step, out, combine):
    low, high = step.params["clamp_min"], step.params["clamp_max"]
    x1, x2 = [numbers(x.data) for x in step.x]
    made = []
    for at1, at2 in places(step):
        y = combine(x1[at1], x2[at2])
        made.append(low if y < low else high if y > high else y)
    write(out, made)


def add_16(model, step, out, sign=1):
    """x1 + x2."""
    p = step.params

    def combine(x1, x2):
        y = mbqm(wrap(x1 << p["left_shift"]), p["multiplier1"], p["shift1"])
        y += sign * mbqm(wrap(x2 << p["left_shift"]), p["multiplier2"], p["shift2"])
        return mbqm(wrap(y), p["multiplier"], p["shift"])

    _binary(step, out, combine)


def sub_16(model, step, out):
    """x1 - x2."""
    add_16(model, step, out, -1)


def mul_16(model, step, out):
    """x1 * x2."""
    p = step.params
    _binary(step, out, lambda x1, x2: mbqm(x1 * x2, p["multiplier"], p["shift"]))


def maximum_16(model, step, out):
    """The larger of both."""
    _binary(step, out, max)


def minimum_16(model, step, out):
    """The smaller of both."""
    _binary(step, out, min)


def mean_16(model, step, out):
    """(outer, count, inner) to (outer, inner); the multiplier holds 1 / count."""
    p = step.params
    x = numbers(step.x[0].data)
    count, inner = p["count"], p["inner"]
    made = []
    for first in range(0, len(x), count * inner):
        for place in range(first, first + inner):
            y = mbqm(sum(x[place : place + count * inner : inner]), p["multiplier"], p["shift"])
            made.append(min(max(y, -32768), 32767))
    write(out, made)


class Table:
    """A function by its answers at -32768, -32640, ... 32768, straight between them."""

    def __init__(self, model, at):
        self.entries = struct.unpack_from("<513h", model, at)

    def __call__(self, x):
        place = (x + 32768) >> 7
        low = self.entries[place]
        return low + (((self.entries[place + 1] - low) * (x & 127) + 64) >> 7)


def table_16(model, step, out):
    """Each element by the table."""
    table = Table(model, step.params["table"])
    write(out, [table(x) for x in numbers(step.x[0].data)])


def sigmoid_16(model, step, out):
    """The sigmoid or the hyperbolic tangent, by the table of recurrent layers."""
    p = step.params
    table = struct.unpack_from("<256H", model, p["table"])
    half = 1 << p["shift"] >> 1
    threes = [(x * p["multiplier"] + half) >> p["shift"] for x in numbers(step.x[0].data)]
    write(out, [bounded(table, p["activation"], three) for three in threes])


def softmax_16(model, step, out):
    """Over the last axis, in 1/32768."""
    p = step.params
    exp, reciprocal = Table(model, p["exp"]), Table(model, p["reciprocal"])
    x = numbers(step.x[0].data)
    classes = step.x[0].shape[-1]
    made = []
    for first in range(0, len(x), classes):
        row = x[first : first + classes]
        most = max(row)
        # [-10, 0] becomes [-65535, 0], and then [-32768, 32767].
        places = [min(max(wrap(mbqm(value - most, p["multiplier"], p["shift"]) + 32767), -32768), 32767) for value in row]
        exps = [max(exp(place), 0) for place in places]
        total = sum(exps)
        headroom = 0
        while headroom < 31 and not (total << headroom) & 0x80000000:
            headroom += 1
        # total / 2^(31 - headroom) lies in [1, 2); its part above 1 as 16 bits from -32768 on.
        above = ((total << headroom) + (1 << 14)) >> 15
        factor = reciprocal(min(max(above - (1 << 15) - (1 << 16), -32768), 32767))
        right = 31 - headroom
        half = 1 << right >> 1
        for e in exps:
            made.append(min(max((e * factor + half) >> right, 0), 32767))
    write(out, made)


def pad_16(model, step, out):
    """Lays the input into an output full of `value`."""
    p = step.params
    x = numbers(step.x[0].data)
    sizes = (tuple(step.x[0].shape) + (1, 1, 1))[:4]
    shape = (tuple(step.y.shape) + (1, 1, 1))[:4]
    before = p["before"]
    made = [p["value"]] * step.y.size
    at = 0
    for a in range(sizes[0]):
        for b in range(sizes[1]):
            for c in range(sizes[2]):
                first = ((a + before[0]) * shape[1] + b + before[1]) * shape[2] + c + before[2]
                first = first * shape[3] + before[3]
                made[first : first + sizes[3]] = x[at : at + sizes[3]]
                at += sizes[3]
    write(out, made)
