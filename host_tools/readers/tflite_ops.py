"""One function for each TFLite operator: (reader, file op) -> graph ops appended to the reader.

Here stand windows, arithmetic, functions of one value and the edges; what works along axes stands in tflite_axes.py.
"""

from __future__ import annotations

import tflite

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers import (
    tflite_attention,
    tflite_axes,
    tflite_dilation,
    tflite_math,
    tflite_recurrent,
    tflite_signal,
    tflite_stream,
    tflite_wide,
)
from host_tools.readers.tflite_types import demand_int8, weights_and_bias
from host_tools.shapes import same_padding

_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: None,
    tflite.ActivationFunctionType.RELU: "relu",
    tflite.ActivationFunctionType.RELU6: "relu6",
    tflite.ActivationFunctionType.RELU_N1_TO_1: (-1.0, 1.0),
}


def _activation(reader, op) -> dict:
    code = op.option("FusedActivationFunction", 0)
    if code not in _ACTIVATIONS:
        raise ConversionError(
            f"{reader.describe(op)} has a fused activation (number {code}) that is not known to upyml: "
            "use relu, relu6 or a layer of its own"
        )
    return {"activation": _ACTIVATIONS[code]}


def _window(reader, op, kernel) -> dict:
    """Stride, dilation and padding of a window over the op's first input."""
    if isinstance(op.options, tflite_dilation.Dilated):
        return {"stride": (1, 1), "dilation": op.options.dilation, "padding": op.options.around}
    shape = reader.file.tensors[op.inputs[0]].shape
    if len(shape) != 4 or shape[0] != 1:
        raise ConversionError(
            f"{reader.describe(op)} takes shape {shape}: upyml runs one image at a time; convert the "
            "model with a batch of 1"
        )
    stride = (op.option("StrideH", 1), op.option("StrideW", 1))
    has_dilation = hasattr(op.options, "DilationHFactor")
    dilation = (op.option("DilationHFactor"), op.option("DilationWFactor")) if has_dilation else (1, 1)
    if min(stride + dilation + tuple(kernel)) < 1:
        raise ConversionError(f"{reader.describe(op)} has a stride, dilation or kernel below 1: the file is damaged")
    padding = (0, 0, 0, 0)
    if op.option("Padding", 0) == tflite.Padding.SAME:
        padding = sum((same_padding(shape[1 + i], kernel[i], stride[i], dilation[i]) for i in range(2)), ())
    return {"stride": stride, "dilation": dilation, "padding": padding}


def _conv2d(reader, op):
    x = demand_int8(reader, op, 0)
    tensors = weights_and_bias(reader, op, channel_axis=0)
    if tensors[0].data.ndim != 4:
        raise ConversionError(f"{reader.describe(op)}: its weights have {tensors[0].data.ndim} axes instead of 4")
    depth = tensors[0].shape[3]
    if not depth or x.shape[-1] % depth:
        raise ConversionError(
            f"{reader.describe(op)}: weights for {depth} input channels on {x.shape[-1]}: the file is damaged"
        )
    attrs = _window(reader, op, tensors[0].shape[1:3]) | _activation(reader, op)
    if depth != x.shape[-1]:
        tflite_math.grouped(reader, op, x, tensors, attrs)
        return
    reader.emit(op, "conv2d", [x] + tensors, attrs)


