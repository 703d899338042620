"""Ops on INT16 activations with INT8 weights: op codes from 160 on, see layout.py. Fields of the same name mean the same
as those of the base ops; clamps have 16 bits."""

from upyml.format.fields import AXIS, CLAMPS_16, SCALE, SCALES_OF_TWO, WEIGHTS, WINDOW

_WINDOW = WINDOW + CLAMPS_16
_SUM = SCALES_OF_TWO + CLAMPS_16
_PRODUCT = SCALE + (("reserved", "B"),) + CLAMPS_16
_ACCUMULATOR = (("accumulator", "B"),)  # see ACCUMULATORS

# Bits of the sums of products, and how they are brought to 16.
ACCUMULATORS = ("INT64", "INT32")
INT64_SUMS, INT32_SUMS = range(2)

(
    CONV2D_16,
    DEPTHWISE_CONV2D_16,
    FULLY_CONNECTED_16,
    MAX_POOL_16,
    AVERAGE_POOL_16,
    MEAN_16,
    ADD_16,
    SUB_16,
    MUL_16,
    TABLE_16,
    SOFTMAX_16,
    PAD_16,
    MAXIMUM_16,
    MINIMUM_16,
    SIGMOID_16,
) = range(160, 175)

BINARY = (ADD_16, SUB_16, MUL_16, MAXIMUM_16, MINIMUM_16)  # of two inputs that broadcast

TABLE_16_ENTRIES = 513

OPS = {
    CONV2D_16: ("CONV2D_16", _WINDOW + WEIGHTS + _ACCUMULATOR),
    DEPTHWISE_CONV2D_16: ("DEPTHWISE_CONV2D_16", _WINDOW + WEIGHTS + _ACCUMULATOR + (("multiplier", "I"),)),
    FULLY_CONNECTED_16: ("FULLY_CONNECTED_16", WEIGHTS + (("per_channel", "B"), ("accumulator", "B")) + CLAMPS_16),
    MAX_POOL_16: ("MAX_POOL_16", _WINDOW),
    AVERAGE_POOL_16: ("AVERAGE_POOL_16", _WINDOW),
    MEAN_16: ("MEAN_16", AXIS + SCALE),
    ADD_16: ("ADD_16", _SUM),
    SUB_16: ("SUB_16", _SUM),
    MUL_16: ("MUL_16", _PRODUCT),
    TABLE_16: ("TABLE_16", (("table", "I"),)),  # 513 INT16: the answers at -32768, -32640, ... 32768
    SOFTMAX_16: ("SOFTMAX_16", (("multiplier", "i"), ("shift", "i"), ("exp", "I"), ("reciprocal", "I"))),
    PAD_16: ("PAD_16", (("before", "4I"), ("value", "i"))),
    MAXIMUM_16: ("MAXIMUM_16", _PRODUCT),
    MINIMUM_16: ("MINIMUM_16", _PRODUCT),
    SIGMOID_16: ("SIGMOID_16", (("multiplier", "i"), ("table", "I"), ("shift", "B"), ("activation", "B"))),
}
