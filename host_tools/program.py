"""What lowering makes of a quantized graph: engine ops with integer parameters, and where their tensors lie.

A step is one op record of the file. Tensors are the graph's; a view is the bytes of another tensor under another shape
(a reshape costs no op). The passes after lowering fill in `order`, `top` and the offsets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from host_tools.graph import Tensor
from upyml.format import layout

_CODES = {name.lower(): code for code, (name, _, _) in enumerate(layout.DTYPES)}


def dtype_code(tensor: Tensor) -> int:
    """The file's code of the tensor's number type."""
    return _CODES[tensor.dtype]


def nbytes(tensor: Tensor) -> int:
    """Bytes of the tensor's elements."""
    return tensor.size * layout.DTYPES[dtype_code(tensor)][1]


@dataclass(eq=False)
class Step:
    """One engine op. `params` holds the fields of layout.OPS[opcode]; bytes values go into the data section."""

    opcode: int
    inputs: list[Tensor]
    outputs: list[Tensor]
    params: dict = field(default_factory=dict)
    name: str = ""
    macs: int = 0  # multiply-accumulates of one run, those with zeros too
    density: float = 1.0  # the part of its weights that the file holds: less than 1 where they are SPARSE
    order: int = layout.DISJOINT
    top: int = 0
    fused: int = 0  # ops in the fused group that starts with this one
    strip: int = 0  # output rows it makes at a time in its group; 0: it is in none

    @property
    def kind(self) -> str:
        """The engine's name of the op."""
        return layout.OPS[self.opcode][0]


@dataclass(eq=False)
class Program:
    """Steps in running order; `views` maps a tensor to the one whose bytes it is; the planner fills `offsets`."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    steps: list[Step]
    metadata: dict[str, str] = field(default_factory=dict)
    codings: tuple[str, ...] = ()  # that weights may have instead of int8
    coded: list = field(default_factory=list)  # layers that have one, see passes/coding.py
    views: dict[Tensor, Tensor] = field(default_factory=dict)
    offsets: dict[Tensor, int] = field(default_factory=dict)  # of the tensors that are no views, in bytes
    ring_rows: dict[Tensor, int] = field(default_factory=dict)  # of those that have room for a few rows only
    states: list[Tensor] = field(default_factory=list)  # tensors that survive from run to run, for inputs of steps
    caller_inputs: bool = False  # inputs lie in buffers of the caller's, not in the arena
    arena_size: int = 0  # bytes of activations and scratch the plan was made for; 0: the least that will do
    overhead: float = 0.0  # part of the time that larger strips, with more RAM, would save: an estimate

    def base(self, tensor: Tensor) -> Tensor:
        """The tensor that owns the bytes."""
        while tensor in self.views:
            tensor = self.views[tensor]
        return tensor

    def view(self, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The tensor itself, or a view of it where the shape differs."""
        if tuple(shape) == tuple(tensor.shape):
            return tensor
        data = None if tensor.data is None else np.reshape(tensor.data, shape)
        out = Tensor(tensor.name, tuple(shape), tensor.dtype, tensor.scale, tensor.zero_point, data)
        if data is None:
            self.views[out] = tensor
        return out

    def in_arena(self, tensor: Tensor) -> bool:
        """Is the tensor an activation: not in the file, not with the caller, no state?"""
        with_caller = self.caller_inputs and any(self.base(tensor) is self.base(x) for x in self.inputs)
        return tensor.data is None and not with_caller and self.base(tensor) not in self.states

    def state_offsets(self) -> tuple[dict[Tensor, int], int]:
        """Where each state lies in the arena's first bytes, and how many these are."""
        offsets, end = {}, 0
        for tensor in self.states:
            offsets[tensor] = end
            end += nbytes(tensor) + -nbytes(tensor) % 4
        return offsets, end + -end % layout.ALIGN

    def activations(self) -> list[Tensor]:
        """The tensors that own arena bytes, in order of first use."""
        seen: dict[Tensor, None] = {}
        for tensor in self.inputs + [tensor for step in self.steps for tensor in step.inputs + step.outputs]:
            if self.in_arena(tensor):
                seen[self.base(tensor)] = None
        return list(seen)
