"""What is to be pruned: the user's wishes, checked, and what they mean for the layers of one model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from host_tools.compress import kernels, patterns
from host_tools.compress.kernels import Kernel
from host_tools.errors import ConversionError

SCOPES = ("layer", "global")


class Plan:
    """sparsity: the part in [0, 1) of the weights that is pruned, in each layer that `layers` does not name, or, with
    scope="global", of all of these together; None: of no others. layers: {name: sparsity}. spare: names of layers that
    stay as they are. Depthwise layers stay unless `layers` names them. Raises ConversionError for what cannot be.
    """

    def __init__(
        self,
        sparsity: float | None = None,
        pattern: str = "unstructured",
        layers: Mapping[str, float] | None = None,
        spare: Iterable[str] = (),
        scope: str = "layer",
    ):
        self.pattern = patterns.pattern(pattern)
        if scope not in SCOPES:
            raise ConversionError(f"the scope is {' or '.join(SCOPES)}, received {scope!r}")
        if sparsity is None and not layers:
            sparsity = self.pattern.sparsity  # N:M says it
            if sparsity is None:
                raise ConversionError("how much is to be pruned? Give a sparsity, as 0.75, or layers={name: sparsity}")
        self.sparsity = None if sparsity is None else self._checked(sparsity)
        self.layers = {name: self._checked(value) for name, value in (layers or {}).items()}
        self.spare = (spare,) if isinstance(spare, str) else tuple(spare)
        self.scope = scope

    def targets(self, model: Any) -> tuple[list[tuple[Kernel, float]], list[Kernel]]:
        """The layers with a sparsity of their own, and those that share one (empty where each has its own)."""
        there = kernels.find(model)
        own = dict(zip((k.name for k in kernels.named(model, there, self.layers)), self.layers.values()))
        spared = {k.name for k in kernels.named(model, there, self.spare)}
        for kernel in there:
            if kernel.name in own and kernel.name in spared:
                raise ConversionError(f"layer {kernel.name} is both spared and to be pruned")
            if kernel.name in own and kernel.refusal(self.pattern):
                raise ConversionError(kernel.refusal(self.pattern))
        single, shared = [], []
        for kernel in there:
            if kernel.name in own:
                single.append((kernel, own[kernel.name]))
            elif self.sparsity is not None and kernel.name not in spared and not kernel.depthwise:
                shared.append(kernel)
        if not single and not shared:
            raise ConversionError(
                f"model {model.name}: nothing is left to be pruned; layers that can be are "
                f"{', '.join(k.name for k in there) or '(none)'}"
            )
        if self.scope == "layer":
            return single + [(kernel, self.sparsity) for kernel in shared], []
        return single, shared

    def _checked(self, value: float) -> float:
        value = sparsity(value)
        own = self.pattern.sparsity
        if own is not None and not math.isclose(value, own, abs_tol=0.005):
            raise ConversionError(
                f"pattern {self.pattern.name} makes a sparsity of {own:.4g}, and {value:.4g} was asked for: leave the "
                "sparsity out, or take another N:M"
            )
        return value


def sparsity(value: float) -> float:
    """The value, where it is the part of weights that can be pruned; ConversionError outside of [0, 1)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < 1:
        raise ConversionError(f"a sparsity is the part of the weights that goes, at least 0 and below 1; received {value}")
    return float(value)


class Masks:
    """The masks of a plan on one model: which weights are kept at zero now."""

    def __init__(self, model: Any, plan: Plan):
        self.model = model
        self.pattern = plan.pattern
        self.sparsity = plan.sparsity
        self.single, self.shared = plan.targets(model)
        self._masks: list[tuple[Kernel, np.ndarray]] = []

    def update(self, now: Callable[[float], float] = float) -> None:
        """Choose the weights that go, by their present size. now: final sparsity -> that of the moment."""
        self._masks = []
        if self.single:
            self._add([kernel for kernel, _ in self.single], [now(final) for _, final in self.single])
        if self.shared:
            self._add(self.shared, now(self.sparsity))

    def apply(self) -> None:
        """Set them to zero."""
        for kernel, mask in self._masks:
            kernel.assign(np.where(mask, kernel.values(), 0))

    def require_numbers(self) -> None:
        """ConversionError names the first layer with weights that are NaN or infinite."""
        for kernel, _ in self._masks:
            kernels.require_numbers(kernel)

    def _add(self, chosen: list[Kernel], sparsities: list[float] | float) -> None:
        values, groups = [kernel.values() for kernel in chosen], [kernel.groups for kernel in chosen]
        groups = [1 if kernel.depthwise else count for kernel, count in zip(chosen, groups)]
        self._masks += zip(chosen, patterns.masks(values, self.pattern, sparsities, groups, even=True))
