"""Random models of one op each of the family WIDE: 16-bit activations with 8-bit weights."""

import numpy as np

from op_models_recurrent import sigmoid_table

from upyml.format import layout
from upyml.format import ops_wide as wide
from upyml.format.encode import pack_channels_16, pack_conv2d, pack_depthwise


def _int(rng, low, high):
    return int(rng.integers(low, high + 1))


def _clamp(rng):
    low = _int(rng, -20000, 0) if rng.random() < 0.3 else -32768
    return {"clamp_min": low, "clamp_max": _int(rng, low, 32767) if rng.random() < 0.3 else 32767}


def _channels(rng, count, k, per_channel=True):
    """Fields `channels` and `accumulator`: sums of k products spread over 16 bits."""
    accumulator = _int(rng, 0, 1)
    pairs = [np.frexp(rng.uniform(0.5, 2) / (64 * np.sqrt(k))) for _ in range(count if per_channel else 1)]
    bias = rng.integers(-(1 << 20), 1 << 20, count)
    multipliers, shifts = [int(m * 2**31) for m, _ in pairs], [int(e) for _, e in pairs]
    return {"channels": pack_channels_16(bias, multipliers, shifts), "accumulator": accumulator}


def make(rng, opcode):
    """(inputs' shapes, output's shape, fields) of a random op."""
    from op_models import _hwc, _image, _output, _window, binary_params

    if opcode in (wide.CONV2D_16, wide.DEPTHWISE_CONV2D_16, wide.MAX_POOL_16, wide.AVERAGE_POOL_16):
        shape = _image(rng, 7)
        pool = opcode in (wide.MAX_POOL_16, wide.AVERAGE_POOL_16)
        params, size = _window(rng, shape, pool)
        params.update(_clamp(rng))
        depth, kernel = _hwc(shape)[2], (params["kernel_h"], params["kernel_w"])
        channels = depth
        if opcode == wide.CONV2D_16:
            channels = _int(rng, 1, 9)
            params["weights"] = pack_conv2d(rng.integers(-127, 128, (channels, *kernel, depth)))
            params |= _channels(rng, channels, kernel[0] * kernel[1] * depth)
        elif not pool:
            params["multiplier"] = _int(rng, 1, 3)
            channels = depth * params["multiplier"]
            params["weights"] = pack_depthwise(rng.integers(-127, 128, (*kernel, channels)))
            params |= _channels(rng, channels, kernel[0] * kernel[1])
        return [shape], _output(shape, size, channels), params
    if opcode == wide.FULLY_CONNECTED_16:
        rows, k, channels = _int(rng, 1, 3), _int(rng, 1, 300), _int(rng, 1, 9)
        params = _clamp(rng) | {"per_channel": _int(rng, 0, 1)}
        params["weights"] = pack_conv2d(rng.integers(-127, 128, (channels, 1, 1, k)))
        params |= _channels(rng, channels, k, params["per_channel"])
        return [(rows, k)], (rows, channels), params
    if opcode == wide.MEAN_16:
        outer, count, inner = (_int(rng, 1, 6) for _ in range(3))
        scaling = {"multiplier": _int(rng, 1 << 30, (1 << 31) - 1), "shift": _int(rng, -4, 0)}
        return [(outer, count, inner)], (outer, inner), {"outer": outer, "count": count, "inner": inner, **scaling}
    if opcode in wide.BINARY:
        shape = tuple(_int(rng, 1, 5) for _ in range(_int(rng, 1, 4)))
        other = tuple(1 if rng.random() < 0.3 else n for n in shape)[_int(rng, 0, len(shape) - 1) :]
        product = opcode not in (wide.ADD_16, wide.SUB_16)
        params = binary_params(rng, layout.MUL if product else layout.ADD) | _clamp(rng)
        params |= {"shift": _int(rng, -16, -13)} if product else {"left_shift": 15, "shift": _int(rng, -15, -12)}
        return [shape, other], shape, params
    if opcode == wide.PAD_16:
        shape = tuple(_int(rng, 1, 4) for _ in range(_int(rng, 1, 4)))
        before = tuple(_int(rng, 0, 2) for _ in shape)
        output = tuple(n + b + _int(rng, 0, 2) for n, b in zip(shape, before))
        return [shape], output, {"before": before + (0,) * (4 - len(shape)), "value": _int(rng, -32768, 32767)}
    shape = (_int(rng, 1, 5), _int(rng, 1, 12))
    if opcode == wide.SIGMOID_16:
        shift = _int(rng, 0, 14)
        return [shape], shape, {"table": sigmoid_table(rng), "activation": _int(rng, 0, 1), "shift": shift,
                                "multiplier": _int(rng, 0, min(16 << shift, 32767))}  # fmt: skip
    table = np.linspace(-30000, 30000, wide.TABLE_16_ENTRIES) + rng.integers(-2000, 2000, wide.TABLE_16_ENTRIES)
    if opcode == wide.TABLE_16:
        return [shape], shape, {"table": table.astype("<i2").tobytes()}
    exp = np.rint(32767 * np.exp(np.linspace(-10, 0, wide.TABLE_16_ENTRIES))).astype("<i2").tobytes()
    part = np.rint(32767 / (1 + np.linspace(0, 1, wide.TABLE_16_ENTRIES))).astype("<i2").tobytes()
    params = {"multiplier": _int(rng, 1 << 30, (1 << 31) - 1), "shift": _int(rng, 0, 3), "exp": exp, "reciprocal": part}
    return [shape], shape, params


def one_op(rng, opcode):
    """A OneOp of int16 tensors."""
    from op_models import OneOp

    inputs, output, params = make(rng, opcode)
    dtypes = [layout.INT16] * (len(inputs) + 1)
    return OneOp(opcode, inputs, output, params, dtypes, zero_points=False)


MAKERS = ((tuple(wide.OPS), one_op),)
