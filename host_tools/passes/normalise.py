"""Bring a float graph into the form that quantizes best: fewer ops, the same outputs up to float rounding."""

from __future__ import annotations

from collections.abc import Callable

from host_tools.graph import Graph
from host_tools.passes.drop_identity import drop_identity
from host_tools.passes.fold_batch_norm import fold_batch_norm
from host_tools.passes.fold_constants import fold_constants
from host_tools.passes.fold_gain import fold_gain
from host_tools.passes.fuse_activations import fuse_activations
from host_tools.passes.fuse_padding import fuse_padding
from host_tools.passes.pool_to_mean import pool_to_mean
from host_tools.passes.split_samples import split_samples

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    drop_identity,  # first: an op that does nothing would hide a neighbour from the passes below
    fold_constants,  # before those that look for constant weights
    fold_gain,  # before other normalisations become ops of each sample
    fold_batch_norm,  # before padding is fused: a shift folds into the next layer only while that is not padded
    fuse_padding,
    fuse_activations,  # after folding: a fused activation stands between a layer and the normalisation after it
    pool_to_mean,  # after fusing: a pool that took an activation stays one
    split_samples,  # last: its ops do nothing to a float graph, the passes above would drop them
)


def normalise(graph: Graph, after: Callable[[Graph, str], object] | None = None) -> Graph:
    """Run the passes; `after(graph, name)` is called behind each, to check or to show it. The input graph stays."""
    for step in PASSES:
        graph = step(graph)
        if after:
            after(graph, step.__name__)
    return graph
