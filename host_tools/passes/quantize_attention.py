"""Constants and indices of the ops of families/attention.py, as the engine wants them."""

from __future__ import annotations

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor

NORMAL = 2048  # of the engine's normalized values: its step is 1 / NORMAL
_MOVED = ("reshape", "transpose", "strided_slice")  # that copy numbers of any type


def layer_norm(op: Op) -> None:
    """gamma becomes int16 with one scale, beta int32 with the scale of the products."""
    _, gamma, beta = op.inputs
    least = np.abs(beta.data).max(initial=0) * NORMAL / 2.0**30  # beta and a product must fit into 32 bits
    scale = max(np.abs(gamma.data).max(initial=0) / 32767, least, 1e-30)
    q = np.rint(gamma.data.astype(np.float64) / scale).astype(np.int16)
    offset = np.rint(beta.data.astype(np.float64) / scale * NORMAL).astype(np.int32)
    op.inputs[1:] = [
        Tensor(gamma.name, gamma.shape, "int16", scale, 0, q),
        Tensor(beta.name, beta.shape, "int32", scale / NORMAL, 0, offset),
    ]


def gather(op: Op) -> None:
    """A constant table gets the output's scale; constant indices become int32."""
    table, indices = op.inputs
    y = op.output
    if table.data is not None:
        limits = np.iinfo(y.dtype)
        q = np.clip(np.rint(table.data.astype(np.float64) / y.scale) + y.zero_point, limits.min, limits.max).astype(y.dtype)
        op.inputs[0] = Tensor(table.name, table.shape, y.dtype, y.scale, y.zero_point, q)
    if indices.data is not None:
        op.inputs[1] = Tensor(indices.name, indices.shape, "int32", 1.0, 0, np.rint(indices.data).astype(np.int32))


CONSTANTS = {"layer_norm": layer_norm, "gather": gather}


def tokens(graph: Graph) -> None:
    """Indices that come from the model's input are numbers from 0 on, of 8 bits where those have room for them.

    Raises ConversionError where they are used for something else, too, or come from an op that computes.
    """
    for op in graph.ops:
        if op.kind == "gather" and op.inputs[1].data is None:
            count = op.inputs[0].shape[op.attrs["axis"]]
            if count > 32768:
                raise ConversionError(f"{op.name}: {count:,} rows to look up in; the engine takes at most 32,768.")
            _count_from_zero(graph, op.inputs[1], "uint8" if count <= 256 else "int16", op.name)


def _count_from_zero(graph: Graph, tensor: Tensor, dtype: str, name: str) -> None:
    _only_chooses(graph, tensor, name)
    source = graph.producer(tensor)
    if source is not None and source.kind == "argmax":
        return  # its int32 will do
    if source is not None and source.kind not in _MOVED:
        raise ConversionError(
            f"{name}: the numbers that choose its rows are computed by {source.name}. Give them to the model as an input."
        )
    wide = tensor.dtype == "int16" or dtype == "int16"
    tensor.dtype, tensor.scale, tensor.zero_point = "int16" if wide else "uint8", 1.0, 0
    if source is not None:
        _count_from_zero(graph, source.inputs[0], tensor.dtype, name)


def _only_chooses(graph: Graph, tensor: Tensor, name: str) -> None:
    """Raises ConversionError where anything but a look-up reads the numbers, or what only moves them."""
    for reader in graph.consumers(tensor):
        if reader.kind in _MOVED:
            _only_chooses(graph, reader.output, name)
        elif reader.kind != "gather" or reader.inputs[0] is tensor:
            raise ConversionError(
                f"{name}: the numbers that choose its rows are also an input of {reader.name}. "
                "Give the model a second input for that."
            )
