"""Keras layers of transformers: attention in its kinds, normalization over features, embeddings, EinsumDense.

Layers of CALLS need to know which argument each tensor is: (builder, layer, arguments by name).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.families.attention import visible
from host_tools.graph import Tensor
from host_tools.readers import einsum
from host_tools.readers.builder import Builder
from host_tools.readers.keras_layers_activation import activation
from host_tools.readers.keras_layers_conv import values

ALL = 1 << 20  # columns: more than any row has


def dense(build: Builder, x: Tensor, kernel: np.ndarray, bias: np.ndarray | None, name: str) -> Tensor:
    """x (..., in) by a kernel (in, *out) plus a bias (*out), as (..., *out)."""
    flat = kernel.reshape(kernel.shape[0], -1)
    constants = [build.constant(flat.T, f"{name}/kernel")]
    if bias is not None:
        constants.append(build.constant(bias.reshape(-1), f"{name}/bias"))
    shape = (*x.shape[:-1], flat.shape[1])
    y = build.op("fully_connected", [x, *constants], shape, name, activation=None)
    full = (*x.shape[:-1], *kernel.shape[1:])
    return y if full == shape else build.op("reshape", [y], full, f"{name}/reshape")


def _reshaped(build: Builder, x: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
    return x if tuple(x.shape) == tuple(shape) else build.op("reshape", [x], shape, name)


def product(build: Builder, a: Tensor, b: Tensor, orders: tuple, name: str) -> Tensor:
    """batch_matmul; orders: which axes of a, b and the output are batch axes, row and column."""
    left, right, output = orders
    rows, columns = [a.shape[axis] for axis in left], [b.shape[axis] for axis in right]
    made = (*np.broadcast_shapes(tuple(rows[:-2]), tuple(columns[:-2])), rows[-2], columns[-1])
    shape = [0] * len(made)
    for axis, n in zip(output, made):
        shape[axis] = n
    return build.op("batch_matmul", [a, b], shape, name, left=tuple(left), right=tuple(right), output=tuple(output))


def _band(layer: Any, arguments: dict[str, Any], rows: int, columns: int, window: int | None) -> tuple[int, int] | None:
    """(before, after): the columns beside the diagonal that each row sees; None: all."""
    before = after = ALL if window is None else window - 1
    if arguments.get("use_causal_mask"):
        after = 0
    mask = arguments.get("attention_mask")
    if any(arguments.get(name) is not None for name in ("query_mask", "value_mask", "key_mask", "mask")):
        mask = arguments
    if isinstance(mask, (Tensor, dict)):
        raise ConversionError(
            f"layer {layer.name}: takes a mask that is computed while the model runs, for padding; the engine has causal "
            "masks and windows only. Give the model sequences of full length."
        )
    if mask is not None:
        before, after = _band_of(layer, np.asarray(mask).astype(bool), rows, columns, before, after)
    if not visible(rows, columns, before, after).any(axis=1).all():
        raise ConversionError(f"layer {layer.name}: its mask leaves a position with nothing to attend to.")
    return None if min(before, after) >= max(rows, columns) - 1 else (before, after)


def _band_of(layer: Any, mask: np.ndarray, rows: int, columns: int, before: int, after: int) -> tuple[int, int]:
    """The band that a constant mask is, within another one."""
    mask = np.broadcast_to(mask.reshape(mask.shape[-2:]), (rows, columns)) & visible(rows, columns, before, after)
    places = np.arange(columns) - np.arange(rows)[:, None]
    seen = places[mask]
    if seen.size:
        before, after = int(max(-seen.min(), 0)), int(max(seen.max(), 0))
        before = ALL if before == rows - 1 else before
        after = ALL if after == columns - 1 else after
        if (visible(rows, columns, before, after) == mask).all():
            return before, after
    raise ConversionError(
        f"layer {layer.name}: its attention_mask is none of those the engine has, which let a position see those up to "
        "itself or a window around it."
    )


def _softmax(build: Builder, x: Tensor, band: tuple[int, int] | None, name: str, beta: float = 1.0) -> Tensor:
    if band is None:
        return build.op("softmax", [x], x.shape, name, beta=beta)
    return build.op("masked_softmax", [x], x.shape, name, before=band[0], after=band[1], beta=beta)


def _no_scores(layer: Any, arguments: dict[str, Any]) -> None:
    if arguments.get("return_attention_scores"):
        raise ConversionError(f"layer {layer.name}: gives its attention scores, too. Call it without them.")


def _part(layer: Any, dense_layer: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """(kernel, bias or None) of a projection inside an attention layer."""
    if getattr(dense_layer, "quantization_mode", None) is not None:
        raise ConversionError(f"layer {layer.name}: is quantized by Keras. Convert the model before that.")
    bias = getattr(dense_layer, "bias", None)
    return values(dense_layer.kernel), None if bias is None else values(bias)


def _sequence(layer: Any, x: Tensor, axes: tuple[int, ...]) -> tuple[tuple[int, ...], int | None]:
    """(shape that x is seen in, its axis that is attended over; None where the shape has been made (T, D))."""
    free = len(x.shape) - 1
    if len(axes) == free:
        return (math.prod(x.shape[:-1]), x.shape[-1]), None
    if free == 2 and len(axes) == 1:
        return x.shape, axes[0]
    raise ConversionError(
        f"layer {layer.name}: attends over axes {tuple(axis + 1 for axis in axes)} of {len(x.shape) + 1}; the engine takes "
        "all of them, or one of two."
    )


def _multi_head(build: Builder, layer: Any, arguments: dict[str, Any]) -> Tensor:
    """Heads stay where the projections put them: the products read and write them in place."""
    _no_scores(layer, arguments)
    query, value = arguments["query"], arguments["value"]
    key = arguments.get("key")
    key = value if key is None else key
    axes = tuple(axis - 1 for axis in layer._attention_axes)
    name, shape = layer.name, query.shape
    parts = {}
    for word, x, projection in (
        ("query", query, layer._query_dense),
        ("key", key, layer._key_dense),
        ("value", value, layer._value_dense),
    ):
        seen, axis = _sequence(layer, x, axes)
        kernel, bias = _part(layer, projection)
        if word == "query":  # the scores are divided by the root of their depth: here that costs nothing
            factor = 1 / math.sqrt(kernel.shape[-1])
            kernel, bias = kernel * factor, None if bias is None else bias * factor
        x = _reshaped(build, x, seen, f"{name}/{word}/flat")
        parts[word] = dense(build, x, kernel, bias, f"{name}/{word}")
    # (time, head, feature), or with another axis before or behind time
    orders = {None: (1, 0, 2), 0: (1, 2, 0, 3), 1: (0, 2, 1, 3)}[axis]
    *batch, time, feature = orders
    rows, columns = parts["query"].shape[time], parts["key"].shape[time]
    plain = tuple(range(len(orders)))
    scores = product(
        build, parts["query"], parts["key"], (orders, (*batch, feature, time), plain), f"{name}/scores"
    )
    band = _band(layer, arguments, rows, columns, getattr(layer, "_sliding_window", None))
    weights = _softmax(build, scores, band, f"{name}/softmax")
    y = product(build, weights, parts["value"], (plain, orders, orders), f"{name}/heads")
    if getattr(layer, "_use_gate", False):
        kernel, bias = _part(layer, layer._gate_dense)
        seen, _ = _sequence(layer, query, axes)
        gate = dense(build, _reshaped(build, query, seen, f"{name}/gate/flat"), kernel, bias, f"{name}/gate")
        gate = activation(build, layer, layer._gate_dense.activation, gate)
        y = build.op("mul", [y, gate], y.shape, f"{name}/gated", activation=None)
    return _output(build, layer, y, shape)


def _output(build: Builder, layer: Any, y: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The projection of all heads together, in the shape of the query's sequence."""
    kernel, bias = _part(layer, layer._output_dense)
    heads = y.shape[-2] * y.shape[-1]
    y = _reshaped(build, y, (*y.shape[:-2], heads), f"{layer.name}/joined")
    tail = kernel.shape[2:]
    y = dense(build, y, kernel.reshape(heads, -1), None if bias is None else bias.reshape(-1), layer.name)
    return _reshaped(build, y, (*shape[:-1], *tail), f"{layer.name}/output")


