"""Ops that transformers need beyond the base ones: the second half of the family MATH, op codes 48 to 63."""

from upyml.format.fields import AXIS, CLAMPS, EXPONENTS, SCALE

BATCH_MATMUL, LAYER_NORM, GATHER, MASKED_SOFTMAX = range(48, 52)
MAX_NORMALIZED = 65536  # elements of a row: the sum of their squares, 255^2 each, has 32 bits

_CLAMPED = SCALE + CLAMPS

OPS = {  # op code: (name, fields)
    # Axes of each tensor in the order outer batch, inner batch, row, column.
    BATCH_MATMUL: ("BATCH_MATMUL", _CLAMPED + (("reserved", "B"), ("left", "4B"), ("right", "4B"), ("output", "4B"))),
    LAYER_NORM: (
        "LAYER_NORM",
        _CLAMPED
        + (("centered", "B"), ("count", "I"), ("epsilon", "I"), ("epsilon_high", "I"), ("gamma", "I"), ("beta", "I")),
    ),
    GATHER: ("GATHER", AXIS),
    MASKED_SOFTMAX: ("MASKED_SOFTMAX", EXPONENTS + (("rows", "i"), ("before", "i"), ("after", "i"))),
}
