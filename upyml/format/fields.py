"""Fields that ops of several families have alike, see SPEC.md; each op puts them together in layout.py or its ops_*.py."""

WINDOW = (
    ("kernel_h", "H"),
    ("kernel_w", "H"),
    ("stride_h", "H"),
    ("stride_w", "H"),
    ("dilation_h", "H"),
    ("dilation_w", "H"),
    ("pad_top", "H"),
    ("pad_left", "H"),
)
WEIGHTS = (("weights", "I"), ("channels", "I"))  # file offsets
AXIS = (("outer", "I"), ("count", "I"), ("inner", "I"))
CLAMPS = (("clamp_min", "b"), ("clamp_max", "b"))
CLAMPS_16 = (("clamp_min", "h"), ("clamp_max", "h"))
SCALE = (("multiplier", "i"), ("shift", "b"))
SCALES_OF_TWO = (  # inputs, brought to one scale, and what is made of them
    ("multiplier1", "i"),
    ("multiplier2", "i"),
    ("multiplier", "i"),
    ("shift1", "b"),
    ("shift2", "b"),
    ("shift", "b"),
    ("left_shift", "b"),
)
PAIR = SCALES_OF_TWO + CLAMPS + (("reserved", "H"),)
EXPONENTS = (("multiplier", "i"), ("shift", "i"), ("diff_min", "i"))  # of a softmax
