"""TimeDistributed: a layer on each step of a series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder

# What works on the last axis, or on each element, does so on all steps at once.
_POINTWISE = ("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "BatchNormalization", "Dropout")
# A series of rows is an image, and these have windows of height 1.
_ROWS = ("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "MaxPooling1D", "AveragePooling1D")
MOST_STEPS = 32  # of other layers, of which each step has a copy

Call = Callable[[Builder, Any, list[Tensor]], list[Tensor]]


def time_distributed(build: Builder, layer: Any, inputs: list[Tensor], call: Call) -> Tensor:
    """Dense, activations and 1-D windows at once, other layers step by step. call: reads a layer."""
    (x,) = inputs
    inner, steps = layer.layer, x.shape[0]
    kind = type(inner).__name__
    if kind in _POINTWISE or (kind in _ROWS and len(x.shape) == 3):
        (y,) = call(build, inner, [x])
        return y
    if kind == "Flatten":
        return build.op("reshape", [x], (steps, x.size // steps), layer.name)
    if getattr(inner, "stateful", False):
        raise ConversionError(f"layer {layer.name}: its layer {inner.name} is stateful; give the steps one after another.")
    if steps > MOST_STEPS:
        raise ConversionError(
            f"layer {layer.name}: {kind} on {steps} steps would have a copy for each of them; that is done up to {MOST_STEPS}. "
            "Use layers that work on all steps at once, such as Dense or Conv1D."
        )
    made = [_step(build, inner, x, step, f"{layer.name}/step_{step}", call) for step in range(steps)]
    if steps == 1:
        return made[0]
    return build.op("concat", made, (steps, *made[0].shape[1:]), layer.name, axis=0)


def _step(build: Builder, inner: Any, x: Tensor, step: int, name: str, call: Call) -> Tensor:
    """The layer's output for one step, (1, ...)."""
    rest = x.shape[1:]
    begin, end = (step, *[0] * len(rest)), (step + 1, *rest)
    cut = build.op("strided_slice", [x], (1, *rest), f"{name}/in", begin=begin, end=end, strides=(1,) * len(begin))
    (y,) = call(build, inner, [build.op("reshape", [cut], rest, f"{name}/x")])
    return build.op("reshape", [y], (1, *y.shape), f"{name}/y")