def _grouped_query(build: Builder, layer: Any, arguments: dict[str, Any]) -> Tensor:
    """Heads of the query share those of key and value: as a batch axis along which the latter do not change."""
    _no_scores(layer, arguments)
    query, value = arguments["query"], arguments["value"]
    key = arguments.get("key")
    key = value if key is None else key
    name, factor = layer.name, 1 / math.sqrt(layer.head_dim)
    kernel, bias = _part(layer, layer._query_dense)
    q = dense(build, query, kernel * factor, None if bias is None else bias * factor, f"{name}/query")
    k = dense(build, key, *_part(layer, layer._key_dense), f"{name}/key")
    v = dense(build, value, *_part(layer, layer._value_dense), f"{name}/value")
    rows, columns, heads, depth = q.shape[0], k.shape[0], k.shape[1], q.shape[2]
    group = q.shape[1] // heads
    q = build.op("reshape", [q], (rows, heads, group, depth), f"{name}/query/groups")
    k, v = (
        build.op("reshape", [x], (columns, heads, 1, depth), f"{name}/{word}/groups")
        for x, word in ((k, "key"), (v, "value"))
    )
    scores = product(build, q, k, ((1, 2, 0, 3), (1, 2, 3, 0), (0, 1, 2, 3)), f"{name}/scores")
    band = _band(layer, arguments, rows, columns, getattr(layer, "sliding_window", None))
    weights = _softmax(build, scores, band, f"{name}/softmax")
    y = product(build, weights, v, ((0, 1, 2, 3), (1, 2, 0, 3), (1, 2, 0, 3)), f"{name}/heads")
    y = build.op("reshape", [y], (rows, heads * group, depth), f"{name}/heads/joined")
    if getattr(layer, "use_gate", False):
        gate = dense(build, query, *_part(layer, layer._gate_dense), f"{name}/gate")
        gate = activation(build, layer, layer._gate_dense.activation, gate)
        y = build.op("mul", [y, gate], y.shape, f"{name}/gated", activation=None)
    return _output(build, layer, y, query.shape)


