"""Ops with memory from run to run: SHIFT, START, of any number type, as bytes; SVDF."""

import struct

from upyml._reference.fixed_point import requantize, wrap


def shift(model, step, out):
    """The state moves towards its front by as many elements as the input has, and the input comes in at its end."""
    x = step.x[0].data
    kept = len(out) - len(x)
    out[:kept] = out[len(x) :]
    out[kept:] = x


def start(model, step, out):
    """Once after a reset: the state is set to the second input."""
    flag, x = step.x
    if flag.data[0] == 0:
        flag.data[0] = 1
        out[:] = x.data


def svdf(model, step, out):
    """Each filter remembers what it saw of the input; groups of `rank` filters weigh their memories."""
    x, state, feature, time, bias = step.x
    p, rank, y = step.params, step.params["rank"], step.y
    width, zero_point, inputs = state.width, state.zero_point, x.size
    code, high = ("<h", 32767) if width == 2 else ("<b", 127)
    memory = state.size // (y.size * rank)
    for unit in range(y.size):
        total = struct.unpack_from("<i", bias.data, 4 * unit)[0]
        for row in range(unit * rank, (unit + 1) * rank):
            seen = 0
            for i in range(inputs):
                seen += (x.data[i] - x.zero_point) * feature.data[row * inputs + i]
            now = requantize(wrap(seen), p["multiplier1"], p["shift1"], zero_point, -high - 1, high)
            first, end = row * memory * width, (row + 1) * memory * width
            state.data[first : end - width] = state.data[first + width : end]
            struct.pack_into(code, state.data, end - width, now)
            for at in range(first, end, width):
                remembered = struct.unpack_from(code, state.data, at)[0]
                total += (remembered - zero_point) * struct.unpack_from(code, time.data, at)[0]
        out[unit] = requantize(wrap(total), p["multiplier2"], p["shift2"], y.zero_point, -128, 127)
