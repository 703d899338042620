"""How the weights of convolutions and dense layers lie in the file: as INT8, INT4 or SPARSE (see SPEC.md).

All give the same outputs. A layer takes the smallest that can tell its integers: INT4 where all are in [-7, 7], SPARSE where
enough blocks of four output channels by two k are zero. On a Cortex-M0+ none is much slower: INT4 takes 0.86 times
the cycles of INT8 in a convolution and 0.64 times in a dense layer, SPARSE 0.97 and 0.78 times with 10 % of zero blocks
(and 0.32 and 0.27 times with 75 %), and it is smaller from 20 % on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools.graph import Graph
from upyml.format import codings, encode, layout

CODINGS = ("int4", "sparse")  # what a layer may have instead of int8
LEAST_SAVED = 1 / 16  # of a layer's bytes: for less no file asks for an engine that knows codings


@dataclass(frozen=True)
class Coded:
    """A layer whose weights are not INT8: bytes of them, and as INT8; the part of its blocks that are zero."""

    layer: str
    coding: str
    bytes: int
    int8_bytes: int
    zero_blocks: float

    @property
    def density(self) -> float:
        """The part of the blocks that the file holds."""
        return 1 - self.zero_blocks if self.coding == "sparse" else 1.0

    def __str__(self) -> str:
        zero = f" ({100 * self.zero_blocks:.0f} % of its blocks are 0)" if self.coding == "sparse" else ""
        name = self.layer.rpartition(";")[2]  # .tflite files name a layer by all that was fused into it
        return f"{name} {self.coding.upper()} {100 * self.bytes / self.int8_bytes:.0f} % of the bytes of int8{zero}"


def choose(weights: np.ndarray, name: str, allowed=CODINGS) -> tuple[dict, Coded | None]:
    """(fields of the op, what was won) for integer weights of shape (output channels, kernel rows, k of a row).

    allowed: codings of CODINGS that the layer may have.
    """
    dense = encode.pack_rows(weights)
    best = {"weights": dense}
    if "int4" in allowed and np.abs(weights.astype(np.int16)).max(initial=0) <= codings.MOST_INT4:
        best = _smaller(best, {"weights": codings.pack_int4(weights), "coding": layout.INT4_WEIGHTS}, dense)
    zeros, blocks = codings.zero_blocks(weights)
    if "sparse" in allowed and zeros and weights.shape[1] * ((weights.shape[2] + 1) // 2) <= layout.MAX_PAIRS:
        packed, pairs = codings.pack_sparse(weights)
        best = _smaller(best, {"weights": packed, "coding": layout.SPARSE_WEIGHTS, "pairs": pairs}, dense)
    if "coding" not in best:
        return best, None
    coding = layout.CODINGS[best["coding"]].lower()
    return best, Coded(name, coding, len(best["weights"]), len(dense), zeros / blocks)


def weight_bytes(graph: Graph, allowed=CODINGS) -> int:
    """Bytes of all weights of convolutions and dense layers in the file."""
    return sum(
        len(choose(rows(op.inputs[1].data), "", allowed)[0]["weights"])
        for op in graph.ops
        if op.kind in ("conv2d", "fully_connected")
    )


def rows(weights: np.ndarray) -> np.ndarray:
    """Weights (output channels, ...) as (output channels, kernel rows, k of a row)."""
    height, width, depth = weights.shape[1:] if weights.ndim == 4 else (1, 1, weights.shape[1])
    return weights.reshape(len(weights), height, width * depth)


def _smaller(best: dict, other: dict, dense: bytes) -> dict:
    return other if len(other["weights"]) < min(len(best["weights"]), (1 - LEAST_SAVED) * len(dense)) else best
