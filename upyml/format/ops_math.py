"""Ops on tensors beyond the base ones: op codes from 32 on, see layout.py."""

from upyml.format import ops_attention
from upyml.format.fields import AXIS, EXPONENTS, PAIR

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

OPS = {  # op code: (name, fields)
    # phases: file offset of stride_h * stride_w records of a CONV2D's own fields
    TRANSPOSE_CONV2D: ("TRANSPOSE_CONV2D", (("stride_h", "H"), ("stride_w", "H"), ("phases", "I"))),
    MAXIMUM: ("MAXIMUM", PAIR),
    MINIMUM: ("MINIMUM", PAIR),
    PRELU: ("PRELU", PAIR),
    SQUARED_DIFFERENCE: ("SQUARED_DIFFERENCE", PAIR),
    DIV: ("DIV", PAIR),
    LOG_SOFTMAX: ("LOG_SOFTMAX", EXPONENTS + (("reverse_multiplier", "i"), ("reverse_shift", "i"))),
    L2_NORMALIZATION: ("L2_NORMALIZATION", ()),  # over the last axis
    CUMSUM: (
        "CUMSUM",
        AXIS + (("multiplier1", "i"), ("multiplier", "i"), ("start", "i"), ("shift1", "b"), ("shift", "b"),
                ("exclusive", "B"), ("reverse", "B")),
    ),
}  # fmt: skip
OPS.update(ops_attention.OPS)
