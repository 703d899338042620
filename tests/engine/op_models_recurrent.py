"""Small random recurrent layers: every cell, function, order and state, of int8 or int16."""

import numpy as np

from upyml.format import layout, ops_recurrent
from upyml.format.encode import accumulator_bits, pack_channels, pack_channels_16, pack_weights


def _matrix(rng, channels, count, size, wide):
    """(weights, channels block) whose sums have some `size`."""
    weights = rng.integers(-127, 128, (channels, count))
    bias = rng.integers(-2000, 2000, channels) * (256 if wide else 1)
    scales = size / (64 * 64 * np.sqrt(count)) * rng.uniform(0.5, 2, channels) / (256 if wide else 1)
    fractions, exponents = np.frexp(scales)
    scaling = [int(f * 2**31) for f in fractions], exponents
    if wide:
        return pack_weights(weights), pack_channels_16(bias, *scaling)
    return pack_weights(weights), pack_channels(bias, *scaling, accumulator_bits(weights, bias))


def sigmoid_table(rng):
    """The sigmoid's, or one of any numbers."""
    if rng.random() < 0.2:
        return rng.integers(0, 65536, 256).astype("<u2").tobytes()
    return np.rint(65535 / (1 + np.exp(-np.arange(256) / 24))).astype("<u2").tobytes()


def recurrent(rng, opcode, wide=None):
    """A OneOp of int8 or, wide, of int16 tensors; None: of either."""
    from op_models import OneOp

    steps, inputs, units = (int(n) for n in rng.integers(1, (6, 14, 8)))
    gates = ops_recurrent.GATES[opcode]
    size = rng.choice([2000, 8000, 30000])
    params = {"table": sigmoid_table(rng), "gate_shift": int(rng.choice([0, 0, 1, 3])),
              "hidden_multiplier": int(rng.integers(1 << 30, 1 << 31))}
    wide = rng.random() < 0.4 if wide is None else wide
    params["weights"], params["channels"] = _matrix(rng, gates * units, inputs, size, wide)
    params["recurrent_weights"], params["recurrent_channels"] = _matrix(rng, gates * units, units, size, wide)
    shift = int(rng.integers(-24, -21) if opcode == ops_recurrent.LSTM else rng.integers(-9, -6))
    params["hidden_shift"] = shift + 8 if wide else shift
    for field, count in (("backwards", 2), ("mirrored", 2)):
        params[field] = int(rng.integers(count))
    for field, usual in (("activation", ops_recurrent.TANH), ("gate", ops_recurrent.SIGMOID)):
        any_one = int(rng.integers(len(ops_recurrent.ACTIVATIONS)))
        params[field] = any_one if rng.random() < 0.5 else usual
    if opcode == ops_recurrent.LSTM:
        shift = int(rng.integers(-3, 4))
        params.update(cell_shift=shift, update_shift=-17 - shift, update_multiplier=1 << 30,
                      clip=int(rng.choice([0, 0, 9000])))
    elif opcode == ops_recurrent.GRU:
        params["reset_after"] = int(rng.integers(2))
    output = (steps, units) if rng.random() < 0.5 else (units,)
    dtype = layout.INT16 if wide else layout.INT8
    types = {ops_recurrent.LSTM: [dtype, layout.INT16], ops_recurrent.GRU: [layout.INT16]}.get(opcode, [dtype])
    types = types if rng.random() < 0.5 else []
    states = range(1, 1 + len(types))
    dtypes = [dtype, *types, dtype]
    shapes = [(steps, inputs), *[(units,) for _ in types]]
    return OneOp(opcode, shapes, output, params, dtypes, states=tuple(states), zero_points=not wide)


MAKERS = ((tuple(ops_recurrent.OPS), recurrent),)
