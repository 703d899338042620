"""Random models of one TFLite op each, of the ops on tensors beyond the base ones; see op_cases.py."""

import numpy as np
from op_case_tools import (
    NONE,
    RELU,
    RELU6,
    SAME,
    VALID,
    activation,
    bias,
    out_size,
    output_scale,
    random_scale,
    same_as,
    weights,
)
from tflite_builder import TfliteBuilder


def _shape(rng, rank=None, most=6):
    """A batch of one, then one to three axes."""
    return (1, *(int(n) for n in rng.integers(1, most, rank or rng.integers(1, 4))))


def transpose_conv(rng, flat=False):
    """TRANSPOSE_CONV with any stride, kernel and padding; flat: as Conv1DTranspose becomes."""
    b = TfliteBuilder()
    size = (1 if flat else int(rng.integers(1, 6)), int(rng.integers(1, 7)))
    kernel = (1 if flat else int(rng.integers(1, 6)), int(rng.integers(1, 6)))
    stride = (1 if flat else int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    depth, channels, padding = int(rng.integers(1, 7)), int(rng.integers(1, 12)), int(rng.choice([SAME, VALID]))
    if padding == SAME:
        out = [n * s - int(rng.integers(0, s)) * (rng.random() < 0.3) for n, s in zip(size, stride)]
    else:
        out = [(n - 1) * s + max(k, s) + int(rng.integers(0, s)) for n, s, k in zip(size, stride, kernel)]  # and more
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 0.05, 0.15))
    w, _ = weights(b, rng, (channels, *kernel, depth), 0, rng.random() < 0.8)
    shape = (1, *(int(n) for n in out), channels)
    y = activation(b, rng, shape, output_scale(rng, kernel[0] * kernel[1] * depth / (stride[0] * stride[1])))
    inputs = [b.constant(shape), w, x, *([bias(b, rng, channels)] if rng.random() < 0.7 else [])]
    b.op("TRANSPOSE_CONV", inputs, [y], "TransposeConvOptions", Padding=padding, StrideH=stride[0], StrideW=stride[1])
    return b.file([x], [y])


