"""Ops on tensors beyond the base ones: op codes from 32 on, see layout.py."""

from upyml.format import ops_attention

(
    TRANSPOSE_CONV2D,
    MAXIMUM,
    MINIMUM,
    PRELU,
    SQUARED_DIFFERENCE,
    DIV,
    LOG_SOFTMAX,
    L2_NORMALIZATION,
    CUMSUM,
) = range(32, 41)

PAIRWISE = (MAXIMUM, MINIMUM, PRELU, SQUARED_DIFFERENCE, DIV)  # of two inputs that broadcast

# As ADD's in layout.py.
_PAIR = (
    ("multiplier1", "i"),
    ("multiplier2", "i"),
    ("multiplier", "i"),
    ("shift1", "b"),
    ("shift2", "b"),
    ("shift", "b"),
    ("left_shift", "b"),
    ("clamp_min", "b"),
    ("clamp_max", "b"),
    ("reserved", "H"),
)

OPS = {  # op code: (name, fields)
    # phases: file offset of stride_h * stride_w records of a CONV2D's own fields
    TRANSPOSE_CONV2D: ("TRANSPOSE_CONV2D", (("stride_h", "H"), ("stride_w", "H"), ("phases", "I"))),
    MAXIMUM: ("MAXIMUM", _PAIR),
    MINIMUM: ("MINIMUM", _PAIR),
    PRELU: ("PRELU", _PAIR),
    SQUARED_DIFFERENCE: ("SQUARED_DIFFERENCE", _PAIR),
    DIV: ("DIV", _PAIR),
    LOG_SOFTMAX: (
        "LOG_SOFTMAX",
        (("multiplier", "i"), ("shift", "i"), ("diff_min", "i"), ("reverse_multiplier", "i"), ("reverse_shift", "i")),
    ),
    L2_NORMALIZATION: ("L2_NORMALIZATION", ()),  # over the last axis
    CUMSUM: (
        "CUMSUM",
        (("outer", "I"), ("count", "I"), ("inner", "I"), ("multiplier1", "i"), ("multiplier", "i"), ("start", "i"),
         ("shift1", "b"), ("shift", "b"), ("exclusive", "B"), ("reverse", "B")),
    ),
}  # fmt: skip
OPS.update(ops_attention.OPS)
