"""Runs a graph in NumPy, many samples at once.

A float graph gives what Keras gives. In a quantized graph every tensor is held as the real value of its integers: the
weights are their dequantized values and each op's output is rounded to its tensor's grid, so the errors of the int8
model are there (to a rounding tie here and there) at the speed of float arithmetic. Passes measure with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from host_tools import float_ops
from host_tools.graph import Graph, Op, Tensor

LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int32": (-(2**31), 2**31 - 1)}

Observer = Callable[[Tensor, np.ndarray], None]


def run(
    graph: Graph, inputs: Sequence[np.ndarray], observe: Observer | None = None, batch: int = 32
) -> list[np.ndarray]:
    """Run the graph on (n, *shape) float arrays, one for each input, and give one (n, *shape) array for each output.

    `observe(tensor, values)` is called for every activation of every batch of samples, the inputs too.
    """
    inputs = as_inputs(graph, inputs)
    count = len(inputs[0])
    parts = []
    for start in range(0, count, batch):
        parts.append(_run_batch(graph, [x[start : start + batch] for x in inputs], observe))
    return [np.concatenate([part[i] for part in parts]) for i in range(len(graph.outputs))]


def as_inputs(graph: Graph, data: Sequence[np.ndarray] | np.ndarray) -> list[np.ndarray]:
    """One (n, *shape) float32 array for each input of the graph; ValueError says which shape does not fit.

    A single array may stand for a list of one; flat samples and missing or extra axes of length 1 are mended.
    """
    arrays = [data] if isinstance(data, np.ndarray) else list(data)
    if len(arrays) != len(graph.inputs):
        raise ValueError(f"the model has {len(graph.inputs)} inputs, the data {len(arrays)} arrays")
    mended = []
    for tensor, values in zip(graph.inputs, arrays):
        values = np.asarray(values, np.float32)
        if values.shape[1:] != tensor.shape:
            flat = values.ndim == 2 and values.shape[1] == tensor.size
            if not flat and [n for n in values.shape[1:] if n != 1] != [n for n in tensor.shape if n != 1]:
                wanted = ", ".join(["n", *map(str, tensor.shape)])
                raise ValueError(f"input {tensor.name} takes an array of shape ({wanted}), received {values.shape}")
            values = values.reshape(len(values), *tensor.shape)
        mended.append(values)
    if len({len(values) for values in mended}) != 1 or not len(mended[0]):
        raise ValueError(f"every input needs the same number of samples, received {[len(x) for x in mended]}")
    return mended


def _run_batch(graph: Graph, inputs: list[np.ndarray], observe: Observer | None) -> list[np.ndarray]:
    values: dict[int, np.ndarray] = {}
    readers: dict[int, int] = {}
    for tensor in [t for op in graph.ops for t in op.inputs] + graph.outputs:
        readers[id(tensor)] = readers.get(id(tensor), 0) + 1
    for tensor, x in zip(graph.inputs, inputs):
        values[id(tensor)] = snap(tensor, x)
        if observe:
            observe(tensor, values[id(tensor)])
    for op in graph.ops:
        made = run_op(op, [None if t.data is not None else values[id(t)] for t in op.inputs])
        for tensor, x in zip(op.outputs, made):
            values[id(tensor)] = x
            if observe:
                observe(tensor, x)
        for tensor in op.inputs:
            readers[id(tensor)] -= 1
            if not readers[id(tensor)]:
                values.pop(id(tensor), None)  # memory: a deep model's activations would not fit otherwise
    return [values[id(tensor)] for tensor in graph.outputs]


def run_op(op: Op, inputs: Sequence[np.ndarray | None]) -> list[np.ndarray]:
    """One op on a batch: real values in (None for a constant), real values out, on the output's grid if it has one."""
    ready = [constant(op, t)[None] if x is None else x for t, x in zip(op.inputs, inputs)]
    made = float_ops.OPS[op.kind](op, ready)
    made = made if isinstance(made, list) else [made]
    return [snap(tensor, x) for tensor, x in zip(op.outputs, made)]


def constant(op: Op, tensor: Tensor) -> np.ndarray:
    """The real values of a constant that the op reads, float32."""
    if tensor.scale is None:
        return tensor.data.astype(np.float32)
    scale = np.asarray(tensor.scale, np.float64)
    if scale.ndim and op.kind != "depthwise_conv2d":  # one scale per output channel: the first axis, else the last
        scale = scale.reshape(-1, *[1] * (tensor.data.ndim - 1))
    return ((tensor.data.astype(np.float64) - tensor.zero_point) * scale).astype(np.float32)


def snap(tensor: Tensor, x: np.ndarray) -> np.ndarray:
    """Round real values to the tensor's grid; a tensor without a scale keeps them."""
    if tensor.scale is None:
        return x.astype(np.float32, copy=False)
    scale = np.float32(tensor.scale)
    low, high = (limit - tensor.zero_point for limit in LIMITS[tensor.dtype])
    y = x / scale
    np.rint(y, out=y)
    np.clip(y, low, high, out=y)
    y *= scale
    return y.astype(np.float32, copy=False)
