"""Keras layers of arithmetic: merging of branches, normalisation, and those that do nothing when a model runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder
from host_tools.readers.keras_layers_conv import values


def _merge(build: Builder, inputs: list[Tensor], kind: str, name: str) -> Tensor:
    """Two inputs at a time, from the first to the last."""
    y = inputs[0]
    for count, x in enumerate(inputs[1:], 2):
        shape = np.broadcast_shapes(y.shape, x.shape)
        label = name if count == len(inputs) else f"{name}/{count - 1}"
        y = build.op(kind, [y, x], shape, label, activation=None)
    return y


def _add(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _merge(build, inputs, "add", layer.name)


def _subtract(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _merge(build, inputs, "sub", layer.name)


def _multiply(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _merge(build, inputs, "mul", layer.name)


def _maximum(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _merge(build, inputs, "maximum", layer.name)


def _minimum(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return _merge(build, inputs, "minimum", layer.name)


def _dot(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Of two vectors: their products' sum; of their directions' with `normalize`."""
    a, b = inputs
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise ConversionError(f"layer {layer.name}: multiplies tensors of {len(a.shape)} and {len(b.shape)} axes; use vectors.")
    if layer.normalize:
        a, b = (build.op("l2_normalization", [x], x.shape, f"{layer.name}/direction") for x in (a, b))
    y = build.op("mul", [a, b], a.shape, f"{layer.name}/products", activation=None)
    return build.op("sum", [y], (1,), layer.name, axes=(0,))


def _average(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """The sum, then one multiplication."""
    total = _merge(build, inputs, "add", f"{layer.name}/sum")
    share = build.constant(np.full((1,) * len(total.shape), 1 / len(inputs)), f"{layer.name}/share")
    return build.op("mul", [total, share], total.shape, layer.name, activation=None)


def _concatenate(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    rank = len(inputs[0].shape)
    axis = layer.axis - 1 if layer.axis > 0 else layer.axis + rank  # Keras counts the batch as axis 0
    if not 0 <= axis < rank:
        raise ConversionError(f"layer {layer.name}: axis {layer.axis} is the batch; join along another axis.")
    shape = list(inputs[0].shape)
    shape[axis] = sum(x.shape[axis] for x in inputs)
    return build.op("concat", inputs, shape, layer.name, axis=axis)


def _batch_normalization(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """Over the last axis, with the statistics that training left."""
    (x,) = inputs
    axis = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axis not in ([-1], [len(x.shape)]):
        raise ConversionError(
            f"layer {layer.name}: normalises axis {axis}; the engine keeps channels last. Use axis=-1."
        )
    mean, variance = values(layer.moving_mean), values(layer.moving_variance)
    gamma = values(layer.gamma) if layer.scale else np.ones_like(mean)
    beta = values(layer.beta) if layer.center else np.zeros_like(mean)
    return build.batch_norm(x, (gamma, beta, mean, variance), layer.epsilon, layer.name)


def _rescaling(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return build.affine(inputs[0], layer.scale, layer.offset, layer.name)


def _normalization(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """(x - mean) / deviation, or back with invert."""
    mean, variance = (values(v).astype(np.float64) for v in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), 1e-7)  # Keras's own floor
    if getattr(layer, "invert", False):
        return build.affine(inputs[0], deviation, mean, layer.name)
    return build.affine(inputs[0], 1 / deviation, -mean / deviation, layer.name)


def _nothing(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """A layer that only acts in training."""
    return inputs[0]


LAYERS = {
    "Add": _add,
    "Subtract": _subtract,
    "Multiply": _multiply,
    "Maximum": _maximum,
    "Minimum": _minimum,
    "Dot": _dot,
    "Average": _average,
    "Concatenate": _concatenate,
    "BatchNormalization": _batch_normalization,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    **dict.fromkeys(
        (
            "InputLayer",
            "Identity",
            "Dropout",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "AlphaDropout",
            "GaussianDropout",
            "GaussianNoise",
            "ActivityRegularization",
            "RandomFlip",
            "RandomRotation",
            "RandomZoom",
            "RandomTranslation",
            "RandomContrast",
            "RandomBrightness",
        ),
        _nothing,
    ),
}