def _depthwise(reader, op):
    x = demand_int8(reader, op, 0)
    weights, *bias = weights_and_bias(reader, op, channel_axis=3)
    if weights.data.ndim != 4 or weights.shape[0] != 1 or weights.shape[3] % x.shape[-1]:
        raise ConversionError(
            f"{reader.describe(op)}: weights of shape {weights.shape} on {x.shape[-1]} channels: the file is damaged"
        )
    flat = Tensor(weights.name, weights.shape[1:], "int8", weights.scale, 0, weights.data[0])
    attrs = _window(reader, op, flat.shape[:2]) | _activation(reader, op)
    reader.emit(op, "depthwise_conv2d", [x, flat] + bias, attrs | {"multiplier": flat.shape[2] // x.shape[-1]})


def _fully_connected(reader, op):
    x = demand_int8(reader, op, 0)
    tensors = weights_and_bias(reader, op, channel_axis=0)
    if tensors[0].data.ndim != 2 or op.option("WeightsFormat", 0):
        raise ConversionError(
            f"{reader.describe(op)}: its weights are not a plain matrix; convert with TFLiteConverter's default options"
        )
    reader.emit(op, "fully_connected", [x] + tensors, _activation(reader, op))


def _pool(kind):
    def convert(reader, op):
        x = demand_int8(reader, op, 0)
        kernel = (op.option("FilterHeight"), op.option("FilterWidth"))
        attrs = _window(reader, op, kernel)
        del attrs["dilation"]
        reader.emit(op, kind, [x], attrs | {"kernel": kernel} | _activation(reader, op))

    return convert


def _binary(kind):
    def convert(reader, op):
        reader.emit(op, kind, [demand_int8(reader, op, 0), demand_int8(reader, op, 1)], _activation(reader, op))

    return convert


def _softmax(reader, op):
    beta = _positive(reader, op, "beta", op.option("Beta", 1.0))
    reader.emit(op, "softmax", [demand_int8(reader, op, 0)], {"beta": beta})


def _positive(reader, op, name, value) -> float:
    if not 0 < value < 1e6:
        raise ConversionError(f"{reader.describe(op)} has {name} {value}: upyml takes numbers above 0")
    return float(value)


def _unary(kind, **options):
    def convert(reader, op):
        attrs = {name: _positive(reader, op, name, op.option(field, 0.0)) for name, field in options.items()}
        reader.emit(op, kind, [demand_int8(reader, op, 0)], attrs)

    return convert


def _clip(low, high):
    return lambda reader, op: reader.emit(op, "clip", [demand_int8(reader, op, 0)], {"low": low, "high": high})


def _resize(kind):
    def convert(reader, op):
        x = demand_int8(reader, op, 0)
        shape = reader.file.tensors[op.inputs[0]].shape
        if len(shape) != 4 or shape[0] != 1:
            raise ConversionError(f"{reader.describe(op)} takes shape {shape}: upyml runs one image at a time")
        reader.required_constant(op, 1, "size")
        reader.emit(
            op,
            kind,
            [x],
            {
                "align_corners": bool(op.option("AlignCorners", False)),
                "half_pixel_centers": bool(op.option("HalfPixelCenters", False)),
            },
        )

    return convert


def _quantize(reader, op):
    reader.emit(op, "quantize", [reader.tensor(op.inputs[0])], {})


def _dequantize(reader, op):
    if reader.constant(op.inputs[0]) is not None:
        raise ConversionError(
            f"{reader.describe(op)} turns stored weights into floats: this is a float16 or hybrid model; "
            "convert it again with full integer quantization (a representative_dataset)"
        )
    reader.emit(op, "dequantize", [reader.tensor(op.inputs[0])], {})


CONVERTERS = {
    **tflite_axes.CONVERTERS,
    "CONV_2D": _conv2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pool("max_pool"),
    "AVERAGE_POOL_2D": _pool("average_pool"),
    "ADD": _binary("add"),
    "SUB": _binary("sub"),
    "MUL": _binary("mul"),
    "SOFTMAX": _softmax,
    "LOGISTIC": _unary("logistic"),
    "TANH": _unary("tanh"),
    "RELU": _unary("relu"),
    "RELU6": _unary("relu6"),
    "RELU_N1_TO_1": _clip(-1.0, 1.0),
    "LEAKY_RELU": _unary("leaky_relu", alpha="Alpha"),
    "HARD_SWISH": _unary("hard_swish"),
    "ELU": _unary("elu"),
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
    "RESIZE_NEAREST_NEIGHBOR": _resize("resize_nearest"),
    "RESIZE_BILINEAR": _resize("resize_bilinear"),
    **tflite_math.CONVERTERS,
    **tflite_attention.CONVERTERS,
    **tflite_recurrent.CONVERTERS,
    **tflite_stream.CONVERTERS,
    **tflite_signal.CONVERTERS,
    **tflite_wide.CONVERTERS,
}
