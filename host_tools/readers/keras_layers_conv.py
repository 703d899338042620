"""Keras layers with a kernel: dense, convolution, depthwise and separable convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import NO_PADDING, Builder, window
from host_tools.readers.keras_layers_activation import activation


def values(variable: Any) -> np.ndarray:
    """The numbers of a Keras variable, float32."""
    return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable, np.float32)


def channels_last(layer: Any) -> None:
    """Stop at a layer whose channels come first."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ConversionError(
            f'layer {layer.name}: data_format is "{layer.data_format}"; the engine keeps channels last. '
            'Build the model with data_format="channels_last".'
        )


def pair(numbers: Any) -> tuple[int, int]:
    """(height, width) from Keras's 1-D (width,) or 2-D tuple; a 1-D window has height 1."""
    numbers = (numbers,) if isinstance(numbers, int) else tuple(int(n) for n in numbers)
    return (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def size(x: Tensor) -> tuple[int, int]:
    """(height, width) of an image; (1, time) of a sequence."""
    return (x.shape[0], x.shape[1]) if len(x.shape) == 3 else (1, x.shape[0])


def spatial(x: Tensor, out: tuple[int, int], channels: int) -> tuple[int, ...]:
    """The output's shape: (height, width, channels), or (time, channels) for a sequence."""
    return (*out, channels) if len(x.shape) == 3 else (out[1], channels)


def _bias(build: Builder, layer: Any, values_: np.ndarray | None) -> list[Tensor]:
    return [] if values_ is None else [build.constant(values_, f"{layer.name}/bias")]


def _layer_bias(layer: Any) -> np.ndarray | None:
    return values(layer.bias) if layer.use_bias else None


def dense(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Dense on the last axis of a tensor of any rank."""
    (x,) = inputs
    kernel = values(layer.kernel)
    name = layer.name
    constants = [build.constant(kernel.T, f"{name}/kernel"), *_bias(build, layer, _layer_bias(layer))]
    shape = (*x.shape[:-1], kernel.shape[1])
    y = build.op("fully_connected", [x, *constants], shape, name, activation=None)
    return activation(build, layer, layer.activation, y)


def conv(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Conv1D, Conv2D; groups become one depthwise convolution, or slices that are joined again."""
    (x,) = inputs
    channels_last(layer)
    kernel = values(layer.kernel)
    kernel = kernel.reshape(-1, *kernel.shape[-3:]) if kernel.ndim == 4 else kernel[None]  # (KH, KW, in, out)
    groups = int(layer.groups)
    bias = _layer_bias(layer)
    if groups == 1:
        y = _conv(build, layer, x, kernel, bias, layer.name)
    elif groups == x.shape[-1]:
        y = _depthwise(build, layer, x, kernel.reshape(*kernel.shape[:2], -1), bias, layer.name)
    else:
        y = _grouped(build, layer, x, kernel, bias, groups)
    return activation(build, layer, layer.activation, y)


def _grouped(
    build: Builder, layer: Any, x: Tensor, kernel: np.ndarray, bias: np.ndarray | None, groups: int
) -> Tensor:
    """Each group is a convolution on its slice of the channels."""
    step, out = kernel.shape[2], kernel.shape[3] // groups
    parts = []
    for group in range(groups):
        begin = (*[0] * (len(x.shape) - 1), group * step)
        shape = (*x.shape[:-1], step)
        end = tuple(b + n for b, n in zip(begin, shape))
        name = f"{layer.name}/group{group}"
        strides = (1,) * len(shape)
        part = build.op("strided_slice", [x], shape, f"{name}/slice", begin=begin, end=end, strides=strides)
        mine = slice(group * out, (group + 1) * out)
        parts.append(_conv(build, layer, part, kernel[..., mine], None if bias is None else bias[mine], name))
    shape = (*parts[0].shape[:-1], kernel.shape[3])
    return build.op("concat", parts, shape, layer.name, axis=len(shape) - 1)


def _conv(build: Builder, layer: Any, x: Tensor, kernel: np.ndarray, bias: np.ndarray | None, name: str) -> Tensor:
    """One convolution; kernel is (KH, KW, in, out)."""
    stride, dilation = pair(layer.strides), pair(layer.dilation_rate)
    out, padding = window(layer.padding, size(x), kernel.shape[:2], stride, dilation)
    constants = [build.constant(kernel.transpose(3, 0, 1, 2), f"{name}/kernel"), *_bias(build, layer, bias)]
    return build.op(
        "conv2d",
        [x, *constants],
        spatial(x, out, kernel.shape[3]),
        name,
        stride=stride,
        dilation=dilation,
        padding=padding,
        activation=None,
    )


def _depthwise(
    build: Builder, layer: Any, x: Tensor, kernel: np.ndarray, bias: np.ndarray | None, name: str
) -> Tensor:
    """One depthwise convolution; kernel is (KH, KW, channels * multiplier), a channel's outputs side by side."""
    stride, dilation = pair(layer.strides), pair(layer.dilation_rate)
    out, padding = window(layer.padding, size(x), kernel.shape[:2], stride, dilation)
    constants = [build.constant(kernel, f"{name}/kernel"), *_bias(build, layer, bias)]
    return build.op(
        "depthwise_conv2d",
        [x, *constants],
        spatial(x, out, kernel.shape[2]),
        name,
        stride=stride,
        dilation=dilation,
        padding=padding,
        multiplier=kernel.shape[2] // x.shape[-1],
        activation=None,
    )


def _depthwise_kernel(layer: Any) -> np.ndarray:
    """(KH, KW, channels * multiplier) of a depthwise or separable layer; Keras 2 and 3 name it differently."""
    kernel = values(layer.depthwise_kernel if hasattr(layer, "depthwise_kernel") else layer.kernel)
    kernel = kernel if kernel.ndim == 4 else kernel[None]
    return kernel.reshape(*kernel.shape[:2], -1)


def depthwise(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """DepthwiseConv1D, DepthwiseConv2D."""
    channels_last(layer)
    y = _depthwise(build, layer, inputs[0], _depthwise_kernel(layer), _layer_bias(layer), layer.name)
    return activation(build, layer, layer.activation, y)


def separable(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """SeparableConv1D, SeparableConv2D: a depthwise convolution and one of size 1."""
    channels_last(layer)
    y = _depthwise(build, layer, inputs[0], _depthwise_kernel(layer), None, f"{layer.name}/depthwise")
    pointwise = values(layer.pointwise_kernel)
    pointwise = pointwise.reshape(pointwise.shape[-2:]).T[:, None, None, :]
    constants = [build.constant(pointwise, f"{layer.name}/pointwise"), *_bias(build, layer, _layer_bias(layer))]
    y = build.op(
        "conv2d",
        [y, *constants],
        (*y.shape[:-1], len(pointwise)),
        layer.name,
        stride=(1, 1),
        dilation=(1, 1),
        padding=NO_PADDING,
        activation=None,
    )
    return activation(build, layer, layer.activation, y)


def transposed(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Conv1DTranspose, Conv2DTranspose; what of all that its weights reach is cut off, the odd row last."""
    (x,) = inputs
    channels_last(layer)
    kernel = values(layer.kernel)  # (KH, KW, out, in)
    kernel = kernel if kernel.ndim == 4 else kernel[None]
    stride, dilation = pair(layer.strides), pair(layer.dilation_rate)
    shape = tuple(int(n) for n in layer.compute_output_shape((1, *x.shape))[1:])
    out = (shape[0], shape[1]) if len(shape) == 3 else (1, shape[0])
    padding: list[int] = []
    for n, k, s, d, made in zip(size(x), kernel.shape[:2], stride, dilation, out):
        reach = (n - 1) * s + (k - 1) * d + 1
        cut = max(reach - made, 0) // 2 if layer.padding == "same" else 0
        padding += [cut, reach - cut - made]
    weights = build.constant(kernel.transpose(2, 0, 1, 3), f"{layer.name}/kernel")
    y = build.op(
        "conv2d_transpose",
        [x, weights, *_bias(build, layer, _layer_bias(layer))],
        shape,
        layer.name,
        stride=stride,
        dilation=dilation,
        padding=tuple(padding),
        activation=None,
    )
    return activation(build, layer, layer.activation, y)


LAYERS = {
    "Dense": dense,
    "Conv1D": conv,
    "Conv2D": conv,
    "DepthwiseConv1D": depthwise,
    "DepthwiseConv2D": depthwise,
    "Conv1DTranspose": transposed,
    "Conv2DTranspose": transposed,
    "SeparableConv1D": separable,
    "SeparableConv2D": separable,
}
