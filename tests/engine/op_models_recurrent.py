"""Small random recurrent layers: every cell, function, order and state."""

import numpy as np

from upyml.format import layout, ops_recurrent
from upyml.format.encode import accumulator_bits, pack_channels, pack_weights


def _matrix(rng, channels, count, size):
    """(weights, channels block) whose sums have some `size`."""
    weights = rng.integers(-127, 128, (channels, count))
    bias = rng.integers(-2000, 2000, channels)
    scales = size / (64 * 64 * np.sqrt(count)) * rng.uniform(0.5, 2, channels)
    fractions, exponents = np.frexp(scales)
    block = pack_channels(bias, [int(f * 2**31) for f in fractions], exponents, accumulator_bits(weights, bias))
    return pack_weights(weights), block


def _table(rng):
    """The sigmoid's, or one of any numbers."""
    if rng.random() < 0.2:
        return rng.integers(0, 65536, 256).astype("<u2").tobytes()
    return np.rint(65535 / (1 + np.exp(-np.arange(256) / 24))).astype("<u2").tobytes()


def _recurrent(rng, opcode):
    from op_models import OneOp

    steps, inputs, units = (int(n) for n in rng.integers(1, (6, 14, 8)))
    gates = ops_recurrent.GATES[opcode]
    size = rng.choice([2000, 8000, 30000])
    params = {"table": _table(rng), "gate_shift": int(rng.choice([0, 0, 1, 3])),
              "hidden_multiplier": int(rng.integers(1 << 30, 1 << 31))}
    params["weights"], params["channels"] = _matrix(rng, gates * units, inputs, size)
    params["recurrent_weights"], params["recurrent_channels"] = _matrix(rng, gates * units, units, size)
    params["hidden_shift"] = int(rng.integers(-24, -21) if opcode == ops_recurrent.LSTM else rng.integers(-9, -6))
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
    types = {ops_recurrent.LSTM: [layout.INT8, layout.INT16], ops_recurrent.GRU: [layout.INT16]}.get(opcode, [layout.INT8])
    types = types if rng.random() < 0.5 else []
    states = range(1, 1 + len(types))
    dtypes = [layout.INT8, *types, layout.INT8]
    return OneOp(opcode, [(steps, inputs), *[(units,) for _ in types]], output, params, dtypes, states=tuple(states))


MAKERS = ((tuple(ops_recurrent.OPS), _recurrent),)
