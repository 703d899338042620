"""Random models of products of activations, layer normalization, look-ups and masked softmax; see op_models.py."""

import numpy as np

from upyml.format import layout
from upyml.format.ops_attention import BATCH_MATMUL, MASKED_SOFTMAX, GATHER, LAYER_NORM


def _int(rng, low, high):
    return int(rng.integers(low, high + 1))


def _clamp(rng):
    low = _int(rng, -128, 0) if rng.random() < 0.3 else -128
    return {"clamp_min": low, "clamp_max": _int(rng, low, 127) if rng.random() < 0.3 else 127}


def _scaling(rng, real):
    fraction, exponent = np.frexp(real * rng.uniform(0.5, 2))
    return {"multiplier": int(fraction * 2**31), "shift": int(exponent)}


def _laid_out(rng, counts):
    """(shape of a tensor, which of its axes each of the counts is): axes in a random order, as few as hold them."""
    order = rng.permutation(4)
    shape = [counts[int(np.flatnonzero(order == axis)[0])] for axis in range(4)]
    rank = max([axis + 1 for axis in range(4) if shape[axis] > 1], default=1)
    return tuple(shape[:rank]), tuple(int(axis) for axis in order)


def batch_matmul(rng, opcode, sizes=None):
    """A product; sizes: outer batch, inner batch, rows, columns, depth."""
    from op_models import OneOp

    *batch, rows, columns, depth = sizes or [_int(rng, 1, 3), _int(rng, 1, 3)] + [_int(rng, 1, 11) for _ in range(3)]
    left, right = ([n if rng.random() < 0.7 else 1 for n in batch] for _ in range(2))
    batch = [max(a, b) for a, b in zip(left, right)]
    x1, p1 = _laid_out(rng, [*left, rows, depth])
    x2, p2 = _laid_out(rng, [*right, depth, columns])
    y, p3 = _laid_out(rng, [*batch, rows, columns])
    params = {**_clamp(rng), **_scaling(rng, 0.02 / np.sqrt(depth)), "left": p1, "right": p2, "output": p3}
    return OneOp(opcode, [x1, x2], y, params, constant=1 if rng.random() < 0.2 else None)


def layer_norm(rng, opcode, count=None):
    """A normalization of a few rows."""
    from op_models import OneOp

    count = count or _int(rng, 1, 20)
    shape = (_int(rng, 1, 4), count)
    epsilon = int(2.0 ** rng.uniform(0, 40))
    params = {**_clamp(rng), **_scaling(rng, 30 / (1 << 22)), "centered": _int(rng, 0, 1), "count": count,
              "epsilon": epsilon % 2**32, "epsilon_high": epsilon >> 32,
              "gamma": rng.integers(-5000, 5000, count).astype("<i2").tobytes(),
              "beta": rng.integers(-(1 << 23), 1 << 23, count).astype("<i4").tobytes()}
    return OneOp(opcode, [shape], shape, params)


def gather(rng, opcode):
    """A look-up along an axis of a tensor of any type, with indices of any type: many lie outside."""
    from op_models import OneOp

    outer, count, inner = _int(rng, 1, 3), _int(rng, 1, 200), _int(rng, 1, 5)
    indices = tuple(_int(rng, 1, 4) for _ in range(_int(rng, 1, 2)))
    constant = _int(rng, 0, 1)
    dtypes = [_int(rng, layout.INT8, layout.INT16), _int(rng, layout.INT8, layout.INT16)]
    dtypes[constant] = int(rng.choice([dtypes[constant], layout.INT32]))  # no input of a model is one
    params = {"outer": outer, "count": count, "inner": inner}
    return OneOp(opcode, [(outer, count, inner), indices], (outer, int(np.prod(indices)), inner), params,
                 [*dtypes, dtypes[0]], constant=constant)


def masked_softmax(rng, opcode):
    """A few matrices."""
    from op_models import OneOp

    shape = (_int(rng, 1, 3), _int(rng, 1, 7), _int(rng, 1, 9))
    params = {"multiplier": _int(rng, 1 << 30, (1 << 31) - 1), "shift": _int(rng, 21, 24), "diff_min": -_int(rng, 30, 248),
              "rows": shape[1], "before": _int(rng, 0, 9), "after": _int(rng, 0, 9)}
    return OneOp(opcode, [shape], shape, params)


MAKERS = (
    ((BATCH_MATMUL,), batch_matmul),
    ((LAYER_NORM,), layer_norm),
    ((GATHER,), gather),
    ((MASKED_SOFTMAX,), masked_softmax),
)
