"""Grows a graph op by op; readers use it so that names are unique and no shape is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from host_tools.graph import Graph, Op, Tensor

Pair = tuple[int, int]
NO_PADDING = (0, 0, 0, 0)


class Builder:
    """A graph in the making: `op` adds one op and gives its output."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._names: dict[str, int] = {}

    def graph(self, inputs: list[Tensor], outputs: list[Tensor], metadata: dict[str, str]) -> Graph:
        """The finished graph."""
        return Graph(inputs, outputs, self.ops, metadata)

    def unique(self, name: str) -> str:
        """The name itself the first time, name_1, name_2 ... after that (a shared layer is called more than once)."""
        count = self._names.get(name, -1) + 1
        self._names[name] = count
        return self.unique(f"{name}_{count}") if count else name

    def tensor(self, shape: Sequence[int], name: str) -> Tensor:
        """A float activation."""
        return Tensor(self.unique(name), tuple(int(n) for n in shape))

    def constant(self, values: Any, name: str) -> Tensor:
        """A float constant."""
        data = np.ascontiguousarray(values, np.float32)
        return Tensor(self.unique(name), data.shape, data=data)

    def op(self, kind: str, inputs: list[Tensor], shape: Sequence[int], name: str, **attrs: Any) -> Tensor:
        """Add an op with one output of that shape; the op and its output take the name."""
        output = self.tensor(shape, name)
        self.ops.append(Op(kind, list(inputs), [output], attrs, output.name))
        return output

    def affine(self, x: Tensor, scale: Any, offset: Any, name: str) -> Tensor:
        """x * scale + offset, each a number or an array that broadcasts to x's shape.

        What runs along the last axis only is written as a batch normalisation: the next pass may fold that away.
        """
        scale, offset = (np.asarray(v, np.float32).reshape(np.shape(v)) for v in (scale, offset))
        channels = x.shape[-1]
        if all(v.size == 1 or (v.size == channels and v.shape[-1] == channels) for v in (scale, offset)):
            gamma, beta = (np.broadcast_to(v.reshape(-1), (channels,)) for v in (scale, offset))
            zeros, ones = np.zeros(channels), np.ones(channels)
            return self.batch_norm(x, (gamma, beta, zeros, ones), 0.0, name)
        scale, offset = (v.reshape(v.shape[-len(x.shape) :]) for v in (scale, offset))
        if scale.ndim > len(x.shape) or offset.ndim > len(x.shape):
            raise ValueError("the constants have more dimensions than the tensor")
        x = self.op("mul", [x, self.constant(scale, f"{name}/scale")], x.shape, f"{name}/mul", activation=None)
        return self.op("add", [x, self.constant(offset, f"{name}/offset")], x.shape, name, activation=None)

    def batch_norm(self, x: Tensor, constants: Sequence[Any], epsilon: float, name: str) -> Tensor:
        """gamma * (x - mean) / sqrt(variance + epsilon) + beta over the last axis; constants: those four, (C,) each."""
        names = ("gamma", "beta", "mean", "variance")
        tensors = [self.constant(values, f"{name}/{word}") for values, word in zip(constants, names)]
        return self.op("batch_norm", [x, *tensors], x.shape, name, epsilon=float(epsilon))


def window(
    padding: str, size: Pair, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)
) -> tuple[Pair, tuple[int, int, int, int]]:
    """The output's (height, width) and the (top, bottom, left, right) rows to add for Keras's `padding` word.

    "same" makes ceil(size / stride) outputs and gives the odd row to the end; "causal" pads before only.
    """
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    pads: list[int] = []
    out: list[int] = []
    for n, r, s in zip(size, reach, stride):
        if padding == "same":
            count = -(-n // s)
            total = max((count - 1) * s + r - n, 0)
            pads += [total // 2, total - total // 2]
        elif padding == "causal":
            pads += [r - 1, 0]
            count = -(-n // s)
        elif padding == "valid":
            pads += [0, 0]
            count = (n - r) // s + 1
        else:
            raise ValueError(f"padding {padding!r} is not known")
        if count < 1:
            raise ValueError(f"a window of {r} does not fit into {n} rows")
        out.append(count)
    return (out[0], out[1]), (pads[0], pads[1], pads[2], pads[3])
