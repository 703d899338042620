"""Functions of keras.ops on tensors: (builder, operation, arguments by name) -> tensor, as the layers of CALLS.

Keras counts the batch as axis 0; an operation that moves or joins it is refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers import einsum
from host_tools.readers.builder import Builder
from host_tools.readers.keras_layers_activation import softmax_along
from host_tools.readers.keras_layers_attention import ALL, look_up, normalized, product


def _axis(operation: Any, axis: int, rank: int) -> int:
    """The graph's axis for Keras's; rank: with the batch."""
    if not -rank <= axis < rank or axis % rank == 0:
        raise ConversionError(f"operation {operation.name}: works along axis {axis}, the batch; use another axis.")
    return axis % rank - 1


def _tensor(build: Builder, operation: Any, value: Any, rank: int) -> Tensor:
    """A tensor, or a constant of at most `rank` axes with the batch, as one of the graph."""
    if isinstance(value, Tensor):
        return value
    return build.constant(unbatched(np.asarray(value, np.float32), rank), f"{operation.name}/constant")


def unbatched(value: np.ndarray, rank: int) -> np.ndarray:
    """A constant without its batch axis; rank: of what it meets, with the batch."""
    return value[0] if value.ndim == rank and value.shape[0] == 1 else value


def _einsum(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    operands = arguments["operands"]
    live = [isinstance(x, Tensor) for x in operands]
    if len(operands) != 2 or not any(live):
        raise ConversionError(f"operation {operation.name}: takes {len(operands)} operands; the engine multiplies two.")
    ranks = tuple(len(x.shape) if a else np.ndim(x) for x, a in zip(operands, live))
    equation = operation.subscripts
    if not live[0]:  # the constant stands last
        left, right = equation.partition("->")[0].split(",")
        equation = f"{right},{left}->{equation.partition('->')[2]}"
        operands, live, ranks = operands[::-1], live[::-1], ranks[::-1]
    spec = einsum.without_batch(equation, ranks, operation.name, tuple(live))
    if not live[1]:
        return einsum.by_constant(build, spec, operands[0], np.asarray(operands[1], np.float32), None, operation.name)
    return einsum.between(build, spec, *operands, operation.name)


def _matmul(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """As NumPy's: matrices in the last two axes."""
    a, b = arguments["x1"], arguments["x2"]
    if isinstance(a, Tensor) and not isinstance(b, Tensor) and np.ndim(b) == 2:
        letters = "".join("ijklm"[i] for i in range(len(a.shape)))
        spec = einsum.Spec(letters, letters[-1] + "z", letters[:-1] + "z")
        return einsum.by_constant(build, spec, a, np.asarray(b, np.float32), None, operation.name)
    rank = max(len(x.shape) + 1 if isinstance(x, Tensor) else np.ndim(x) for x in (a, b))
    a, b = (_tensor(build, operation, x, rank) for x in (a, b))
    if min(len(a.shape), len(b.shape)) < 2:
        raise ConversionError(f"operation {operation.name}: multiplies a vector; give it an axis more by a Reshape layer.")
    orders = [tuple(range(len(x.shape))) for x in (a, b)]
    orders.append(max(orders, key=len))
    return product(build, a, b, tuple(orders), operation.name)


