"""Which kind of quantization a .tflite op has; anything but int8 gets a sentence that says what to do instead."""

from __future__ import annotations

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor

_FULL = (
    "convert the model with full integer quantization (converter.optimizations = [tf.lite.Optimize.DEFAULT] and a "
    "representative_dataset), or give upyml the Keras model"
)


# What the engine computes on int16 activations, with int8 weights; reshapes take any type.
_WIDE = (
    "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D", "ADD", "SUB", "MUL", "MEAN",
    "SOFTMAX", "PAD", "CONCATENATION", "TRANSPOSE", "STRIDED_SLICE", "SLICE", "SPLIT", "SPLIT_V",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "LOGISTIC", "TANH", "RELU", "MAXIMUM", "MINIMUM", "RESIZE_NEAREST_NEIGHBOR",
)  # fmt: skip


def demand_int8(reader, op, place: int) -> Tensor:
    """The op's input, which must be int8, or int16 where the engine has the op for it, as must be its output.

    Raises ConversionError with what to do otherwise.
    """
    number = op.inputs[place] if place < len(op.inputs) else -1
    if number < 0:
        raise ConversionError(f"{reader.describe(op)} lacks an input: the file is damaged")
    source = reader.file.tensors[number]
    result = reader.file.tensors[op.outputs[0]].dtype
    if source.dtype == result == "int16" and op.name in _WIDE:
        return reader.tensor(number)
    if source.dtype != "int8":
        raise ConversionError(_advice(reader, op, source.dtype))
    if result != "int8" and op.name not in ("ARG_MAX", "ARG_MIN"):
        raise ConversionError(f"{reader.describe(op)} goes from int8 to {result}: {_FULL}")
    return reader.tensor(number)


def _advice(reader, op, dtype: str) -> str:
    where = reader.describe(op)
    weights = reader.file.tensors[op.inputs[1]].dtype if len(op.inputs) > 1 and op.inputs[1] >= 0 else None
    if dtype == "float32" and weights == "int8":
        return (
            f"{where} has int8 weights on float activations: this is a hybrid (dynamic range) model, which needs "
            f"floats on the board; {_FULL}"
        )
    if dtype == "float32":
        return f"{where} computes with floats: upyml runs int8 models; {_FULL}"
    if dtype == "uint8":
        return (
            f"{where} computes with uint8: this is the old quantization of TensorFlow 1; convert again with a "
            "TensorFlow 2 converter, whose models compute with int8 (uint8 inputs and outputs are fine)"
        )
    if dtype == "int16":
        return (
            f"{where} computes with int16 activations (int16x8), for which upyml has {', '.join(_WIDE)}: {_FULL} without 16x8"
        )
    return f"{where} takes {dtype} values: upyml runs int8 models; {_FULL}"


def weights_and_bias(reader, op, channel_axis: int) -> list[Tensor]:
    """The op's weights and, where it has one, its bias as constants of the graph, with all axes of the file.

    The weights' `scale` is a float or one float32 for each output channel. Raises ConversionError where they are not
    int8 with zero point 0, or not constant.
    """
    number = op.inputs[1] if len(op.inputs) > 1 else -1
    data = reader.required_constant(op, 1, "weight tensor")
    source = reader.file.tensors[number]
    if source.dtype != "int8":
        raise ConversionError(f"{reader.describe(op)} has {source.dtype} weights: upyml takes int8 weights; {_FULL}")
    if np.any(source.zero_points != 0) or not len(source.scales) or np.any(source.scales <= 0):
        raise ConversionError(f"{reader.describe(op)} has weights without a scale, or with a zero point: {_FULL}")
    per_channel = len(source.scales) > 1
    axis = source.axis if per_channel else channel_axis
    if data.ndim <= channel_axis or axis != channel_axis or (per_channel and len(source.scales) != data.shape[axis]):
        raise ConversionError(
            f"{reader.describe(op)} has {len(source.scales)} weight scales along axis {source.axis} of "
            f"shape {data.shape}: the file is damaged"
        )
    if data.min(initial=0) < -127:
        raise ConversionError(
            f"{reader.describe(op)} has a weight of -128, outside of the symmetric range of TFLite's "
            "quantization: convert again with a newer converter"
        )
    scale = source.scales if per_channel else float(source.scales[0])
    tensors = [Tensor(source.name, data.shape, "int8", scale, 0, data)]
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        bias = reader.required_constant(op, 2, "bias")
        wide = reader.file.tensors[op.inputs[0]].dtype == "int16"
        if bias.dtype not in ((np.int32, np.int64) if wide else (np.int32,)) or bias.size != data.shape[channel_axis]:
            raise ConversionError(
                f"{reader.describe(op)} has {bias.size} biases of type {bias.dtype} for "
                f"{data.shape[channel_axis]} channels: upyml takes one int32 for each"
            )
        name = reader.file.tensors[op.inputs[2]].name
        tensors.append(Tensor(name, (bias.size,), str(bias.dtype), None, 0, bias.reshape(-1)))
    return tensors
