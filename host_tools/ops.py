"""The kinds of the graph's ops: how many inputs each takes and which attributes it has.

Shapes and attributes leave out the batch. 1-D layers are the 2-D kinds with inputs of shape (time, channels) and
kernels of height 1. Kinds and attributes are the same before and after the quantize pass; `activation` of a fused op is
None, "relu", "relu6" or a pair of real bounds, and is applied by clamping the output; `weight_bits` and `one_scale` are
for the quantize pass, which removes them.
"""

from __future__ import annotations

from host_tools import families
from host_tools.op_kind import Kind


_WINDOW = ("stride", "dilation", "padding")  # (h, w), (h, w), (top, bottom, left, right)
_POOL = ("kernel", "stride", "padding")

KINDS: dict[str, Kind] = {
    # x, weights (out, kernel h, kernel w, in), bias or nothing
    "conv2d": Kind(2, 3, _WINDOW, ("activation", "weight_bits")),
    # x, weights (kernel h, kernel w, channels * multiplier), bias or nothing
    "depthwise_conv2d": Kind(2, 3, _WINDOW + ("multiplier",), ("activation",)),
    # x (..., in), weights (out, in), bias or nothing
    "fully_connected": Kind(2, 3, (), ("activation", "weight_bits", "one_scale")),
    "max_pool": Kind(1, 1, _POOL, ("activation",)),
    "average_pool": Kind(1, 1, _POOL, ("activation",)),  # the mean of what lies inside the image
    "mean": Kind(1, 1, ("axes",)),  # the output's shape tells whether the axes stay
    "add": Kind(2, 2, (), ("activation",)),  # shapes broadcast as in NumPy
    "sub": Kind(2, 2, (), ("activation",)),
    "mul": Kind(2, 2, (), ("activation",)),
    "concat": Kind(1, None, ("axis",)),
    "pad": Kind(1, 1, ("before", "after"), ("value",)),  # counts of each axis; a real value, 0 without it
    "reshape": Kind(1, 1),
    "transpose": Kind(1, 1, ("perm",)),  # axis i of the output is axis perm[i] of the input
    "strided_slice": Kind(1, 1, ("begin", "end", "strides")),  # one of each an axis, resolved; as Python's slices
    "resize_nearest": Kind(1, 1, (), ("align_corners", "half_pixel_centers")),
    "resize_bilinear": Kind(1, 1, (), ("align_corners", "half_pixel_centers")),
    "relu": Kind(1, 1),
    "relu6": Kind(1, 1),
    "clip": Kind(1, 1, ("low", "high")),
    "leaky_relu": Kind(1, 1, ("alpha",)),
    "logistic": Kind(1, 1),
    "tanh": Kind(1, 1),
    "hard_swish": Kind(1, 1),
    "elu": Kind(1, 1, (), ("alpha",)),
    "threshold_relu": Kind(1, 1, ("threshold", "negative_slope", "max_value")),  # Keras's ReLU in its general form
    "hard_sigmoid": Kind(1, 1),
    "silu": Kind(1, 1),
    "selu": Kind(1, 1),
    "gelu": Kind(1, 1, (), ("approximate",)),
    "softplus": Kind(1, 1),
    "softsign": Kind(1, 1),
    "exp": Kind(1, 1),
    "affine": Kind(1, 1, ("scale", "offset")),  # x * scale + offset, the same for every element
    "softmax": Kind(1, 1, (), ("beta",)),  # over the last axis
    "quantize": Kind(1, 1),  # to the output's number type, scale and zero point; from float32 or another integer type
    "dequantize": Kind(1, 1),
    "argmax": Kind(1, 1, ("axis",)),
    # x, gamma, beta, mean, variance
    "batch_norm": Kind(5, 5, ("epsilon",), float_only=True),
    **families.merged("KINDS"),
}

# One value in, one value out, by a function of the value alone; unary.py has their real values.
UNARY = (
    "relu",
    "relu6",
    "clip",
    "leaky_relu",
    "logistic",
    "tanh",
    "hard_swish",
    "elu",
    "threshold_relu",
    "hard_sigmoid",
    "silu",
    "selu",
    "gelu",
    "softplus",
    "softsign",
    "exp",
    "affine",
    *families.math.UNARY,
)
