"""BIQUAD, FIR and STATISTICS on int16 samples; filters keep their state in a list of int16."""

import struct

from upyml._reference.spectrum import square_root

_REST = 16383  # what dividing by 2^14 leaves


def clamp(x):
    """To the range of int16."""
    return -32768 if x < -32768 else 32767 if x > 32767 else x


def wrap32(x):
    """As int32 holds it."""
    return ((x + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def biquad_section(factors, samples, first, step, state, at):
    """Samples first, first + step, ... through one section, in place; state[at : at + 5]: x1, x2, y1, y2, rest."""
    b0, b1, b2, a1, a2 = factors
    x1, x2, y1, y2, total = [state[at + i] for i in range(5)]
    total &= _REST
    for i in range(first, len(samples), step):
        x = samples[i]
        total = wrap32(total + b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2)
        x2, x1, y2, y1 = x1, x, y1, clamp(total >> 14)
        total &= _REST
        samples[i] = y1
    for value in (x1, x2, y1, y2, total):
        state[at] = value
        at += 1


def biquad_cascade(factors, samples, channels, state):
    """Each channel's samples through all sections, in place; factors: five of each section, one after another."""
    at = 0
    for channel in range(channels):
        for first in range(0, len(factors), 5):
            biquad_section([factors[first + i] for i in range(5)], samples, channel, channels, state, at)
            at += 5


def fir_filter(coefficients, x, out, up, down, channels, state):
    """`up` outputs for `down` inputs; x, out: int16 of all channels; state: what is remembered of x, changed in place."""
    taps, kept = len(coefficients), len(state) // channels
    inputs, outputs = len(x) // channels, len(out) // channels
    for n in range(outputs):
        phase, newest = n * down % up, n * down // up
        for channel in range(channels):
            total = 1 << 14
            place = newest
            for k in range(phase, taps, up):
                if place >= 0:
                    total += coefficients[k] * x[place * channels + channel]
                else:
                    total += coefficients[k] * state[(kept + place) * channels + channel]
                place -= 1
            out[n * channels + channel] = clamp(wrap32(total) >> 15)
    size, shift = len(state), inputs * channels
    for i in range(size):
        state[i] = state[i + shift] if i + shift < size else x[i + shift - size]


def all_statistics(d):
    """The statistics of ops_signal.KNOWN, of samples less their zero point."""
    count, total = len(d), sum(d)
    squares = sum([x * x for x in d])
    variance = (count * squares - total * total + count * count // 2) // (count * count)
    mean = (abs(total) + count // 2) // count
    crossings = sum([(d[i] < 0) != (d[i - 1] < 0) for i in range(1, count)])
    least, greatest = min(d), max(d)
    return (-mean if total < 0 else mean, min(variance, 0x7FFFFFFF), square_root(variance),
            square_root((squares + count // 2) // count), least, greatest, max(-least, greatest), crossings)


def _numbers(tensor):
    """A tensor of int8 or int16 as a list."""
    return list(struct.unpack_from("<%d%s" % (tensor.size, "bBh"[tensor.dtype]), tensor.data, 0))


def _file(model, first, count):
    return struct.unpack_from("<%dh" % count, model, first)


def _channels(tensor):
    return tensor.shape[-1] if len(tensor.shape) > 1 else 1


def biquad(model, step, out):
    """A cascade of second-order sections; input, state."""
    x, state = step.x
    values, memory = _numbers(x), _numbers(state)
    factors = _file(model, step.params["factors"], 5 * step.params["sections"])
    biquad_cascade(factors, values, _channels(x), memory)
    struct.pack_into("<%dh" % len(values), out, 0, *values)
    struct.pack_into("<%dh" % len(memory), state.data, 0, *memory)


def fir(model, step, out):
    """A finite filter; input, and its state where it has one."""
    x, p = step.x[0], step.params
    memory = _numbers(step.x[1]) if len(step.x) > 1 else []
    values = [0] * step.y.size
    fir_filter(_file(model, p["coefficients"], p["taps"]), _numbers(x), values, p["up"], p["down"], _channels(x), memory)
    struct.pack_into("<%dh" % len(values), out, 0, *values)
    if memory:
        struct.pack_into("<%dh" % len(memory), step.x[1].data, 0, *memory)


def statistics(model, step, out):
    """Those that `which` asks for, over the middle axis."""
    x, y, p = step.x[0], step.y, step.params
    count, inner, which = p["count"], p["inner"], p["which"]
    values = _numbers(x)
    wanted = [i for i in range(8) if which >> i & 1]
    for i in range(p["outer"]):
        for j in range(inner):
            first = i * count * inner + j
            found = all_statistics([values[first + n * inner] - x.zero_point for n in range(count)])
            for place, number in enumerate(wanted):
                value = found[number] if y.width == 4 else clamp(found[number])
                at = ((i * len(wanted) + place) * inner + j) * y.width
                struct.pack_into("<i" if y.width == 4 else "<h", out, at, value)
