"""Keras activations, as layers and as the `activation` argument of other layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder

# Keras's name of a function: our op and its attributes.
FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky_relu": ("leaky_relu", {"alpha": 0.2}),
    "elu": ("elu", {"alpha": 1.0}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "sigmoid": ("logistic", {}),
    "tanh": ("tanh", {}),
    "hard_silu": ("hard_swish", {}),
    "hard_swish": ("hard_swish", {}),
    "hard_sigmoid": ("hard_sigmoid", {}),
    "silu": ("silu", {}),
    "swish": ("silu", {}),
    "softplus": ("softplus", {}),
    "softsign": ("softsign", {}),
    "exponential": ("exp", {}),
    "softmax": ("softmax", {"beta": 1.0}),
    "log_softmax": ("log_softmax", {}),
    "log_sigmoid": ("log_sigmoid", {}),
    "hard_tanh": ("clip", {"low": -1.0, "high": 1.0}),
    "celu": ("elu", {"alpha": 1.0}),
    "tanh_shrink": ("tanh_shrink", {}),
    "soft_shrink": ("soft_shrink", {}),
    "hard_shrink": ("hard_shrink", {}),
    "squareplus": ("squareplus", {}),
    "sparse_plus": ("sparse_plus", {}),
    "sparse_sigmoid": ("sparse_sigmoid", {}),
}
KNOWN = ", ".join(FUNCTIONS)


def activation(build: Builder, layer: Any, function: Any, x: Tensor) -> Tensor:
    """The op of an activation function given to a layer; x itself for none and linear."""
    if function is None:
        return x
    if type(function).__name__ in LAYERS:  # Keras 3 takes a layer where a function is expected
        return LAYERS[type(function).__name__](build, function, [x])
    name = getattr(function, "__name__", type(function).__name__)
    module = getattr(function, "__module__", "") or ""
    if name == "linear":
        return x
    if name not in FUNCTIONS or module.split(".")[0] not in ("keras", "tf_keras"):
        raise ConversionError(
            f"layer {layer.name}: the engine has no op for the activation {name}. Use one of {KNOWN}."
        )
    kind, attrs = FUNCTIONS[name]
    if kind == "hard_sigmoid" and module.startswith("tf_keras"):  # Keras 2 has another slope: 0.2 instead of 1 / 6
        y = build.op("affine", [x], x.shape, f"{layer.name}/slope", scale=0.2, offset=0.5)
        return build.op("clip", [y], x.shape, f"{layer.name}/{name}", low=0.0, high=1.0)
    own = type(layer).__name__ == "Activation"
    return build.op(kind, [x], x.shape, layer.name if own else f"{layer.name}/{name}", **attrs)


def _activation(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return activation(build, layer, layer.activation, inputs[0])


def _number(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _relu(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """ReLU with max_value, negative_slope and threshold."""
    (x,) = inputs
    limit = None if layer.max_value is None else float(layer.max_value)
    slope, threshold = _number(layer.negative_slope), _number(layer.threshold)
    if threshold or (slope and limit is not None):
        attrs = {"threshold": threshold, "negative_slope": slope, "max_value": limit}
        return build.op("threshold_relu", [x], x.shape, layer.name, **attrs)
    if slope:
        return build.op("leaky_relu", [x], x.shape, layer.name, alpha=slope)
    if limit is None:
        return build.op("relu", [x], x.shape, layer.name)
    if limit == 6:
        return build.op("relu6", [x], x.shape, layer.name)
    return build.op("clip", [x], x.shape, layer.name, low=0.0, high=limit)


def _leaky_relu(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    alpha = layer.negative_slope if hasattr(layer, "negative_slope") else layer.alpha
    return build.op("leaky_relu", inputs, inputs[0].shape, layer.name, alpha=_number(alpha))


def _prelu(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """A slope for each element, or for those that share it."""
    (x,) = inputs
    slopes = np.asarray(layer.alpha, np.float32)
    if np.ptp(slopes) == 0:
        return build.op("leaky_relu", inputs, x.shape, layer.name, alpha=float(slopes.flat[0]))
    return build.op("prelu", [x, build.constant(slopes, f"{layer.name}/alpha")], x.shape, layer.name)


def _elu(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return build.op("elu", inputs, inputs[0].shape, layer.name, alpha=_number(layer.alpha))


def _threshold(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    attrs = {"threshold": _number(layer.theta), "negative_slope": 0.0, "max_value": None}
    return build.op("threshold_relu", inputs, inputs[0].shape, layer.name, **attrs)


def softmax_along(build: Builder, x: Tensor, axis: Any, name: str) -> Tensor:
    """Softmax over an axis, or over neighbours together, as Keras counts them: between two transposes, if not the last."""
    rank = len(x.shape)
    numbers = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -rank <= n < 0 and not 0 < n <= rank for n in numbers):
        raise ConversionError(f"layer {name}: softmax over axis {axis}, the batch. Use another axis.")
    axes = sorted(n % (rank + 1) - 1 for n in numbers)
    perm = [n for n in range(rank) if n not in axes] + axes
    y = x
    if perm != list(range(rank)):
        y = build.op("transpose", [y], [x.shape[n] for n in perm], f"{name}/last", perm=tuple(perm))
    if len(axes) > 1:
        joined = math.prod(x.shape[n] for n in axes)
        y = build.op("reshape", [y], (*y.shape[: rank - len(axes)], joined), f"{name}/joined")
    plain = perm == list(range(rank)) and len(axes) == 1
    y = build.op("softmax", [y], y.shape, name if plain else f"{name}/softmax", beta=1.0)
    if len(axes) > 1:
        y = build.op("reshape", [y], [x.shape[n] for n in perm], f"{name}/split")
    if perm == list(range(rank)):
        return y
    return build.op("transpose", [y], x.shape, name, perm=tuple(perm.index(n) for n in range(rank)))


def _softmax(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    return softmax_along(build, inputs[0], layer.axis, layer.name)


LAYERS = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "ThresholdedReLU": _threshold,
    "Softmax": _softmax,
}