def grouped_conv(rng):
    """CONV_2D whose weights have fewer channels than its input."""
    b = TfliteBuilder()
    groups, depth, each = int(rng.integers(2, 5)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    size, kernel = [int(n) for n in rng.integers(4, 8, 2)], [int(n) for n in rng.integers(1, 4, 2)]
    padding, stride = int(rng.choice([SAME, VALID])), int(rng.integers(1, 3))
    x = activation(b, rng, (1, *size, groups * depth), random_scale(rng, 0.05, 0.15))
    w, _ = weights(b, rng, (groups * each, *kernel, depth), 0, rng.random() < 0.8)
    out = [out_size(n, k, stride, 1, padding) for n, k in zip(size, kernel)]
    y = activation(b, rng, (1, *out, groups * each), output_scale(rng, kernel[0] * kernel[1] * depth))
    fields = {"StrideH": stride, "StrideW": stride, "DilationHFactor": 1, "DilationWFactor": 1, "Padding": padding}
    fields["FusedActivationFunction"] = int(rng.choice([NONE, RELU]))
    b.op("CONV_2D", [x, w, bias(b, rng, groups * each)], [y], "Conv2DOptions", **fields)
    return b.file([x], [y])


def batched_dilation(rng):
    """SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND: a dilated convolution of an older converter.

    Without padding: TensorFlow Lite Micro leaves open what it fills up with, see docs/ops.md.
    """
    b = TfliteBuilder()
    block, kernel = [int(n) for n in rng.integers(1, 4, 2)], [int(n) for n in rng.integers(1, 4, 2)]
    depth, channels = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, block)]
    size = [d * int(rng.integers(-(-r // d), -(-r // d) + 4)) for r, d in zip(reach, block)]
    out = [n - r + 1 for n, r in zip(size, reach)]
    pads = [[0, 0], [0, 0]]
    x = activation(b, rng, (1, *size, depth), random_scale(rng, 0.05, 0.15))
    small = [(n + sum(p)) // d for n, p, d in zip(size, pads, block)]
    batches = block[0] * block[1]
    split = same_as(b, x, (batches, *small, depth))
    depthwise = rng.random() < 0.3
    if depthwise:
        channels = depth
        w, _ = weights(b, rng, (1, *kernel, depth), 3, True)
    else:
        w, _ = weights(b, rng, (channels, *kernel, depth), 0, True)
    rest = [n - k + 1 for n, k in zip(small, kernel)]
    made = activation(b, rng, (batches, *rest, channels), output_scale(rng, kernel[0] * kernel[1] * (1 if depthwise else depth)))
    y = same_as(b, made, (1, *out, channels))
    crops = [[0, r * d - n] for r, d, n in zip(rest, block, out)]
    b.op("SPACE_TO_BATCH_ND", [x, b.constant(block), b.constant(pads)], [split], "SpaceToBatchNDOptions")
    fields = {"StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1, "Padding": VALID}
    fields["FusedActivationFunction"] = int(rng.choice([NONE, RELU]))
    if depthwise:
        b.op("DEPTHWISE_CONV_2D", [split, w, bias(b, rng, channels)], [made], "DepthwiseConv2DOptions", DepthMultiplier=1, **fields)
    else:
        b.op("CONV_2D", [split, w, bias(b, rng, channels)], [made], "Conv2DOptions", **fields)
    b.op("BATCH_TO_SPACE_ND", [made, b.constant(block), b.constant(crops)], [y], "BatchToSpaceNDOptions")
    return b.file([x], [y])


_PAIRS = (
    ((1, 5, 4, 3), (1, 5, 4, 3)),
    ((1, 7), (1, 7)),
    ((1, 5, 4, 3), (1, 1, 1, 3)),
    ((1, 5, 1, 3), (1, 1, 4, 1)),
    ((1, 5, 4, 3), (1, 1, 1, 1)),
)


def _extreme(name):
    def case(rng):
        b = TfliteBuilder()
        shapes = list(_PAIRS[rng.integers(len(_PAIRS))])
        if rng.random() < 0.3:
            shapes.reverse()
        x1 = activation(b, rng, shapes[0])
        scale, zero_point = b.tensors[x1]["scale"], b.tensors[x1]["zero_point"]
        constant = rng.random() < 0.4
        values = rng.integers(-128, 128, shapes[1]) if constant else None
        x2 = b.constant(values, "int8", scale, zero_point) if constant else same_as(b, x1, shapes[1])
        y = same_as(b, x1, np.broadcast_shapes(*shapes))
        b.op(name, [x1, x2], [y], "MaximumMinimumOptions")
        return b.file([x1] if constant else [x1, x2], [y])

    return case


def prelu(rng):
    """PRELU with a slope for each channel, for all together, or for each element."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 6, 3)))
    slopes = [(1, 1, shape[3]), (1, 1, 1), shape[1:]][rng.integers(3)]
    x = activation(b, rng, shape)
    a = b.constant(rng.integers(-128, 128, slopes), "int8", random_scale(rng, 0.001, 0.01), int(rng.integers(-128, 128)))
    y = activation(b, rng, shape, b.tensors[x]["scale"] * float(rng.uniform(0.5, 1.5)))
    b.op("PRELU", [x, a], [y])
    return b.file([x], [y])


def squared_difference(rng):
    """SQUARED_DIFFERENCE, also with shapes that broadcast."""
    b = TfliteBuilder()
    shapes = _PAIRS[rng.integers(len(_PAIRS))]
    x1, x2 = (activation(b, rng, shape) for shape in shapes)
    most = max(b.tensors[x]["scale"] for x in (x1, x2)) * 256
    y = activation(b, rng, np.broadcast_shapes(*shapes), most * most / 256 * float(rng.uniform(0.2, 1.2)))
    b.op("SQUARED_DIFFERENCE", [x1, x2], [y], "SquaredDifferenceOptions")
    return b.file([x1, x2], [y])


def div(rng):
    """DIV by values that are never 0, as TensorFlow Lite Micro wants them."""
    b = TfliteBuilder()
    shapes = list(_PAIRS[rng.integers(len(_PAIRS))])
    x1 = activation(b, rng, shapes[0])
    x2 = b.constant(rng.integers(-90, 127, shapes[1]), "int8", random_scale(rng), int(rng.integers(-128, -95)))
    real = b.tensors[x1]["scale"] / b.tensors[x2]["scale"]
    y = activation(b, rng, np.broadcast_shapes(*shapes), float(real / 2 ** rng.uniform(7, 9)))
    b.op("DIV", [x1, x2], [y], "DivOptions", FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
    return b.file([x1], [y])


def _reduce(name):
    def case(rng):
        b = TfliteBuilder()
        shape = _shape(rng, 3, 8)
        axes = [[1, 2], [2, 1], [1], [2], [3], [1, 2, 3], [2, 3], [1, 3]][rng.integers(8)]
        keep = bool(rng.integers(2))
        x = activation(b, rng, shape)
        out = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
        terms = np.prod([shape[i] for i in axes])
        if name == "SUM":
            y = activation(b, rng, out, b.tensors[x]["scale"] * float(terms * rng.uniform(0.3, 1.2)))
        else:
            y = same_as(b, x, out)
        b.op(name, [x, b.constant(axes)], [y], "ReducerOptions", KeepDims=keep)
        return b.file([x], [y])

    return case


def log_softmax(rng):
    """LOG_SOFTMAX over up to 30 classes."""
    b = TfliteBuilder()
    shape = (1, int(rng.integers(1, 30))) if rng.random() < 0.6 else (1, 3, 4, int(rng.integers(2, 9)))
    x = activation(b, rng, shape, random_scale(rng, 0.001, 0.5))
    y = b.tensor(shape, "int8", 16 / 256, 127)
    b.op("LOG_SOFTMAX", [x], [y], "LogSoftmaxOptions")
    return b.file([x], [y])


def l2_normalization(rng):
    """L2_NORMALIZATION of rows of up to 40 values."""
    b = TfliteBuilder()
    shape = (1, int(rng.integers(1, 40))) if rng.random() < 0.6 else (1, 3, 4, int(rng.integers(1, 9)))
    x = activation(b, rng, shape)
    y = b.tensor(shape, "int8", 1 / 128, 0)
    b.op("L2_NORMALIZATION", [x], [y], "L2NormOptions")
    return b.file([x], [y])


def cumsum(rng):
    """CUMSUM along any axis but the batch, in both directions."""
    b = TfliteBuilder()
    shape = _shape(rng)
    axis = int(rng.integers(1, len(shape)))
    x = activation(b, rng, shape)
    y = same_as(b, x, shape)
    b.tensors[y]["scale"] *= float(rng.uniform(1, 3))
    b.op(
        "CUMSUM",
        [x, b.constant(np.array(axis - len(shape) * int(rng.integers(2))))],
        [y],
        "CumsumOptions",
        Exclusive=bool(rng.integers(2)),
        Reverse=bool(rng.integers(2)),
    )
    return b.file([x], [y])


def abs_(rng):
    """ABS, rescaled or not."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 256))
    same = rng.random() < 0.4
    y = same_as(b, x, (1, 256)) if same else activation(b, rng, (1, 256), b.tensors[x]["scale"] * float(rng.uniform(0.4, 1.5)))
    b.op("ABS", [x], [y], "AbsOptions")
    return b.file([x], [y])


def rsqrt(rng):
    """RSQRT behind a RELU, for TensorFlow Lite Micro refuses values below 0."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 256), random_scale(rng, 0.005, 0.15), int(rng.integers(-128, 100)))
    positive = same_as(b, x, (1, 256))
    y = activation(b, rng, (1, 256), float(rng.uniform(0.01, 0.2)))
    b.op("RELU", [x], [positive])
    b.op("RSQRT", [positive], [y])
    return b.file([x], [y])


def arg_min(rng):
    """ARG_MIN over the last or another axis."""
    b = TfliteBuilder()
    shape = _shape(rng, 2)
    axis = int(rng.integers(1, 3))
    x = activation(b, rng, shape)
    y = b.tensor([n for i, n in enumerate(shape) if i != axis], "int32")
    b.op("ARG_MIN", [x, b.constant(np.array(axis))], [y], "ArgMinOptions", OutputType=2)
    return b.file([x], [y])


def pack(rng):
    """PACK of up to four tensors along any axis, and UNPACK of what came out along another."""
    b = TfliteBuilder()
    shape = _shape(rng, int(rng.integers(1, 3)))
    count, axis = int(rng.integers(1, 5)), int(rng.integers(0, len(shape) + 1))
    first = activation(b, rng, shape)
    inputs = [first] + [same_as(b, first, shape) for _ in range(count - 1)]
    packed = (*shape[:axis], count, *shape[axis:])
    p = same_as(b, first, packed)
    b.op("PACK", inputs, [p], "PackOptions", Axis=axis, ValuesCount=count)
    if axis == 0:
        return b.file(inputs, [p])
    axis = int(rng.integers(1, len(packed)))
    outputs = [same_as(b, first, (*packed[:axis], *packed[axis + 1 :])) for _ in range(packed[axis])]
    b.op("UNPACK", [p], outputs, "UnpackOptions", Axis=axis, Num=packed[axis])
    return b.file(inputs, outputs)


def broadcast_to(rng):
    """BROADCAST_TO of axes of 1, and of axes that were not there."""
    b = TfliteBuilder()
    out = _shape(rng, 3)
    shape = [n if rng.random() < 0.5 else 1 for n in out][int(rng.integers(0, 2)) :]
    x = activation(b, rng, shape)
    y = same_as(b, x, out)
    b.op("BROADCAST_TO", [x, b.constant(out)], [y], "BroadcastToOptions")
    return b.file([x], [y])


def mirror_pad(rng):
    """MIRROR_PAD, with the last element twice or once."""
    b = TfliteBuilder()
    shape, mode = _shape(rng, 3), int(rng.integers(2))
    counts = [[0, 0]] + [[int(rng.integers(0, n + mode)), int(rng.integers(0, n + mode))] for n in shape[1:]]
    x = activation(b, rng, shape)
    y = same_as(b, x, [n + sum(c) for n, c in zip(shape, counts)])
    b.op("MIRROR_PAD", [x, b.constant(counts)], [y], "MirrorPadOptions", Mode=mode)
    return b.file([x], [y])


def _blocks(name, options):
    def case(rng):
        b = TfliteBuilder()
        size, rows, columns, depth = (int(n) for n in rng.integers(1, 4, 4))
        small, large = (1, rows, columns, depth * size * size), (1, rows * size, columns * size, depth)
        shapes = (large, small) if name == "SPACE_TO_DEPTH" else (small, large)
        x = activation(b, rng, shapes[0])
        y = same_as(b, x, shapes[1])
        b.op(name, [x], [y], options, BlockSize=size)
        return b.file([x], [y])

    return case


def reverse(rng):
    """REVERSE_V2 of one axis."""
    b = TfliteBuilder()
    shape = _shape(rng)
    x = activation(b, rng, shape)
    y = same_as(b, x, shape)
    b.op("REVERSE_V2", [x, b.constant([int(rng.integers(1, len(shape)))])], [y], "ReverseV2Options")
    return b.file([x], [y])


CASES = {
    "transpose_conv": transpose_conv,
    "transpose_conv_1d": lambda rng: transpose_conv(rng, flat=True),
    "grouped_conv": grouped_conv,
    "batched_dilation": batched_dilation,
    "maximum": _extreme("MAXIMUM"),
    "minimum": _extreme("MINIMUM"),
    "prelu": prelu,
    "squared_difference": squared_difference,
    "div": div,
    "reduce_max": _reduce("REDUCE_MAX"),
    "reduce_min": _reduce("REDUCE_MIN"),
    "sum": _reduce("SUM"),
    "log_softmax": log_softmax,
    "l2_normalization": l2_normalization,
    "cumsum": cumsum,
    "abs": abs_,
    "rsqrt": rsqrt,
    "arg_min": arg_min,
    "pack": pack,
    "broadcast_to": broadcast_to,
    "mirror_pad": mirror_pad,
    "space_to_depth": _blocks("SPACE_TO_DEPTH", "SpaceToDepthOptions"),
    "depth_to_space": _blocks("DEPTH_TO_SPACE", "DepthToSpaceOptions"),
    "reverse": reverse,
}