def _softmax(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    return softmax_along(build, arguments["x"], operation.axis, operation.name)


def _moved(build: Builder, x: Tensor, perm: list[int], name: str) -> Tensor:
    return build.op("transpose", [x], [x.shape[axis] for axis in perm], name, perm=tuple(perm))


def _transpose(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    rank = len(x.shape) + 1
    axes = [int(axis) % rank for axis in operation.axes or range(rank - 1, -1, -1)]
    if axes[0] != 0:
        raise ConversionError(f"operation {operation.name}: moves the batch; leave it the first axis.")
    return _moved(build, x, [axis - 1 for axis in axes[1:]], operation.name)


def _swapaxes(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    rank = len(x.shape) + 1
    a, b = (_axis(operation, axis, rank) for axis in (operation.axis1, operation.axis2))
    perm = list(range(len(x.shape)))
    perm[a], perm[b] = b, a
    return _moved(build, x, perm, operation.name)


def _reshape(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    first, *shape = [-1 if n is None else int(n) for n in operation.newshape]
    if first not in (-1, 1) or (first == -1 and -1 in shape):
        raise ConversionError(f"operation {operation.name}: mixes the batch with other axes; leave it the first axis.")
    if -1 in shape:
        shape[shape.index(-1)] = x.size // -math.prod(shape)
    if math.prod(shape) != x.size:
        raise ConversionError(f"operation {operation.name}: mixes the batch with other axes; leave it the first axis.")
    return build.op("reshape", [x], shape, operation.name)


def _expand_dims(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x, shape = arguments["x"], list(arguments["x"].shape)
    for axis in sorted(_axis(operation, int(axis), len(shape) + 2) for axis in np.atleast_1d(operation.axis)):
        shape.insert(axis, 1)
    return build.op("reshape", [x], shape, operation.name)


def _squeeze(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    rank = len(x.shape) + 1
    gone = [i for i, n in enumerate(x.shape) if n == 1]
    if operation.axis is not None:
        gone = [_axis(operation, int(axis), rank) for axis in np.atleast_1d(operation.axis)]
    return build.op("reshape", [x], [n for i, n in enumerate(x.shape) if i not in gone], operation.name)


def _mean(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    rank = len(x.shape) + 1
    if operation.axis is None:
        raise ConversionError(f"operation {operation.name}: takes the mean of all, the batch too; name the axes.")
    axes = tuple(sorted(_axis(operation, int(axis), rank) for axis in np.atleast_1d(operation.axis)))
    kept = [1 if i in axes else n for i, n in enumerate(x.shape) if operation.keepdims or i not in axes]
    return build.op("mean", [x], kept, operation.name, axes=axes)


def _get_item(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """x[:, 0], x[:, 1:, ::2], x[..., -1]: numbers, slices and one ellipsis; all of the batch."""
    x, key = arguments["x"], arguments["key"]
    key = list(key) if isinstance(key, (tuple, list)) else [key]
    rank = len(x.shape) + 1
    if any(part is not Ellipsis and not isinstance(part, (int, np.integer, slice)) for part in key):
        raise ConversionError(f"operation {operation.name}: takes elements by {key}; use numbers and slices.")
    if Ellipsis in key:
        at = key.index(Ellipsis)
        key[at : at + 1] = [slice(None)] * (rank - len(key) + 1)
    key += [slice(None)] * (rank - len(key))
    if key[0] != slice(None) and key[0] != slice(None, None, None):
        raise ConversionError(f"operation {operation.name}: cuts the batch; begin with a colon.")
    spans, shape = [], []
    for part, n in zip(key[1:], x.shape):
        if isinstance(part, slice):
            spans.append(part.indices(n))
            shape.append(len(range(*spans[-1])))
        else:
            spans.append((part % n, part % n + 1, 1))
    begin, end, strides = zip(*spans)
    cut = [len(range(*span)) for span in spans]
    y = build.op("strided_slice", [x], cut, f"{operation.name}/cut", begin=begin, end=end, strides=strides)
    return build.op("reshape", [y], shape, operation.name)


def _take(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """Rows of a constant by indices from the model's input."""
    table, indices = arguments["x"], arguments["indices"]
    if isinstance(table, Tensor) or not isinstance(indices, Tensor) or operation.axis not in (0, None):
        raise ConversionError(f"operation {operation.name}: the engine takes rows of a constant; use slices for others.")
    return look_up(build, np.asarray(table, np.float32), indices, operation.name)


def _divide(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """By a constant: times its reciprocal."""
    x, by = arguments["x1"], arguments["x2"]
    if isinstance(by, Tensor) or not isinstance(x, Tensor):
        raise ConversionError(f"operation {operation.name}: divides by a tensor; the engine divides by constants only.")
    factor = unbatched(1 / np.asarray(by, np.float64), len(x.shape) + 1)
    return build.affine(x, factor, np.zeros_like(factor), operation.name)


def _negative(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    return build.affine(arguments["x"], -1.0, 0.0, operation.name)


def _same(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    return arguments["x"]


def _unary(kind: str, **attrs: Any):
    def convert(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
        x = arguments["x"]
        return build.op(kind, [x], x.shape, operation.name, **attrs)

    return convert


def _gelu(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    x = arguments["x"]
    return build.op("gelu", [x], x.shape, operation.name, approximate=bool(operation.approximate))


def _layer_norm(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """keras.ops.layer_normalization and rms_normalization."""
    x = arguments["x"]
    rms = type(operation).__name__ == "RMSNorm"
    if getattr(operation, "rms_scaling", False):
        raise ConversionError(f"operation {operation.name}: rms_scaling is deprecated in Keras; use rms_normalization.")
    axes = [_axis(operation, int(axis), len(x.shape) + 1) for axis in np.atleast_1d(operation.axis)]
    given = [arguments.get(name) for name in (("scale", "") if rms else ("gamma", "beta"))]
    constants = tuple(None if v is None else np.asarray(v, np.float32) for v in given)
    epsilon = 1e-7 if operation.epsilon is None else float(operation.epsilon)
    return normalized(build, x, axes, constants, epsilon, not rms, operation.name)


def _dot_product_attention(build: Builder, operation: Any, arguments: dict[str, Any]) -> Tensor:
    """(time, heads, depth) each, heads of the query shared among those of the others."""
    q, k, v = (arguments[name] for name in ("query", "key", "value"))
    if arguments.get("bias") is not None or arguments.get("mask") is not None or operation.attn_logits_soft_cap:
        raise ConversionError(f"operation {operation.name}: has a bias, mask or cap; the engine has is_causal only.")
    name, group, depth = operation.name, q.shape[1] // k.shape[1], q.shape[2]
    beta = arguments.get("scale")
    beta = 1 / math.sqrt(depth) if beta is None else float(beta)
    q = build.op("reshape", [q], (q.shape[0], k.shape[1], group, depth), f"{name}/query")
    k, v = (build.op("reshape", [x], (*x.shape[:2], 1, x.shape[2]), f"{name}/{w}") for x, w in ((k, "key"), (v, "value")))
    scores = product(build, q, k, ((1, 2, 0, 3), (1, 2, 3, 0), (0, 1, 2, 3)), f"{name}/scores")
    if operation.is_causal:
        weights = build.op("masked_softmax", [scores], scores.shape, f"{name}/softmax", before=ALL, after=0, beta=beta)
    else:
        weights = build.op("softmax", [scores], scores.shape, f"{name}/softmax", beta=beta)
    y = product(build, weights, v, ((0, 1, 2, 3), (1, 2, 0, 3), (1, 2, 0, 3)), f"{name}/heads")
    return build.op("reshape", [y], (q.shape[0], k.shape[1] * group, v.shape[-1]), name)


OPERATIONS = {
    "Einsum": _einsum,
    "Matmul": _matmul,
    "Softmax": _softmax,
    "Transpose": _transpose,
    "Swapaxes": _swapaxes,
    "Reshape": _reshape,
    "ExpandDims": _expand_dims,
    "Squeeze": _squeeze,
    "Mean": _mean,
    "GetItem": _get_item,
    "Take": _take,
    "Divide": _divide,
    "TrueDivide": _divide,
    "Negative": _negative,
    "Cast": _same,
    "LayerNorm": _layer_norm,
    "RMSNorm": _layer_norm,
    "DotProductAttention": _dot_product_attention,
    "Relu": _unary("relu"),
    "Relu6": _unary("relu6"),
    "Gelu": _gelu,
    "Sigmoid": _unary("logistic"),
    "Tanh": _unary("tanh"),
    "Silu": _unary("silu"),
    "Softplus": _unary("softplus"),
    "Exp": _unary("exp"),
}