def _attention(build: Builder, layer: Any, arguments: dict[str, Any]) -> Tensor:
    """Attention without projections: Luong's products, or Bahdanau's sums for AdditiveAttention and score_mode concat."""
    _no_scores(layer, arguments)
    q, v, *rest = arguments["inputs"]
    k = rest[0] if rest else v
    name, rank = layer.name, len(q.shape)
    plain = tuple(range(rank))
    turned = (*plain[:-2], rank - 1, rank - 2)
    beta = 1.0
    if type(layer).__name__ == "AdditiveAttention" or layer.score_mode == "concat":
        scores = _additive_scores(build, layer, q, k)
    else:
        scores = product(build, q, k, (plain, turned, plain), f"{name}/scores")
        beta = 1.0 if layer.scale is None else float(values(layer.scale))
        if beta <= 0:
            raise ConversionError(f"layer {name}: has learned a scale of {beta:g}; the engine takes those above 0.")
    band = _band(layer, arguments, scores.shape[-2], scores.shape[-1], None)
    weights = _softmax(build, scores, band, f"{name}/softmax", beta)
    return product(build, weights, v, (plain, plain, plain), name)


def _additive_scores(build: Builder, layer: Any, q: Tensor, k: Tensor) -> Tensor:
    """The sum over the features of tanh(query + key), each with its factor."""
    name, depth = layer.name, q.shape[-1]
    if len(q.shape) != 2:
        raise ConversionError(f"layer {name}: takes sequences of vectors, received shape {q.shape}.")
    rows, columns = q.shape[0], k.shape[0]
    inner, outer = 1.0, np.ones(depth)
    if type(layer).__name__ == "AdditiveAttention":
        outer = values(layer.scale) if layer.use_scale else outer
    else:
        inner = 1.0 if layer.scale is None else float(values(layer.scale))
        outer = outer * float(values(layer.concat_score_weight))
    q = build.op("reshape", [q], (rows, 1, depth), f"{name}/query")
    k = build.op("reshape", [k], (1, columns, depth), f"{name}/key")
    y = build.op("add", [q, k], (rows, columns, depth), f"{name}/sum", activation=None)
    if inner != 1:
        y = build.op("affine", [y], y.shape, f"{name}/scaled", scale=inner, offset=0.0)
    y = build.op("tanh", [y], y.shape, f"{name}/tanh")
    y = dense(build, y, outer.reshape(depth, 1), None, f"{name}/scores")
    return build.op("reshape", [y], (rows, columns), f"{name}/scores/flat")


