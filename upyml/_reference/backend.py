"""Which kernels run where: NumPy's, ulab's, or plain loops."""

from array import array

# Op -> module of its plain kernel; the function has the op's name in lower case.
_FAMILIES = {  # ops of other families than BASE
    "LSTM": "recurrent",
    "GRU": "recurrent",
    "SIMPLE_RNN": "recurrent",
    "CONV2D_16": "wide",
    "DEPTHWISE_CONV2D_16": "wide",
    "FULLY_CONNECTED_16": "wide",
    "MAX_POOL_16": "wide",
    "AVERAGE_POOL_16": "wide",
    "MEAN_16": "wide_elements",
    "ADD_16": "wide_elements",
    "SUB_16": "wide_elements",
    "MUL_16": "wide_elements",
    "TABLE_16": "wide_elements",
    "SOFTMAX_16": "wide_elements",
    "PAD_16": "wide_elements",
    "MAXIMUM_16": "wide_elements",
    "MINIMUM_16": "wide_elements",
    "SIGMOID_16": "wide_elements",
    "SHIFT": "streaming",
    "START": "streaming",
    "RFFT": "spectrum",
    "POWER": "spectrum",
    "MAGNITUDE": "spectrum",
    "BIQUAD": "filters",
    "FIR": "filters",
    "STATISTICS": "filters",
    "MEL_ENERGIES": "sound",
    "NOISE_REDUCTION": "sound",
    "LOG_ENERGIES": "sound",
    "DIVIDE_FEATURES": "sound",
    "TRANSPOSE_CONV2D": "math_ops",
    "MAXIMUM": "math_ops",
    "MINIMUM": "math_ops",
    "PRELU": "math_ops",
    "SQUARED_DIFFERENCE": "math_ops",
    "DIV": "math_ops",
    "LOG_SOFTMAX": "math_ops",
    "L2_NORMALIZATION": "math_ops",
    "CUMSUM": "math_ops",
    "BATCH_MATMUL": "attention",
    "LAYER_NORM": "attention",
    "GATHER": "attention",
    "MASKED_SOFTMAX": "attention",
    "SVDF": "streaming",
}
_PLAIN = {
    "CONV2D": "convolution",
    "FULLY_CONNECTED": "convolution",
    "DEPTHWISE_CONV2D": "depthwise",
    "MAX_POOL": "pooling",
    "AVERAGE_POOL": "pooling",
    "MEAN": "pooling",
    "ARGMAX": "pooling",
    "ADD": "elementwise",
    "SUB": "elementwise",
    "MUL": "elementwise",
    "TABLE": "elementwise",
    "CONCATENATE": "shaping",
    "PAD": "shaping",
    "RESHAPE": "shaping",
    "TRANSPOSE": "shaping",
    "STRIDED_SLICE": "shaping",
    "SOFTMAX": "softmax",
    "QUANTIZE": "edges",
    "DEQUANTIZE": "edges",
    "REQUANTIZE": "edges",
    "RESIZE_NEAREST": "resize",
    "RESIZE_BILINEAR": "resize",
}
_ULAB = {"CONV2D": "ulab_products", "FULLY_CONNECTED": "ulab_products", "DEPTHWISE_CONV2D": "ulab_products"}
_NUMPY = {
    "CONV2D": "numpy_windows",
    "FULLY_CONNECTED": "numpy_windows",
    "DEPTHWISE_CONV2D": "numpy_windows",
    "MAX_POOL": "numpy_windows",
    "AVERAGE_POOL": "numpy_windows",
    "RFFT": "numpy_spectrum",
}  # the rest is in numpy_ops
_OWN = {"plain": {}, "ulab": _ULAB, "numpy": _NUMPY}


def best():
    """The fastest kernels this runtime has."""
    for name, module in (("ulab", "ulab"), ("numpy", "numpy")):
        try:
            __import__(module)
            return name
        except ImportError:
            pass
    return "plain"


def kernel(op, kernels):
    """The function kernel(model, step, out) of an op, by its name in layout.OPS; its module is imported now."""
    module = _OWN[kernels].get(op) or _FAMILIES.get(op)
    module = module or ("numpy_ops" if kernels == "numpy" else _PLAIN[op])
    module = __import__("upyml._reference." + module, None, None, ("*",))
    return getattr(module, op.lower())


def signed(data):
    """A copy of bytes, to be read and written as int8."""
    return memoryview(array("b", bytes(data)))


def numpy_arrays(tensors):
    """Give each tensor its `array`: a NumPy view of `data` in its own type and shape."""
    import numpy as np

    for tensor in tensors:
        code = ("i1", "u1", "<i2", "<i4", "<f4")[tensor.dtype]
        tensor.array = np.frombuffer(tensor.data, code).reshape(tensor.shape)
