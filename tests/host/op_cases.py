"""Random models of one TFLite op each, with shapes, strides, paddings, scales and activations as they come.

CASES maps a name to a function (random generator) -> .tflite bytes. What a case makes must be valid
for TensorFlow Lite Micro, which stops the whole process where it meets something it does not allow.
"""

import math

import numpy as np
from tflite_builder import TfliteBuilder

SAME, VALID = 0, 1
NONE, RELU, RELU_N1, RELU6 = 0, 1, 2, 3


def _scale(rng, low=0.01, high=0.2):
    return float(np.float32(rng.uniform(low, high)))


def _activation_tensor(b, rng, shape, scale=None, zero_point=None):
    return b.tensor(shape, "int8", scale or _scale(rng), int(rng.integers(-128, 128)) if zero_point is None else zero_point)


def _out(size, kernel, stride, dilation, padding):
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def _window(rng, flat=False):
    """(height, width, kernel, stride, dilation, padding) that leave at least one output."""
    kernel = (1 if flat else int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    dilation = (1, 1) if rng.random() < 0.6 else (1 if flat else int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    stride = (1, 1) if max(dilation) > 1 else (1 if flat else int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    size = (1 if flat else int(rng.integers(reach[0], reach[0] + 8)), int(rng.integers(reach[1], reach[1] + 8)))
    return size, kernel, stride, dilation, int(rng.choice([SAME, VALID]))


def _weights(b, rng, shape, axis, per_channel):
    channels = shape[axis]
    scale = rng.uniform(0.001, 0.02, channels if per_channel else 1).astype(np.float32)
    values = rng.integers(-127, 128, shape)
    number = b.constant(values, "int8", scale, 0, axis)
    return number, scale


def _output_scale(rng, terms):
    """An output scale at which random sums fill the int8 range and now and then leave it."""
    return float(np.float32(0.1 * 0.01 * 64 * 70 * math.sqrt(terms) / 127 * rng.uniform(0.3, 2)))


def _bias(b, rng, channels):
    return b.constant(rng.integers(-3000, 3000, channels), "int32", 0.001)


def conv2d(rng, flat=False):
    """CONV_2D, per channel or per tensor, with and without bias."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = _window(rng, flat)
    depth, channels = int(rng.integers(1, 9)), int(rng.integers(1, 12))
    x = _activation_tensor(b, rng, (1, *size, depth), _scale(rng, 0.05, 0.15))
    w, _ = _weights(b, rng, (channels, *kernel, depth), 0, rng.random() < 0.8)
    inputs = [x, w, _bias(b, rng, channels) if rng.random() < 0.8 else -1]
    out = [_out(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = _activation_tensor(b, rng, (1, *out, channels), _output_scale(rng, kernel[0] * kernel[1] * depth))
    b.op("CONV_2D", inputs, [y], "Conv2DOptions", StrideH=stride[0], StrideW=stride[1], DilationHFactor=dilation[0],
         DilationWFactor=dilation[1], Padding=padding, FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6, RELU_N1])))
    return b.file([x], [y])


def conv1d(rng):
    """CONV_2D of height 1, as Conv1D layers become."""
    return conv2d(rng, flat=True)


def depthwise(rng):
    """DEPTHWISE_CONV_2D with any multiplier, per channel or per tensor."""
    b = TfliteBuilder()
    size, kernel, stride, dilation, padding = _window(rng)
    depth = int(rng.integers(1, 9))
    multiplier = int(rng.choice([1, 1, 2, 3, 8]))
    channels = depth * multiplier
    x = _activation_tensor(b, rng, (1, *size, depth), _scale(rng, 0.05, 0.15))
    w, _ = _weights(b, rng, (1, *kernel, channels), 3, rng.random() < 0.8)
    out = [_out(*part, padding) for part in zip(size, kernel, stride, dilation)]
    y = _activation_tensor(b, rng, (1, *out, channels), _output_scale(rng, kernel[0] * kernel[1]))
    b.op("DEPTHWISE_CONV_2D", [x, w, _bias(b, rng, channels)], [y], "DepthwiseConv2DOptions", StrideH=stride[0],
         StrideW=stride[1], DilationHFactor=dilation[0], DilationWFactor=dilation[1], Padding=padding,
         DepthMultiplier=multiplier, FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
    return b.file([x], [y])


def fully_connected(rng):
    """FULLY_CONNECTED, per tensor and per channel, with and without bias, on one row or more."""
    b = TfliteBuilder()
    k, channels = int(rng.integers(1, 70)), int(rng.integers(1, 20))
    rows = 1 if rng.random() < 0.8 else int(rng.integers(2, 5))
    x = _activation_tensor(b, rng, (rows, k), _scale(rng, 0.05, 0.15))
    w, _ = _weights(b, rng, (channels, k), 0, rng.random() < 0.5)
    inputs = [x, w, _bias(b, rng, channels) if rng.random() < 0.8 else -1]
    y = _activation_tensor(b, rng, (rows, channels), _output_scale(rng, k))
    b.op("FULLY_CONNECTED", inputs, [y], "FullyConnectedOptions",
         FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
    return b.file([x], [y])


def _pool(name):
    def case(rng):
        b = TfliteBuilder()
        size, kernel, stride, _, padding = _window(rng)
        size = [max(n, k) for n, k in zip(size, kernel)]
        depth = int(rng.integers(1, 9))
        x = _activation_tensor(b, rng, (1, *size, depth))
        out = [_out(n, k, s, 1, padding) for n, k, s in zip(size, kernel, stride)]
        y = b.tensor((1, *out, depth), "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"])
        b.op(name, [x], [y], "Pool2DOptions", StrideH=stride[0], StrideW=stride[1], FilterHeight=kernel[0],
             FilterWidth=kernel[1], Padding=padding, FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
        return b.file([x], [y])

    return case


def mean(rng):
    """MEAN over any axes but the batch, kept or not, rescaled or not."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 8, 3)))
    axes = sorted(rng.choice([1, 2, 3], rng.integers(1, 4), replace=False).tolist())
    if rng.random() < 0.4:
        axes = [1, 2]
    keep = rng.random() < 0.5
    x = _activation_tensor(b, rng, shape)
    out = tuple(1 if i in axes else n for i, n in enumerate(shape)) if keep else tuple(
        n for i, n in enumerate(shape) if i not in axes)
    same = rng.random() < 0.5
    scale = b.tensors[x]["scale"] if same else b.tensors[x]["scale"] * float(rng.uniform(0.3, 1.2))
    y = _activation_tensor(b, rng, out, scale, b.tensors[x]["zero_point"] if same else None)
    b.op("MEAN", [x, b.constant(axes)], [y], "ReducerOptions", KeepDims=keep)
    return b.file([x], [y])


_BINARY_SHAPES = (
    ((1, 5, 4, 3), (1, 5, 4, 3)), ((1, 7), (1, 7)), ((1, 5, 4, 3), (1, 1, 1, 3)), ((1, 5, 4, 3), (3,)),
    ((1, 5, 1, 3), (1, 1, 4, 1)), ((1, 4, 3), (1, 1, 3)), ((1, 9), (1, 1)), ((1, 5, 4, 3), (1, 5, 4, 1)),
)


def _binary(name, options):
    def case(rng):
        b = TfliteBuilder()
        shapes = list(_BINARY_SHAPES[rng.integers(len(_BINARY_SHAPES))])
        if name == "SUB" and len(shapes[0]) != len(shapes[1]):
            shapes[1] = (1,) * (len(shapes[0]) - len(shapes[1])) + shapes[1]
        if rng.random() < 0.3:
            shapes.reverse()
        constant = rng.random() < 0.3
        x1 = _activation_tensor(b, rng, shapes[0])
        if constant:
            x2 = b.constant(rng.integers(-128, 128, shapes[1]), "int8", _scale(rng), int(rng.integers(-128, 128)))
        else:
            x2 = _activation_tensor(b, rng, shapes[1])
        scales = [b.tensors[x]["scale"] for x in (x1, x2)]
        real = 128 * 128 * scales[0] * scales[1] / 128 * 0.7 if name == "MUL" else 1.5 * max(scales)
        y = _activation_tensor(b, rng, np.broadcast_shapes(*shapes), float(np.float32(real * rng.uniform(0.3, 1.2))))
        b.op(name, [x1, x2], [y], options, FusedActivationFunction=int(rng.choice([NONE, RELU, RELU6])))
        return b.file([x1] if constant else [x1, x2], [y])

    return case


def concatenation(rng):
    """CONCATENATION of up to four tensors along any axis."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    axis = int(rng.integers(1, rank))
    scale, zero_point = _scale(rng), int(rng.integers(-128, 128))
    shape = [1, *(int(n) for n in rng.integers(1, 6, rank - 1))]
    inputs, total = [], 0
    for _ in range(rng.integers(1, 5)):
        shape[axis] = int(rng.integers(1, 5))
        total += shape[axis]
        inputs.append(b.tensor(shape, "int8", scale, zero_point))
    shape[axis] = total
    y = b.tensor(shape, "int8", scale, zero_point)
    b.op("CONCATENATION", inputs, [y], "ConcatenationOptions", Axis=axis - rank * int(rng.integers(2)))
    return b.file(inputs, [y])


def _moved(b, x, shape):
    return b.tensor(shape, "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"])


def pad(rng, value=False):
    """PAD of any axis but the batch."""
    b = TfliteBuilder()
    shape = (1, *(int(n) for n in rng.integers(1, 6, 3)))
    counts = np.zeros((4, 2), int)
    counts[1:] = rng.integers(0, 4, (3, 2))
    x = _activation_tensor(b, rng, shape)
    y = _moved(b, x, [n + int(c.sum()) for n, c in zip(shape, counts)])
    inputs = [x, b.constant(counts)]
    if value:
        inputs.append(b.constant([int(rng.integers(-128, 128))], "int8", b.tensors[x]["scale"], b.tensors[x]["zero_point"]))
    b.op("PADV2" if value else "PAD", inputs, [y], "PadV2Options" if value else "PadOptions")
    return b.file([x], [y])


def padv2(rng):
    """PADV2 with any value."""
    return pad(rng, value=True)


def padded_conv(rng):
    """PAD before CONV_2D with VALID padding, as strided convolutions of Keras become."""
    b = TfliteBuilder()
    depth, channels = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    x = _activation_tensor(b, rng, (1, 7, 6, depth), _scale(rng, 0.05, 0.15))
    counts = [[0, 0], *rng.integers(0, 3, (2, 2)).tolist(), [0, 0]]
    size = [7 + sum(counts[1]), 6 + sum(counts[2])]
    p = _moved(b, x, (1, *size, depth))
    b.op("PAD", [x, b.constant(counts)], [p], "PadOptions")
    kernel = [int(n) for n in rng.integers(1, 5, 2)]
    w, _ = _weights(b, rng, (channels, *kernel, depth), 0, True)
    stride = int(rng.integers(1, 3))
    out = [_out(n, k, stride, 1, VALID) for n, k in zip(size, kernel)]
    y = _activation_tensor(b, rng, (1, *out, channels), _output_scale(rng, kernel[0] * kernel[1] * depth))
    b.op("CONV_2D", [p, w, _bias(b, rng, channels)], [y], "Conv2DOptions", StrideH=stride, StrideW=stride,
         DilationHFactor=1, DilationWFactor=1, Padding=VALID)
    return b.file([x], [y])


def reshape(rng):
    """RESHAPE there, a tanh, and SQUEEZE and EXPAND_DIMS back."""
    b = TfliteBuilder()
    x = _activation_tensor(b, rng, (1, 4, 6))
    flat = _moved(b, x, (1, 1, 24))
    b.op("RESHAPE", [x, b.constant([1, 1, 24])], [flat], "ReshapeOptions")
    t = b.tensor((1, 1, 24), "int8", 1 / 128, 0)
    b.op("TANH", [flat], [t])
    s = b.tensor((1, 24), "int8", 1 / 128, 0)
    b.op("SQUEEZE", [t], [s], "SqueezeOptions", SqueezeDims=[1])
    e = b.tensor((1, 24, 1), "int8", 1 / 128, 0)
    b.op("EXPAND_DIMS", [s, b.constant([2])], [e], "ExpandDimsOptions")
    return b.file([x], [e])


def transpose(rng):
    """TRANSPOSE of up to four axes, the first one too."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    shape = [int(n) for n in rng.integers(1, 6, rank)]
    if rng.random() < 0.7:
        shape[0] = 1
    perm = rng.permutation(rank).tolist()
    x = _activation_tensor(b, rng, shape)
    y = _moved(b, x, [shape[i] for i in perm])
    b.op("TRANSPOSE", [x, b.constant(perm)], [y], "TransposeOptions")
    return b.file([x], [y])


def strided_slice(rng):
    """STRIDED_SLICE with masks, negative strides and dropped axes."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(2, 8, int(rng.integers(1, 4))))]
    begin, end, strides, out, shrink = [0], [1], [1], [1], 0
    for axis, n in enumerate(shape[1:], 1):
        if rng.random() < 0.2:
            at = int(rng.integers(0, n))
            begin, end, strides, shrink = begin + [at], end + [at + 1], strides + [1], shrink | 1 << axis
            continue
        stride = int(rng.choice([1, 1, 2, 3, -1, -2]))
        first, last = sorted(rng.choice(n + 1, 2, replace=False).tolist())
        if stride < 0:
            first, last = last - 1, first - 1
        begin, end, strides = begin + [first], end + [last if last >= 0 else -n - 1], strides + [stride]
        out.append(len(range(first, last, stride)))
    x = _activation_tensor(b, rng, shape)
    y = _moved(b, x, out)
    begin_mask = 1 if rng.random() < 0.5 else 0
    b.op("STRIDED_SLICE", [x, b.constant(begin), b.constant(end), b.constant(strides)], [y], "StridedSliceOptions",
         BeginMask=begin_mask, EndMask=begin_mask, ShrinkAxisMask=shrink)
    return b.file([x], [y])


def slice_(rng):
    """SLICE with sizes up to the end."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(1, 8, int(rng.integers(1, 4))))]
    begin = [int(rng.integers(0, n)) for n in shape]
    sizes = [int(rng.integers(1, n - first + 1)) for n, first in zip(shape, begin)]
    x = _activation_tensor(b, rng, shape)
    y = _moved(b, x, sizes)
    shown = [-1 if first + size == n and rng.random() < 0.5 else size for first, size, n in zip(begin, sizes, shape)]
    b.op("SLICE", [x, b.constant(begin), b.constant(shown)], [y], "SliceOptions")
    return b.file([x], [y])


def split(rng, uneven=False):
    """SPLIT or SPLIT_V along any axis but the batch; all parts are outputs."""
    b = TfliteBuilder()
    rank = int(rng.integers(2, 5))
    axis, parts = int(rng.integers(1, rank)), int(rng.integers(1, 4))
    sizes = [int(n) for n in rng.integers(1, 4, parts)] if uneven else [int(rng.integers(1, 4))] * parts
    shape = [1, *(int(n) for n in rng.integers(1, 5, rank - 1))]
    shape[axis] = sum(sizes)
    x = _activation_tensor(b, rng, shape)
    outputs = [_moved(b, x, shape[:axis] + [n] + shape[axis + 1 :]) for n in sizes]
    if uneven:
        b.op("SPLIT_V", [x, b.constant(sizes), b.constant(axis)], outputs, "SplitVOptions", NumSplits=parts)
    else:
        b.op("SPLIT", [b.constant(axis), x], outputs, "SplitOptions", NumSplits=parts)
    return b.file([x], outputs)


def split_v(rng):
    """SPLIT_V with parts of any size."""
    return split(rng, uneven=True)


def softmax(rng):
    """SOFTMAX over up to 30 classes in one row or more, with beta."""
    b = TfliteBuilder()
    shape = (1, int(rng.integers(2, 30))) if rng.random() < 0.6 else (1, 3, 4, int(rng.integers(2, 9)))
    x = _activation_tensor(b, rng, shape, _scale(rng, 0.001, 0.5))
    y = b.tensor(shape, "int8", 1 / 256, -128)
    b.op("SOFTMAX", [x], [y], "SoftmaxOptions", Beta=float(rng.choice([1.0, 1.0, 0.5, 2.5])))
    return b.file([x], [y])


def _unary(name, scale=None, zero_point=None, options=None, like_input=False, **fields):
    def case(rng):
        b = TfliteBuilder()
        x = _activation_tensor(b, rng, (1, 256), _scale(rng, 0.005, 0.15))
        source = b.tensors[x]
        out_scale = source["scale"] if like_input else scale or source["scale"] * float(rng.uniform(0.4, 1.5))
        out_zero = source["zero_point"] if like_input else zero_point
        y = _activation_tensor(b, rng, (1, 256), out_scale, out_zero)
        b.op(name, [x], [y], options, **{key: value(rng) for key, value in fields.items()})
        return b.file([x], [y])

    return case


def relu6(rng):
    """RELU6 where 6 lies within the range, which TensorFlow Lite Micro requires."""
    b = TfliteBuilder()
    x = _activation_tensor(b, rng, (1, 256), _scale(rng, 0.05, 0.1), int(rng.integers(-128, -20)))
    y = _moved(b, x, (1, 256))
    b.op("RELU6", [x], [y])
    return b.file([x], [y])


def hard_swish(rng):
    """HARD_SWISH with an output scale that its 16-bit arithmetic can reach."""
    b = TfliteBuilder()
    x = _activation_tensor(b, rng, (1, 256), _scale(rng, 0.01, 0.1))
    y = _activation_tensor(b, rng, (1, 256), b.tensors[x]["scale"] * float(rng.uniform(0.3, 1.0)))
    b.op("HARD_SWISH", [x], [y])
    return b.file([x], [y])


def quantize(rng):
    """uint8 to int8, a requantization in int8, and int8 to uint8, as models with uint8 edges have them."""
    b = TfliteBuilder()
    scale = _scale(rng)
    x = b.tensor((1, 256), "uint8", scale, int(rng.integers(0, 256)))
    a = b.tensor((1, 256), "int8", scale, int(rng.integers(-128, 128)))
    c = _activation_tensor(b, rng, (1, 256), scale * float(rng.uniform(0.4, 1.5)))
    y = b.tensor((1, 256), "uint8", b.tensors[c]["scale"], int(rng.integers(0, 256)))
    for source, target in ((x, a), (a, c), (c, y)):
        b.op("QUANTIZE", [source], [target], "QuantizeOptions")
    return b.file([x], [y])


def float_edges(rng):
    """float32 in and out around a tanh."""
    b = TfliteBuilder()
    x = b.tensor((1, 64), "float32")
    q = _activation_tensor(b, rng, (1, 64), _scale(rng, 0.01, 0.05))
    t = b.tensor((1, 64), "int8", 1 / 128, 0)
    y = b.tensor((1, 64), "float32")
    b.op("QUANTIZE", [x], [q], "QuantizeOptions")
    b.op("TANH", [q], [t])
    b.op("DEQUANTIZE", [t], [y], "DequantizeOptions")
    return b.file([x], [y])


def argmax(rng):
    """ARG_MAX along any axis but the batch."""
    b = TfliteBuilder()
    shape = [1, *(int(n) for n in rng.integers(1, 7, int(rng.integers(1, 4))))]
    axis = int(rng.integers(1, len(shape)))
    x = _activation_tensor(b, rng, shape)
    y = b.tensor(shape[:axis] + shape[axis + 1 :], "int32")
    b.op("ARG_MAX", [x, b.constant(axis)], [y], "ArgMaxOptions", OutputType=2)
    return b.file([x], [y])


def _resize(name, options, exclusive):
    def case(rng):
        b = TfliteBuilder()
        shape = (1, *(int(n) for n in rng.integers(1, 8, 2)), int(rng.integers(1, 4)))
        size = [int(n) for n in rng.integers(1, 12, 2)]
        x = _activation_tensor(b, rng, shape)
        y = _moved(b, x, (1, *size, shape[3]))
        align, half = bool(rng.integers(2)), bool(rng.integers(2))
        b.op(name, [x, b.constant(size)], [y], options, AlignCorners=align, HalfPixelCenters=half and not (exclusive and align))
        return b.file([x], [y])

    return case


CASES = {
    "conv2d": conv2d,
    "conv1d": conv1d,
    "depthwise": depthwise,
    "fully_connected": fully_connected,
    "max_pool": _pool("MAX_POOL_2D"),
    "average_pool": _pool("AVERAGE_POOL_2D"),
    "mean": mean,
    "add": _binary("ADD", "AddOptions"),
    "sub": _binary("SUB", "SubOptions"),
    "mul": _binary("MUL", "MulOptions"),
    "concatenation": concatenation,
    "pad": pad,
    "padv2": padv2,
    "padded_conv": padded_conv,
    "reshape": reshape,
    "transpose": transpose,
    "strided_slice": strided_slice,
    "slice": slice_,
    "split": split,
    "split_v": split_v,
    "softmax": softmax,
    "logistic": _unary("LOGISTIC", 1 / 256, -128),
    "tanh": _unary("TANH", 1 / 128, 0),
    "relu": _unary("RELU"),
    "relu6": relu6,
    "leaky_relu": _unary("LEAKY_RELU", options="LeakyReluOptions", Alpha=lambda rng: float(rng.uniform(0.01, 0.9))),
    "hard_swish": hard_swish,
    "elu": _unary("ELU"),
    "quantize": quantize,
    "float_edges": float_edges,
    "argmax": argmax,
    "resize_nearest": _resize("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions", True),
    "resize_bilinear": _resize("RESIZE_BILINEAR", "ResizeBilinearOptions", True),
}
