"""Choose scale and zero point of every activation from its range.

real value = scale * (q - zero_point), q in [-128, 127]; 0 is always one of the real values, so that padding and relu
are exact. Ops that only move or pick elements keep their input's scale; the inputs of a concatenation, and of a maximum or
minimum, share one.
"""

from __future__ import annotations

import numpy as np

from host_tools import families
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Tensor
from host_tools.passes.calibrate import Ranges

Grid = tuple[float, int]  # scale, zero point

# The engine's kernels for these copy or compare integers: the output has the input's scale.
SAME = (
    "max_pool",
    "average_pool",
    "reshape",
    "pad",
    "transpose",
    "strided_slice",
    "resize_nearest",
    "resize_bilinear",
    *families.merged("SAME"),
)
# The scale that the kernel's integer algorithm prescribes.
FIXED: dict[str, Grid] = {
    "softmax": (1 / 256, -128),
    "logistic": (1 / 256, -128),
    "tanh": (1 / 128, 0),
    **families.merged("FIXED"),
}


FIXED_16: dict[str, Grid] = {"softmax": (1 / 32768, 0)}  # the same for int16 activations


def groups(graph: Graph, bits: int = 8) -> tuple[dict[Tensor, Tensor], dict[Tensor, Grid]]:
    """Of every activation the one whose scale it shares, maybe itself; and the scales of those that have no choice."""
    fixed_by_kind, spread = (FIXED, grid) if bits == 8 else (FIXED_16, grid_16)
    group = {tensor: tensor for tensor in _activations(graph)}

    def root(tensor: Tensor) -> Tensor:
        while group[tensor] is not tensor:
            tensor = group[tensor]
        return tensor

    fixed: dict[Tensor, Grid] = {}
    for op in graph.ops:
        if op.kind in SAME and op.inputs[0].data is None:
            group[root(op.output)] = root(op.inputs[0])
    for op in graph.ops:
        if op.kind in fixed_by_kind:
            fixed[root(op.output)] = fixed_by_kind[op.kind]
        elif op.kind in SAME and op.inputs[0].data is not None:  # picks from a constant
            values = op.inputs[0].data
            fixed[root(op.output)] = spread(float(values.min()), float(values.max()), op.name)
    for op in graph.ops:
        if op.kind in ("concat", "maximum", "minimum"):
            # An input whose scale is prescribed is brought to the common scale by an op of its own, when lowered.
            parts = {root(t) for t in [*op.inputs, op.output] if t.data is None}
            first, *others = [part for part in parts if part not in fixed] or parts
            for part in others:
                group[part] = first
    return {tensor: root(tensor) for tensor in group}, fixed


def assign(graph: Graph, ranges: Ranges, bits: int = 8) -> dict[Tensor, Grid]:
    """Scale and zero point of every activation of 8 or 16 bits; ranges holds the (lowest, highest) value of each."""
    group, fixed = groups(graph, bits)
    spread = grid if bits == 8 else grid_16
    spans: Ranges = {}
    for tensor, root in group.items():
        low, high = spans.get(root, (0.0, 0.0))
        spans[root] = (min(low, ranges[tensor][0]), max(high, ranges[tensor][1]))
    return {tensor: fixed.get(root) or spread(*spans[root], tensor.name) for tensor, root in group.items()}


def _activations(graph: Graph) -> list[Tensor]:
    return [*graph.inputs, *(tensor for op in graph.ops for tensor in op.outputs)]


def _finite(low: float, high: float, name: str) -> None:
    if not np.isfinite([low, high]).all():
        raise ConversionError(f"{name}: its values overflow on the calibration data; the model or the data is broken.")


def grid_16(low: float, high: float, name: str = "tensor") -> Grid:
    """The float32 scale at which 32767 is the larger of the two ends; the zero point of 16-bit activations is 0."""
    _finite(low, high, name)
    scale = np.float32(max(-low, high, 0.0) / 32767)
    return (float(scale), 0) if scale >= np.finfo(np.float32).tiny else (1.0, 0)


def grid(low: float, high: float, name: str = "tensor") -> Grid:
    """The float32 scale and the zero point that spread 256 levels over [low, high], widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    _finite(low, high, name)
    scale = np.float32((high - low) / 255)
    if scale < np.finfo(np.float32).tiny:  # nothing but zeros was seen
        return 1.0, 0
    zero_point = int(np.clip(np.rint(-128 - low / float(scale)), -128, 127))
    return float(scale), zero_point


def symmetric(values: np.ndarray, limit: int = 127) -> float:
    """The scale at which the largest magnitude becomes the limit; 1 for zeros."""
    most = np.float32(np.abs(values).max(initial=0) / limit)
    return float(most) if most >= np.finfo(np.float32).tiny else 1.0
