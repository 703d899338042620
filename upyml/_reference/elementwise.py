"""ADD, SUB, MUL and TABLE in plain loops."""

from array import array

from upyml._reference.fixed_point import mbqm, requantize


def places(step):
    """Places (in x1, in x2) of each output element: shapes of 1 are repeated, missing axes stand at the front."""
    x1, x2, y = step.x[0], step.x[1], step.y
    if x1.size == y.size and x2.size == y.size:
        for i in range(y.size):
            yield i, i
        return
    shape = (1, 1, 1, 1) + tuple(y.shape)
    a, b, c, d = shape[-4:]
    s1, s2 = _strides(x1), _strides(x2)
    for i in range(a):
        for j in range(b):
            for k in range(c):
                at1 = i * s1[0] + j * s1[1] + k * s1[2]
                at2 = i * s2[0] + j * s2[1] + k * s2[2]
                for _ in range(d):
                    yield at1, at2
                    at1 += s1[3]
                    at2 += s2[3]


def _strides(x):
    strides = [0, 0, 0, 0]
    step = 1
    place = 4
    for count in reversed(tuple(x.shape)):
        place -= 1
        strides[place] = step if count > 1 else 0
        step *= count
    return strides


def add(model, step, out, sign=1):
    """x1 + x2, both brought to a common scale first."""
    p = step.params
    x1, x2 = step.x[0].data, step.x[1].data
    z1, z2, zero_point = step.x[0].zero_point, step.x[1].zero_point, step.y.zero_point
    low, high, left = p["clamp_min"], p["clamp_max"], p["left_shift"]
    m1, m2, m = p["multiplier1"], p["multiplier2"], p["multiplier"]
    s1, s2, s = p["shift1"], p["shift2"], p["shift"]
    o = 0
    for i, j in places(step):
        y = mbqm((x1[i] - z1) << left, m1, s1) + sign * mbqm((x2[j] - z2) << left, m2, s2)
        out[o] = requantize(y, m, s, zero_point, low, high)
        o += 1


def sub(model, step, out):
    """x1 - x2."""
    add(model, step, out, -1)


def mul(model, step, out):
    """x1 * x2."""
    p = step.params
    x1, x2 = step.x[0].data, step.x[1].data
    z1, z2, zero_point = step.x[0].zero_point, step.x[1].zero_point, step.y.zero_point
    low, high, m, s = p["clamp_min"], p["clamp_max"], p["multiplier"], p["shift"]
    o = 0
    for i, j in places(step):
        out[o] = requantize((x1[i] - z1) * (x2[j] - z2), m, s, zero_point, low, high)
        o += 1


def table(model, step, out):
    """Each q becomes the byte at q + 128 of a table of 256."""
    x = step.x[0].data
    at = step.params["table"]
    answers = array("b", bytes(model[at : at + 256]))
    for i in range(len(x)):
        out[i] = answers[x[i] + 128]
