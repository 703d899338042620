"""Keras layers that move elements: flatten, reshape, permute, padding, cropping, upsampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder
from host_tools.readers.keras_layers_conv import channels_last, pair, size, spatial


def _flatten(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    channels_last(layer)
    return build.op("reshape", inputs, (inputs[0].size,), layer.name)


def _reshape(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    shape = [int(n) for n in layer.target_shape]
    if -1 in shape:
        shape[shape.index(-1)] = inputs[0].size // int(-np.prod(shape))
    return build.op("reshape", inputs, shape, layer.name)


def _permute(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    perm = tuple(int(axis) - 1 for axis in layer.dims)  # Keras counts the batch as axis 0
    return build.op("transpose", inputs, [inputs[0].shape[axis] for axis in perm], layer.name, perm=perm)


def _edges(numbers: Any) -> list[tuple[int, int]]:
    """(before, after) of every spatial axis from Keras's 1-D or 2-D form."""
    if np.ndim(numbers) == 1:
        numbers = (numbers,)
    return [(int(before), int(after)) for before, after in numbers]


def _zero_padding(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    channels_last(layer)
    before, after = zip(*_edges(layer.padding), (0, 0))
    shape = [b + n + a for b, n, a in zip(before, x.shape, after)]
    return build.op("pad", [x], shape, layer.name, before=before, after=after, value=0.0)


def _cropping(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    channels_last(layer)
    begin, cut = zip(*_edges(layer.cropping), (0, 0))
    end = tuple(n - c for n, c in zip(x.shape, cut))
    shape = [e - b for b, e in zip(begin, end)]
    return build.op("strided_slice", [x], shape, layer.name, begin=begin, end=end, strides=(1,) * len(shape))


def _upsampling(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Nearest or bilinear; Keras counts from the middle of a pixel."""
    (x,) = inputs
    channels_last(layer)
    word = getattr(layer, "interpolation", "nearest")
    if word not in ("nearest", "bilinear"):
        raise ConversionError(
            f'layer {layer.name}: the engine has no {word} interpolation. Use interpolation="nearest" or "bilinear".'
        )
    height, width = size(x)
    times = pair(layer.size)
    shape = spatial(x, (height * times[0], width * times[1]), x.shape[-1])
    half = word == "bilinear"  # for nearest by a whole factor both countings choose the same pixels
    return build.op(f"resize_{word}", [x], shape, layer.name, align_corners=False, half_pixel_centers=half)


def _repeat_vector(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    row = build.op("reshape", [x], (1, *x.shape), f"{layer.name}/row")
    places = ((0,) * int(layer.n), *[None] * len(x.shape))
    return build.op("take", [row], (int(layer.n), *x.shape), layer.name, places=places)


LAYERS = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "ZeroPadding1D": _zero_padding,
    "ZeroPadding2D": _zero_padding,
    "Cropping1D": _cropping,
    "Cropping2D": _cropping,
    "UpSampling1D": _upsampling,
    "UpSampling2D": _upsampling,
}
