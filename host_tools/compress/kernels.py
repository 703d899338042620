"""The kernels of a Keras model that can be pruned, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.compress.patterns import BLOCK4X2, Pattern
from host_tools.errors import ConversionError

# Layers, and which of their weights is the kernel.
_KERNELS = {
    "Dense": "kernel",
    "Conv1D": "kernel",
    "Conv2D": "kernel",
    "SeparableConv1D": "pointwise_kernel",
    "SeparableConv2D": "pointwise_kernel",
    "DepthwiseConv1D": "kernel",
    "DepthwiseConv2D": "kernel",
}


@dataclass(frozen=True)
class Kernel:
    """A layer's kernel. name: the layer's, after those of the models that it is nested in: "features/conv1d"."""

    name: str
    layer: Any
    variable: Any
    groups: int
    depthwise: bool

    def values(self) -> np.ndarray:
        """The weights, as float32."""
        return np.asarray(self.variable.numpy()).astype(np.float32)

    def assign(self, values: np.ndarray) -> None:
        """Give the layer these weights."""
        self.variable.assign(values.astype(np.asarray(self.variable.numpy()).dtype))

    @property
    def size(self) -> int:
        """How many weights it has."""
        return int(np.prod(self.variable.shape))

    def refusal(self, pattern: Pattern) -> str:
        """Why the pattern cannot prune this layer; "" if it can."""
        if self.depthwise and not pattern.depthwise:
            return (
                f"layer {self.name} ({type(self.layer).__name__}): pattern {pattern.name} needs outputs that share their "
                "inputs, a depthwise layer has none; only unstructured can prune it"
            )
        return ""


@dataclass(frozen=True)
class Zeros:
    """What is zero in a layer: weights, and blocks of 4 outputs x 2 k, which is what the engine can leave out."""

    layer: str
    weights: int
    zeros: int
    blocks: int
    zero_blocks: int

    @property
    def sparsity(self) -> float:
        """The part of the weights that is zero."""
        return self.zeros / self.weights


def find(model: Any) -> list[Kernel]:
    """The kernels of a built Keras model, nested models included, in the order of its layers.

    Raises ConversionError for a model that is not built, weights that are shared between two layers or two models (a
    layer that one model calls several times is no matter), weights that are no variable or not a number.
    """
    if not getattr(model, "built", False):
        raise ConversionError(
            f"model {getattr(model, 'name', model)!s} does not know its input shape yet. "
            "Begin it with keras.Input(shape=...), or call it once on data."
        )
    found: dict[int, Kernel] = {}
    for name, layer in _layers(model):
        kind = _kind(layer)
        if not kind:
            continue
        variable = getattr(layer, _KERNELS[kind], None)
        if kind.startswith("Depthwise"):  # Keras 2 and 3 name it differently
            variable = getattr(layer, "depthwise_kernel", variable)
        if not hasattr(variable, "assign") or "float" not in str(variable.dtype):
            raise ConversionError(f"layer {name}: its kernel is quantized or made of others (LoRA): prune it before that")
        if id(variable) in found:
            raise ConversionError(
                f"layer {name} has the same weights as {found[id(variable)].name}: weights shared between models or "
                "layers cannot be pruned. Build each with a layer of its own."
            )
        groups = int(getattr(layer, "groups", 1) or 1)
        depthwise = kind.startswith("Depthwise") or groups > 1 and variable.shape[-2] == 1
        kernel = Kernel(name, layer, variable, groups, depthwise)
        require_numbers(kernel)
        found[id(variable)] = kernel
    return list(found.values())


def named(model: Any, kernels: list[Kernel], names: Iterable[str]) -> list[Kernel]:
    """The kernels of those names; the last part of a name ("conv1d") will do where it is the only one.

    Raises ConversionError for a name of no layer, of several, and of a layer without a kernel to be pruned.
    """
    chosen = []
    for name in names:
        fitting = [k for k in kernels if k.name == name] or [k for k in kernels if k.name.endswith("/" + name)]
        if len(fitting) > 1:
            raise ConversionError(f"layer {name}: there are {', '.join(k.name for k in fitting)}; give one of these names")
        if not fitting:
            raise ConversionError(_unknown(model, kernels, name))
        chosen.append(fitting[0])
    return chosen


def require_numbers(kernel: Kernel) -> None:
    """Stop at weights that are not finite: nothing can be said of their size."""
    if not np.isfinite(kernel.values()).all():
        raise ConversionError(
            f"layer {kernel.name}: its weights are not all numbers (NaN or infinity). Train the model anew, with a "
            "lower learning rate"
        )


def zeros(model: Any) -> list[Zeros]:
    """What is zero in each layer that can be pruned; depthwise layers have no blocks."""
    return [_zeros(kernel) for kernel in find(model)]


def _zeros(kernel: Kernel) -> Zeros:
    zero = kernel.values() == 0
    blocks = dead = 0
    if not kernel.depthwise:
        unit = BLOCK4X2.units(zero.shape, kernel.groups).ravel()
        alive = np.bincount(unit, ~zero.ravel())
        blocks, dead = len(alive), int((alive == 0).sum())
    return Zeros(kernel.name, zero.size, int(zero.sum()), blocks, dead)


def _kind(layer: Any) -> str:
    """The layer's class where it is Keras's own and has a kernel, else ""."""
    ours = type(layer).__module__.split(".")[0] in ("keras", "tf_keras")
    return type(layer).__name__ if ours and type(layer).__name__ in _KERNELS else ""


def _layers(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        if hasattr(layer, "get_layer"):  # a model
            yield from _layers(layer, f"{name}/")
        else:
            yield name, layer


def _unknown(model: Any, kernels: list[Kernel], name: str) -> str:
    can = f"layers that can be are {', '.join(k.name for k in kernels) or '(none)'}"
    for full, layer in _layers(model):
        if full == name or full.endswith("/" + name):
            return f"layer {full} ({type(layer).__name__}) cannot be pruned: it has no kernel; {can}"
    return f"there is no layer {name!r} to prune; {can}"
