"""Random models of one TFLite op each, of functions of one value, softmax and the edges of models; see op_cases.py."""

from op_case_tools import activation, random_scale, same_as
from tflite_builder import TfliteBuilder


def softmax(rng):
    """SOFTMAX over up to 30 classes in one row or more, with beta."""
    b = TfliteBuilder()
    shape = (1, int(rng.integers(2, 30))) if rng.random() < 0.6 else (1, 3, 4, int(rng.integers(2, 9)))
    x = activation(b, rng, shape, random_scale(rng, 0.001, 0.5))
    y = b.tensor(shape, "int8", 1 / 256, -128)
    b.op("SOFTMAX", [x], [y], "SoftmaxOptions", Beta=float(rng.choice([1.0, 1.0, 0.5, 2.5])))
    return b.file([x], [y])


def _unary(name, scale=None, zero_point=None, options=None, like_input=False, **fields):
    def case(rng):
        b = TfliteBuilder()
        x = activation(b, rng, (1, 256), random_scale(rng, 0.005, 0.15))
        source = b.tensors[x]
        out_scale = source["scale"] if like_input else scale or source["scale"] * float(rng.uniform(0.4, 1.5))
        out_zero = source["zero_point"] if like_input else zero_point
        y = activation(b, rng, (1, 256), out_scale, out_zero)
        b.op(name, [x], [y], options, **{key: value(rng) for key, value in fields.items()})
        return b.file([x], [y])

    return case


def relu6(rng):
    """RELU6 where 6 lies within the range, which TensorFlow Lite Micro requires."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 256), random_scale(rng, 0.05, 0.1), int(rng.integers(-128, -20)))
    y = same_as(b, x, (1, 256))
    b.op("RELU6", [x], [y])
    return b.file([x], [y])


def hard_swish(rng):
    """HARD_SWISH with an output scale that its 16-bit arithmetic can reach."""
    b = TfliteBuilder()
    x = activation(b, rng, (1, 256), random_scale(rng, 0.01, 0.1))
    y = activation(b, rng, (1, 256), b.tensors[x]["scale"] * float(rng.uniform(0.3, 1.0)))
    b.op("HARD_SWISH", [x], [y])
    return b.file([x], [y])


def quantize(rng):
    """uint8 to int8, a requantization in int8, and int8 to uint8, as models with uint8 edges have them."""
    b = TfliteBuilder()
    scale = random_scale(rng)
    x = b.tensor((1, 256), "uint8", scale, int(rng.integers(0, 256)))
    a = b.tensor((1, 256), "int8", scale, int(rng.integers(-128, 128)))
    c = activation(b, rng, (1, 256), scale * float(rng.uniform(0.4, 1.5)))
    y = b.tensor((1, 256), "uint8", b.tensors[c]["scale"], int(rng.integers(0, 256)))
    for source, target in ((x, a), (a, c), (c, y)):
        b.op("QUANTIZE", [source], [target], "QuantizeOptions")
    return b.file([x], [y])


def float_edges(rng):
    """float32 in and out around a tanh."""
    b = TfliteBuilder()
    x = b.tensor((1, 64), "float32")
    q = activation(b, rng, (1, 64), random_scale(rng, 0.01, 0.05))
    t = b.tensor((1, 64), "int8", 1 / 128, 0)
    y = b.tensor((1, 64), "float32")
    b.op("QUANTIZE", [x], [q], "QuantizeOptions")
    b.op("TANH", [q], [t])
    b.op("DEQUANTIZE", [t], [y], "DequantizeOptions")
    return b.file([x], [y])


CASES = {
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
}
