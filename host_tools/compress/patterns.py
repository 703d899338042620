"""Which weights of a kernel go: masks by magnitude, on NumPy arrays.

A kernel is a Keras array: (inputs, outputs) of Dense, (width, inputs, outputs) of Conv1D, (height, width, inputs,
outputs) of Conv2D. Its rows are as the engine reads them: one for each line of the window, k in it counted over the
window's columns and, within a column, over the inputs; a dense layer has one row, and so has a Conv1D.

A pattern cuts a kernel into units, which are kept or pruned as a whole; a unit's score is the sum of its weights'
squares, and those with the least scores are pruned (magnitude pruning: Han et al., 2015, "Learning both Weights and
Connections for Efficient Neural Networks").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from host_tools.errors import ConversionError

NAMES = "unstructured, block4x2, N:M (as 2:4), filters"
BLOCK_OUTPUTS, BLOCK_INPUTS = 4, 2  # what the engine's sparse coding leaves out as a whole


@dataclass(frozen=True)
class Pattern:
    """How a kernel is cut. keep of each `among` successive weights of an output stay; 0 of 0: there is no such rule."""

    name: str
    block: tuple[int, int] = (1, 1)  # outputs, inputs of a unit
    keep: int = 0
    among: int = 0

    @property
    def sparsity(self) -> float | None:
        """The part of the weights that is pruned, where the pattern itself says it (N:M)."""
        return 1 - self.keep / self.among if self.among else None

    @property
    def depthwise(self) -> bool:
        """Whether it is of use for a depthwise kernel, in which outputs share no inputs."""
        return self == UNSTRUCTURED

    def units(self, shape: tuple[int, ...], groups: int = 1) -> np.ndarray:
        """The unit of each weight, counted from 0, in the kernel's shape.

        groups: of a grouped convolution, whose blocks of outputs begin anew with each group.
        """
        rows, length, outputs = _rows(shape)
        tall, wide = self.block
        across, down = -(-length // wide), -(-(outputs // groups) // tall)
        row = np.arange(rows)[:, None, None, None]
        k = np.arange(length)[:, None, None] // wide
        group = np.arange(groups)[:, None]
        output = np.arange(outputs // groups) // tall
        return (((row * across + k) * groups + group) * down + output).reshape(shape)

    def kept(self, kernel: np.ndarray) -> np.ndarray:
        """True for the weights that the pattern never prunes: of N:M, the N largest of each M (fewer of a row's rest)."""
        if not self.among:
            return np.zeros(kernel.shape, bool)
        rows, length, outputs = _rows(kernel.shape)
        size = np.abs(kernel).reshape(rows, length, outputs)
        kept = np.zeros(size.shape, bool)
        for start in range(0, length, self.among):
            part = size[:, start : start + self.among]
            count = -(-part.shape[1] * self.keep // self.among)
            largest = np.argsort(-part, axis=1, kind="stable")[:, :count]
            np.put_along_axis(kept[:, start : start + self.among], largest, True, axis=1)
        return kept.reshape(kernel.shape)


UNSTRUCTURED = Pattern("unstructured")
BLOCK4X2 = Pattern("block4x2", (BLOCK_OUTPUTS, BLOCK_INPUTS))


def pattern(name: str | Pattern) -> Pattern:
    """The pattern of that name: "unstructured", "block4x2", or "N:M", where N of each M successive k stay, 0 < N < M.

    Raises ConversionError for any other name.
    """
    if isinstance(name, Pattern):
        return name
    for known in (UNSTRUCTURED, BLOCK4X2):
        if name == known.name:
            return known
    parts = re.fullmatch(r"(\d{1,4}):(\d{1,4})", str(name))
    if parts and 0 < int(parts[1]) < int(parts[2]):
        return Pattern(str(name), keep=int(parts[1]), among=int(parts[2]))
    if name == "filters":
        raise ConversionError("pattern filters changes the layers' shapes: host_tools.compress.filters.prune_filters does that")
    raise ConversionError(f"there is no pattern {name!r}: the patterns are {NAMES}, N below M")


def mask(kernel: np.ndarray, name: str | Pattern, sparsity: float, groups: int = 1) -> np.ndarray:
    """True for the weights that stay, in the kernel's shape.

    sparsity: the part of the weights to be pruned, reached to within half a unit; with N:M at most what the pattern
    prunes. The best unit always stays: no kernel is pruned to nothing.
    """
    return masks([kernel], name, [sparsity], groups=[groups])[0]


def masks(
    kernels: list[np.ndarray],
    name: str | Pattern,
    sparsities: list[float] | float,
    groups: list[int] | None = None,
    even: bool = False,
) -> list[np.ndarray]:
    """The masks of several kernels.

    sparsities: one for each kernel, or a single one for all weights together: then units of all kernels compete, each
    with its score relative to the mean of its own kernel, so that a layer of small weights is not pruned for that alone.
    even: of four outputs' blocks an even number stays, for the engine's file holds twos of them: where it is odd, and more
    than one, the best of the pruned blocks comes back or the least of the others goes, as many as come, to within one.
    """
    cut = pattern(name)
    parts = [_Cut(kernel, cut, count) for kernel, count in zip(kernels, groups or [1] * len(kernels))]
    if np.ndim(sparsities):
        gone = [_least(part.scores, part.sizes, share) for part, share in zip(parts, sparsities)]
    else:
        scores = np.concatenate([part.scores / (part.mean or 1.0) for part in parts] or [np.zeros(0)])
        sizes = np.concatenate([part.sizes for part in parts] or [np.zeros(0)])
        ends = np.cumsum([len(part.sizes) for part in parts])
        gone = np.split(_least(scores, sizes, sparsities), ends[:-1])
    if even and cut.block[0] > 1:
        gone = [_evened(pruned, part.scores, part.lists) for part, pruned in zip(parts, gone)]
    return [~pruned[part.units] for part, pruned in zip(parts, gone)]


class _Cut:
    """A kernel's units, their sizes and scores; an infinite score: it stays."""

    def __init__(self, kernel: np.ndarray, cut: Pattern, groups: int):
        kernel = np.asarray(kernel, np.float64)
        self.units = cut.units(kernel.shape, groups)
        self.sizes = np.bincount(self.units.ravel())
        self.lists = groups * -(-(kernel.shape[-1] // groups) // cut.block[0])  # of units: number n is in list n % lists
        self.scores = np.bincount(self.units.ravel(), np.square(kernel).ravel())
        self.mean = self.scores.mean()
        best = self.scores.argmax()
        self.scores[self.units[cut.kept(kernel)]] = np.inf
        self.scores[best] = np.inf


def _least(scores: np.ndarray, sizes: np.ndarray, share: float) -> np.ndarray:
    """True for the units with the least scores whose sizes add up to about `share` of all."""
    order = np.argsort(scores, kind="stable")
    order = order[np.isfinite(scores[order])]
    reached = np.concatenate([[0], np.cumsum(sizes[order])])
    gone = np.zeros(len(scores), bool)
    gone[order[: np.abs(reached - share * sizes.sum()).argmin()]] = True
    return gone


def _evened(gone: np.ndarray, scores: np.ndarray, lists: int) -> np.ndarray:
    """The same with an even number of units in each list that stay, but where it is one, or all of an odd number.

    One is not brought to two or none: that is too much of a list, and a list of none makes four outputs that say nothing.
    """
    stay, score = ~gone.reshape(-1, lists), scores.reshape(-1, lists)
    best = np.where(stay, -np.inf, score)  # of the pruned
    least = np.where(stay, score, np.inf)
    count = stay.sum(axis=0)
    odd = np.flatnonzero((count % 2 == 1) & (count > 1) & ~stay.all(axis=0))
    # With n to come back the loss is that of all going, less best + least of these.
    order = odd[np.argsort(-(best.max(axis=0) + least.min(axis=0))[odd], kind="stable")]
    for place, number in enumerate(order):
        if 2 * place < len(order):
            stay[best[:, number].argmax(), number] = True
        else:
            stay[least[:, number].argmin(), number] = False
    return ~stay.ravel()


def _rows(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(rows, k in a row, outputs) of a kernel; of a depthwise one likewise, though its k mean nothing."""
    rows = shape[0] if len(shape) == 4 else 1
    return rows, int(np.prod(shape[:-1])) // rows, shape[-1]
