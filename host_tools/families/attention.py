"""What transformers need beyond the base ops: op codes from 48 on, the second half of the family MATH.

batch_matmul's attributes say of each tensor which of its axes are batch axes, row and column, in this order: `left` and
`right` of its inputs, `output` of what it makes; so an operand that lies transposed needs no transpose.
"""

from __future__ import annotations

import numpy as np

from host_tools.errors import ConversionError
from host_tools.op_kind import Kind

KINDS = {
    "batch_matmul": Kind(2, 2, ("left", "right", "output")),
    # x, gamma, beta: those have the shape of the last axes of x, over which it is normalized; not centered: RMS
    "layer_norm": Kind(3, 3, ("epsilon", "centered")),
    "gather": Kind(2, 2, ("axis",)),  # what to look up in, indices
    # over the last axis; row i (the axis before it) sees columns i - before to i + after
    "masked_softmax": Kind(1, 1, ("before", "after"), ("beta",)),
}


def _ordered(shape, order):
    return tuple(shape[axis] for axis in order)


def _batch_matmul(op):
    a, b = (_ordered(x.shape, op.attrs[name]) for x, name in zip(op.inputs, ("left", "right")))
    if a[-1] != b[-2]:
        raise ConversionError(f"multiplies matrices of {a[-2:]} and {b[-2:]}")
    made = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    shape = [0] * len(made)
    for axis, n in zip(op.attrs["output"], made):
        shape[axis] = n
    return tuple(shape)


def _layer_norm(op):
    x, gamma, beta = op.inputs
    if gamma.shape != beta.shape or x.shape[len(x.shape) - len(gamma.shape) :] != gamma.shape:
        raise ConversionError(f"factors {gamma.shape} and offsets {beta.shape} for an input of {x.shape}")
    return x.shape


def _gather(op):
    x, indices = op.inputs
    axis = op.attrs["axis"]
    return x.shape[:axis] + indices.shape + x.shape[axis + 1 :]


SHAPES = {"batch_matmul": _batch_matmul, "layer_norm": _layer_norm, "gather": _gather}


def _moved(x, order):
    return x.transpose(0, *[axis + 1 for axis in order])


def _float_batch_matmul(op, inputs):
    a, b = (_moved(x, op.attrs[name]) for x, name in zip(inputs, ("left", "right")))
    rank = max(a.ndim, b.ndim)
    a, b = (x.reshape(len(x), *[1] * (rank - x.ndim), *x.shape[1:]) for x in (a, b))
    return _moved(np.matmul(a, b), np.argsort(op.attrs["output"]))


def _float_layer_norm(op, inputs):
    x, gamma, beta = inputs
    axes = tuple(range(-len(op.inputs[1].shape), 0))
    if op.attrs["centered"]:
        x = x - x.mean(axis=axes, keepdims=True)
    square = np.square(x).mean(axis=axes, keepdims=True)
    return x / np.sqrt(square + op.attrs["epsilon"]) * gamma[0] + beta[0]


def _float_gather(op, inputs):
    x, indices = inputs
    axis = op.attrs["axis"] + 1
    indices = np.clip(np.rint(indices).astype(np.int64), 0, x.shape[axis] - 1)
    count = max(len(x), len(indices))
    x, indices = (np.broadcast_to(t, (count, *t.shape[1:])) for t in (x, indices))
    return np.stack([np.take(a, i, axis=axis - 1) for a, i in zip(x, indices)])


def visible(rows, columns, before, after):
    """Which columns each row of a masked softmax sees."""
    distance = np.arange(columns) - np.arange(rows)[:, None]
    return (distance >= -before) & (distance <= after)


def _float_masked_softmax(op, inputs):
    seen = visible(*op.inputs[0].shape[-2:], op.attrs["before"], op.attrs["after"])
    x = np.where(seen, inputs[0] * op.attrs.get("beta", 1.0), -np.inf)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.float32)


FLOAT = {
    "batch_matmul": _float_batch_matmul,
    "layer_norm": _float_layer_norm,
    "gather": _float_gather,
    "masked_softmax": _float_masked_softmax,
}
SAME = {"gather": True}
FIXED = {"masked_softmax": (1 / 256, -128)}
