"""The graph that every reader makes and every pass changes.

A graph is a list of ops in an order in which they can run; an op takes tensors and makes tensors. Shapes leave out the
batch: an image is (height, width, channels), a window of samples (time, channels), a vector (features,). Before the
quantize pass activations are float32, after it int8 with scale and zero point; kinds and attributes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Tensor:
    """An activation (`data` is None) or a constant.

    `scale` is None for float32 tensors, a float for activations, and for weights a float or one float per output
    channel; `zero_point` is 0 for weights. real value = scale * (q - zero_point).
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"  # float32, int8, uint8, int16, int32
    scale: Any = None
    zero_point: int = 0
    data: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(eq=False)
class Op:
    """One operation; `kind` and the attributes are listed in ops.py."""

    kind: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    attrs: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def output(self) -> Tensor:
        """The only output."""
        (tensor,) = self.outputs
        return tensor


@dataclass(eq=False)
class State:
    """A tensor that lives from run to run: what `next`, made in one run, holds is what `tensor` holds in the next one.

    No op makes `tensor`. Before the first run it holds `initial`, raw values; None: its zero point.
    """

    tensor: Tensor
    next: Tensor
    initial: np.ndarray | None = None


@dataclass(eq=False)
class Graph:
    """Ops in running order, with the tensors that go in and come out, and the model's metadata (text to text).

    states: what is remembered from run to run, in a quantized graph only.
    """

    inputs: list[Tensor]
    outputs: list[Tensor]
    ops: list[Op]
    metadata: dict[str, str] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)

    def producer(self, tensor: Tensor) -> Op | None:
        """The op that makes the tensor; None for inputs and constants."""
        return next((op for op in self.ops if any(tensor is out for out in op.outputs)), None)

    def consumers(self, tensor: Tensor) -> list[Op]:
        """The ops that read the tensor."""
        return [op for op in self.ops if any(tensor is inp for inp in op.inputs)]