def normalized(
    build: Builder, x: Tensor, axes: list[int], constants: tuple, epsilon: float, centered: bool, name: str
) -> Tensor:
    """x normalized over axes (of x, without the batch); constants: gamma and beta, shaped as these axes, or None."""
    rank = len(x.shape)
    axes = sorted(axes)
    stay = [axis for axis in range(rank) if axis not in axes]
    shape = tuple(x.shape[axis] for axis in axes)
    gamma, beta = (
        np.full(shape, plain) if v is None else v.reshape(shape) for v, plain in zip(constants, (1.0, 0.0))
    )
    tensors = [build.constant(v, f"{name}/{word}") for v, word in ((gamma, "gamma"), (beta, "beta"))]
    perm = (*stay, *axes)
    if perm == tuple(range(rank)):
        return build.op("layer_norm", [x, *tensors], x.shape, name, epsilon=epsilon, centered=centered)
    moved = build.op("transpose", [x], [x.shape[axis] for axis in perm], f"{name}/last", perm=perm)
    y = build.op("layer_norm", [moved, *tensors], moved.shape, f"{name}/normal", epsilon=epsilon, centered=centered)
    return build.op("transpose", [y], x.shape, name, perm=tuple(int(axis) for axis in np.argsort(perm)))


def _axes(layer: Any, x: Tensor) -> list[int]:
    """The axes that a layer normalizes, without the batch."""
    rank = len(x.shape) + 1
    axes = [int(axis) % rank - 1 for axis in np.atleast_1d(layer.axis)]
    if -1 in axes:
        raise ConversionError(f"layer {layer.name}: normalizes over the batch. Use axis=-1.")
    return axes


def _layer_normalization(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    if getattr(layer, "rms_scaling", False):
        raise ConversionError(f"layer {layer.name}: rms_scaling is deprecated in Keras. Use RMSNormalization.")
    constants = tuple(None if v is None else values(v) for v in (layer.gamma, layer.beta))
    return normalized(build, x, _axes(layer, x), constants, float(layer.epsilon), True, layer.name)


def _rms_normalization(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    gamma = None if layer.scale is None else values(layer.scale)
    return normalized(build, x, _axes(layer, x), (gamma, None), float(layer.epsilon), False, layer.name)


def _unit_normalization(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    """To length 1: by the root of the sum of squares, not of their mean."""
    (x,) = inputs
    axes = _axes(layer, x)
    shape = tuple(x.shape[axis] for axis in sorted(axes))
    count = math.prod(shape)
    return normalized(build, x, axes, (np.full(shape, count**-0.5), None), 1e-12 / count, False, layer.name)


def look_up(build: Builder, table: np.ndarray, indices: Tensor, name: str) -> Tensor:
    """Rows of a table of (rows, features)."""
    rows = build.constant(table, f"{name}/embeddings")
    return build.op("gather", [rows, indices], (*indices.shape, table.shape[1]), name, axis=0)


def _embedding(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    if layer.mask_zero:
        raise ConversionError(
            f"layer {layer.name}: mask_zero masks what follows it; the engine computes every position. Use mask_zero=False "
            "and sequences of full length."
        )
    return look_up(build, values(layer.embeddings), inputs[0], layer.name)


def _einsum_dense(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor:
    (x,) = inputs
    kernel, bias = _part(layer, layer)
    spec = einsum.without_batch(layer.equation, (len(x.shape), kernel.ndim), layer.name)
    y = einsum.by_constant(build, spec, x, kernel, bias, layer.name)
    return activation(build, layer, layer.activation, y)


CALLS = {
    "MultiHeadAttention": _multi_head,
    "GroupedQueryAttention": _grouped_query,
    "Attention": _attention,
    "AdditiveAttention": _attention,
}

LAYERS = {
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _rms_normalization,
    "UnitNormalization": _unit_normalization,
    "Embedding": _embedding,
    "EinsumDense": _einsum_dense,
}
