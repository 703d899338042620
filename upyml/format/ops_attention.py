"""Ops that transformers need beyond the base ones: the second half of the family MATH, op codes 48 to 63."""

BATCH_MATMUL, LAYER_NORM, GATHER, MASKED_SOFTMAX = range(48, 52)
MAX_NORMALIZED = 65536  # elements of a row: the sum of their squares, 255^2 each, has 32 bits

_CLAMPED = (("multiplier", "i"), ("shift", "b"), ("clamp_min", "b"), ("clamp_max", "b"))

OPS = {  # op code: (name, fields)
    # Axes of each tensor in the order outer batch, inner batch, row, column.
    BATCH_MATMUL: ("BATCH_MATMUL", _CLAMPED + (("reserved", "B"), ("left", "4B"), ("right", "4B"), ("output", "4B"))),
    LAYER_NORM: (
        "LAYER_NORM",
        _CLAMPED
        + (("centered", "B"), ("count", "I"), ("epsilon", "I"), ("epsilon_high", "I"), ("gamma", "I"), ("beta", "I")),
    ),
    GATHER: ("GATHER", (("outer", "I"), ("count", "I"), ("inner", "I"))),
    MASKED_SOFTMAX: ("MASKED_SOFTMAX", (("multiplier", "i"), ("shift", "i"), ("diff_min", "i"), ("rows", "i"), ("before", "i"), ("after", "i"))),
}
