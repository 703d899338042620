"""Keras pooling layers, local and global, of one and two dimensions."""

from __future__ import annotations

from typing import Any

from host_tools.graph import Tensor
from host_tools.readers.builder import NO_PADDING, Builder, window
from host_tools.readers.keras_layers_conv import channels_last, pair, size, spatial


def _pool(build: Builder, layer: Any, inputs: list[Tensor], kind: str) -> Tensor:
    """A window sliding over the image; elements outside it count neither for the maximum nor for the average."""
    (x,) = inputs
    channels_last(layer)
    kernel, stride = pair(layer.pool_size), pair(layer.strides)
    out, padding = window(layer.padding, size(x), kernel, stride)
    return build.op(
        kind,
        [x],
        spatial(x, out, x.shape[-1]),
        layer.name,
        kernel=kernel,
        stride=stride,
        padding=padding,
        activation=None,
    )


def _max_pool(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _pool(build, layer, inputs, "max_pool")


def _average_pool(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _pool(build, layer, inputs, "average_pool")


def _global_shape(layer: Any, x: Tensor) -> tuple[int, ...]:
    """(channels,), or with keepdims the rank of the input."""
    kept = (1,) * (len(x.shape) - 1) if getattr(layer, "keepdims", False) else ()
    return (*kept, x.shape[-1])


def _global_max(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """A max pool of the whole image."""
    (x,) = inputs
    channels_last(layer)
    shape = _global_shape(layer, x)
    flat = (1,) * (len(x.shape) - 1) + shape[-1:]
    name = layer.name if flat == shape else f"{layer.name}/pool"
    kernel = size(x)
    y = build.op("max_pool", [x], flat, name, kernel=kernel, stride=(1, 1), padding=NO_PADDING, activation=None)
    return y if flat == shape else build.op("reshape", [y], shape, layer.name)


def _global_average(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """The mean over all but the channels."""
    (x,) = inputs
    channels_last(layer)
    axes = tuple(range(len(x.shape) - 1))
    return build.op("mean", [x], _global_shape(layer, x), layer.name, axes=axes)


LAYERS = {
    "MaxPooling1D": _max_pool,
    "MaxPooling2D": _max_pool,
    "AveragePooling1D": _average_pool,
    "AveragePooling2D": _average_pool,
    "GlobalMaxPooling1D": _global_max,
    "GlobalMaxPooling2D": _global_max,
    "GlobalAveragePooling1D": _global_average,
    "GlobalAveragePooling2D": _global_average,
}
