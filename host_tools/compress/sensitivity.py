"""How much each layer minds being pruned, and how to share out a sparsity so that those that mind are spared.

Each layer is pruned alone, without training, to several sparsities, and the model is measured (the sensitivity analysis
of Han et al., 2015, "Learning both Weights and Connections for Efficient Neural Networks").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.compress import cloning, kernels, patterns
from host_tools.compress import plan as planning
from host_tools.compress.tasks import predict, task
from host_tools.compress.training_data import check_inputs, finite
from host_tools.errors import ConversionError

SPARSITIES = (0.25, 0.5, 0.625, 0.75, 0.875, 0.95)
_SLOPE = 1e-6  # of the greatest damage: what any pruning does, so that layers that do not mind all get the same


@dataclass(frozen=True)
class Sensitivity:
    """metric: "accuracy" (1 is best) or "mean squared error" (0 is best). baseline: of the model as it is.

    layers: the layers' names; weights: how many each has; values: (layers, sparsities), the metric with this layer alone
    pruned so far.
    """

    pattern: str
    metric: str
    baseline: float
    layers: tuple[str, ...]
    weights: tuple[int, ...]
    sparsities: tuple[float, ...]
    values: np.ndarray

    @property
    def damage(self) -> np.ndarray:
        """(layers, sparsities): what is lost of accuracy, or the error that is gained; it never falls with sparsity."""
        lost = self.baseline - self.values if self.metric == "accuracy" else self.values - self.baseline
        return np.maximum.accumulate(np.maximum(lost, 0), axis=1)

    def table(self) -> str:
        """Lines of text: a layer each, most sensitive first."""
        wide = max([len(name) for name in self.layers] + [5])
        head = f"{'layer':<{wide}} {'weights':>9} " + " ".join(f"{100 * s:>8.1f} %" for s in self.sparsities)
        order = np.argsort(-self.damage.mean(axis=1), kind="stable")
        return "\n".join(
            [f"{self.metric} with one layer pruned; {self.baseline:.4g} with none", head]
            + [
                f"{self.layers[i]:<{wide}} {self.weights[i]:>9,} " + " ".join(f"{v:>10.4g}" for v in self.values[i])
                for i in order
            ]
        )

    def plot(self, path: str | Path) -> None:
        """Draws a curve for each layer into a picture file: .png, .svg or .pdf. Raises ConversionError for another one."""
        require_picture(path)
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ConversionError("pictures need matplotlib: pip install 'upyml[compress]'") from error
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        markers = "osv^D<>PX*"
        for number, name in enumerate(self.layers):
            curve = [self.baseline, *self.values[number]]
            axes.plot(
                [0, *(100 * s for s in self.sparsities)],
                curve,
                marker=markers[number // 10 % len(markers)],
                label=f"{name} ({self.weights[number]:,})",
            )
        axes.set_xlabel("zeros in the layer, % of its weights")
        axes.set_ylabel(f"{self.metric}, this layer alone pruned ({self.pattern})")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", ncols=1 + len(self.layers) // 16, title="layer (weights)")
        figure.savefig(path, dpi=120)

    def allocate(self, sparsity: float) -> dict[str, float]:
        """A sparsity for each layer, as prune(layers=...) takes it, that together prune this part of all the weights.

        Each layer goes as far as one and the same damage allows, between the measured points along straight lines.
        Raises ConversionError where even all layers at the greatest sparsity of the scan do not reach it.
        """
        wanted, most = planning.sparsity(sparsity), self.sparsities[-1]
        if wanted > most:
            raise ConversionError(f"the scan went to a sparsity of {most:g}, and {wanted:g} is asked for: scan further")
        grid = np.array([0.0, *self.sparsities])
        slope = _SLOPE * (self.damage.max() or 1.0)
        curves = np.concatenate([np.zeros((len(self.layers), 1)), self.damage], axis=1) + slope * grid
        weights = np.array(self.weights)

        def shares(damage: float) -> np.ndarray:
            return np.array([np.interp(damage, curve, grid) for curve in curves])

        low, high = 0.0, float(curves.max())
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if shares(middle) @ weights < wanted * weights.sum() else (low, middle)
        return {name: float(share) for name, share in zip(self.layers, shares(high))}


def require_picture(path: str | Path) -> None:
    """Stop at the name of a file that cannot be drawn."""
    if Path(path).suffix not in (".png", ".svg", ".pdf"):
        raise ConversionError(f"{path}: a picture is a .png, .svg or .pdf file")


def scan(
    model: Any,
    x: np.ndarray | Sequence[np.ndarray],
    y: np.ndarray | None = None,
    pattern: str = "unstructured",
    sparsities: Sequence[float] = SPARSITIES,
    spare: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """Prunes one layer at a time of a Keras model, to each of the sparsities, and measures; the model stays as it is.

    x: samples, one (n, *shape) array for each input; y: as task() takes it: with labels, accuracy is measured; with real
    values, the mean squared error to them; without y, that to the outputs of the unpruned model. spare: layers not to
    scan; depthwise layers are not scanned either. An N:M pattern has one sparsity, its own. progress: called with
    (done, total). Raises ConversionError for what cannot be done.
    """
    cut = patterns.pattern(pattern)
    steps = (cut.sparsity,) if cut.sparsity is not None else tuple(sorted({planning.sparsity(s) for s in sparsities} - {0}))
    if not steps:
        raise ConversionError("a scan needs at least one sparsity above 0")
    arrays = [x] if isinstance(x, np.ndarray) else list(x)
    check_inputs(arrays, model)
    work, targets = task(model, y)
    model = cloning.clone(model, compiled=False)
    there = kernels.find(model)
    spared = {kernel.name for kernel in kernels.named(model, there, spare)}
    layers = [kernel for kernel in there if not kernel.depthwise and kernel.name not in spared]
    before = predict(model, arrays)
    for output in before:
        finite(output, f"model {model.name}: the outputs for these samples")
    if not layers:
        raise ConversionError(f"model {model.name}: no layer is left to be scanned")
    goal = before if targets is None else [targets]
    values = np.zeros((len(layers), len(steps)))
    for i, kernel in enumerate(layers):
        weights = kernel.values()
        for j, sparsity in enumerate(steps):
            kernel.assign(np.where(patterns.mask(weights, cut, sparsity, kernel.groups), weights, 0))
            values[i, j] = work.measure(predict(model, arrays), goal)
            if progress:
                progress(i * len(steps) + j + 1, values.size)
        kernel.assign(weights)
    names, sizes = tuple(k.name for k in layers), tuple(k.size for k in layers)
    return Sensitivity(cut.name, work.metric, work.measure(before, goal), names, sizes, steps, values)
