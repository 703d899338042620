"""Ops on INT16 activations with INT8 weights: op codes from 160 on, see layout.py. Fields of the same name mean the same
as those of the base ops; clamps have 16 bits."""

_WINDOW = (
    ("kernel_h", "H"),
    ("kernel_w", "H"),
    ("stride_h", "H"),
    ("stride_w", "H"),
    ("dilation_h", "H"),
    ("dilation_w", "H"),
    ("pad_top", "H"),
    ("pad_left", "H"),
    ("clamp_min", "h"),
    ("clamp_max", "h"),
)
_WEIGHTS = (("weights", "I"), ("channels", "I"))  # file offsets
_SUM = (
    ("multiplier1", "i"),
    ("multiplier2", "i"),
    ("multiplier", "i"),
    ("shift1", "b"),
    ("shift2", "b"),
    ("shift", "b"),
    ("left_shift", "b"),
    ("clamp_min", "h"),
    ("clamp_max", "h"),
)
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
) = range(160, 172)

TABLE_16_ENTRIES = 513

OPS = {
    CONV2D_16: ("CONV2D_16", _WINDOW + _WEIGHTS + _ACCUMULATOR),
    DEPTHWISE_CONV2D_16: ("DEPTHWISE_CONV2D_16", _WINDOW + _WEIGHTS + _ACCUMULATOR + (("multiplier", "I"),)),
    FULLY_CONNECTED_16: (
        "FULLY_CONNECTED_16",
        _WEIGHTS + (("per_channel", "B"), ("accumulator", "B"), ("clamp_min", "h"), ("clamp_max", "h")),
    ),
    MAX_POOL_16: ("MAX_POOL_16", _WINDOW),
    AVERAGE_POOL_16: ("AVERAGE_POOL_16", _WINDOW),
    MEAN_16: (
        "MEAN_16",
        (("outer", "I"), ("count", "I"), ("inner", "I"), ("multiplier", "i"), ("shift", "b")),
    ),
    ADD_16: ("ADD_16", _SUM),
    SUB_16: ("SUB_16", _SUM),
    MUL_16: ("MUL_16", (("multiplier", "i"), ("shift", "b"), ("reserved", "B"), ("clamp_min", "h"), ("clamp_max", "h"))),
    TABLE_16: ("TABLE_16", (("table", "I"),)),  # 513 INT16: the answers at -32768, -32640, ... 32768
    SOFTMAX_16: ("SOFTMAX_16", (("multiplier", "i"), ("shift", "i"), ("exp", "I"), ("reciprocal", "I"))),
    PAD_16: ("PAD_16", (("before", "4I"), ("value", "i"))),
}
