"""Functions of keras.ops: reductions, functions of one and of two values, and what only moves values.

(builder, operation, arguments of the call by name) -> tensor, or tensors in a list. Keras counts the batch as axis 0; what would
reduce, move or join it is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder

Named = dict[str, Any]


def _axis(operation: Any, axis: Any, rank: int) -> int:
    """The graph's axis for Keras's; rank: with the batch."""
    if axis is None or not -rank <= int(axis) < rank or int(axis) % rank == 0:
        raise ConversionError(f"operation {operation.name}: works along axis {axis}, the batch; name another axis.")
    return int(axis) % rank - 1


def _constant(build: Builder, operation: Any, value: Any, rank: int) -> Tensor:
    """A number or an array as a constant without the batch; rank: of what it meets, with the batch."""
    value = np.atleast_1d(np.asarray(value, np.float32))
    value = value[0] if value.ndim == rank and value.shape[0] == 1 else value
    return build.constant(value, f"{operation.name}/number")


def _reduce(kind: str):
    def convert(build: Builder, operation: Any, named: Named) -> Tensor:
        x = named["x"]
        axes = operation.axis if isinstance(operation.axis, (list, tuple)) else [operation.axis]
        axes = tuple(sorted(_axis(operation, axis, len(x.shape) + 1) for axis in axes))
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if operation.keepdims or i not in axes]
        return build.op(kind, [x], shape, operation.name, axes=axes)

    return convert


def _unary(kind: str, **attrs: Any):
    def convert(build: Builder, operation: Any, named: Named) -> Tensor:
        x = named["x"]
        return build.op(kind, [x], x.shape, operation.name, **attrs)

    return convert


def _of(kind: str, **fields: str):
    """A function of one value whose numbers are the operation's: our name of each, and Keras's."""

    def convert(build: Builder, operation: Any, named: Named) -> Tensor:
        x = named["x"]
        attrs = {name: float(getattr(operation, field)) for name, field in fields.items()}
        return build.op(kind, [x], x.shape, operation.name, **attrs)

    return convert


def _pair(kind: str):
    def convert(build: Builder, operation: Any, named: Named) -> Tensor:
        given = [named["x1"], named["x2"]]
        rank = max(len(x.shape) for x in given if isinstance(x, Tensor)) + 1
        a, b = (x if isinstance(x, Tensor) else _constant(build, operation, x, rank) for x in given)
        return build.op(kind, [a, b], np.broadcast_shapes(a.shape, b.shape), operation.name, activation=None)

    return convert


def _divide(build: Builder, operation: Any, named: Named) -> Tensor:
    """By a number: times its reciprocal. Of a number: times the reciprocals."""
    a, b = named["x1"], named["x2"]
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return _pair("div")(build, operation, named)
    x = a if isinstance(a, Tensor) else b
    if x is b:
        x = build.op("reciprocal", [x], x.shape, f"{operation.name}/reciprocal")
        factor = a
    else:
        factor = 1 / np.asarray(b, np.float64)
    constant = _constant(build, operation, factor, len(x.shape) + 1)
    return build.op("mul", [x, constant], np.broadcast_shapes(x.shape, constant.shape), operation.name, activation=None)


def _power(build: Builder, operation: Any, named: Named) -> Tensor:
    x, exponent = named["x1"], named["x2"]
    if not isinstance(x, Tensor) or isinstance(exponent, Tensor) or np.size(exponent) != 1:
        raise ConversionError(f"operation {operation.name}: the engine raises to one constant exponent only.")
    return build.op("pow", [x], x.shape, operation.name, exponent=float(np.ravel(exponent)[0]))


def _clip(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    low, high = (float(np.asarray(getattr(operation, name))) for name in ("x_min", "x_max"))
    return build.op("clip", [x], x.shape, operation.name, low=low, high=high)


def _cumsum(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    axis = _axis(operation, operation.axis, len(x.shape) + 1)
    return build.op("cumsum", [x], x.shape, operation.name, axis=axis, exclusive=False, reverse=False)


def _last(operation: Any, x: Tensor) -> None:
    if operation.axis not in (-1, len(x.shape)):
        raise ConversionError(f"operation {operation.name}: works along axis {operation.axis}; the engine has it for the last.")


def _log_softmax(build: Builder, operation: Any, named: Named) -> Tensor:
    _last(operation, named["x"])
    return _unary("log_softmax")(build, operation, named)


def _normalize(build: Builder, operation: Any, named: Named) -> Tensor:
    _last(operation, named["x"])
    if operation.order != 2:
        raise ConversionError(f"operation {operation.name}: the engine divides by the length (order 2), not by another norm.")
    return _unary("l2_normalization")(build, operation, named)


def _taken(build: Builder, x: Tensor, axis: int, places: Any, name: str) -> Tensor:
    chosen = tuple(tuple(int(p) for p in places) if i == axis else None for i in range(len(x.shape)))
    shape = [n if c is None else len(c) for n, c in zip(x.shape, chosen)]
    return build.op("take", [x], shape, name, places=chosen)


def _sliced(build: Builder, x: Tensor, axis: int, first: int, last: int, name: str) -> Tensor:
    begin = tuple(first if i == axis else 0 for i in range(len(x.shape)))
    end = tuple(last if i == axis else n for i, n in enumerate(x.shape))
    shape = [b - a for a, b in zip(begin, end)]
    return build.op("strided_slice", [x], shape, name, begin=begin, end=end, strides=(1,) * len(shape))


def _flip(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    axes = operation.axis if isinstance(operation.axis, (list, tuple)) else [operation.axis]
    axes = {_axis(operation, axis, len(x.shape) + 1) for axis in axes}
    spans = [(n - 1, -1, -1) if i in axes else (0, n, 1) for i, n in enumerate(x.shape)]
    begin, end, strides = zip(*spans)
    return build.op("strided_slice", [x], x.shape, operation.name, begin=begin, end=end, strides=strides)


def _tile(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    times = np.ravel(operation.repeats).tolist()
    times = [1] * (len(x.shape) + 1 - len(times)) + times
    if len(times) > len(x.shape) + 1 or times[0] != 1:
        raise ConversionError(f"operation {operation.name}: repeats the batch; begin with a 1.")
    places = tuple(None if t == 1 else tuple(range(n)) * t for n, t in zip(x.shape, times[1:]))
    shape = [n * t for n, t in zip(x.shape, times[1:])]
    return build.op("take", [x], shape, operation.name, places=places)


def _repeat(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    axis = _axis(operation, operation.axis, len(x.shape) + 1)
    return _taken(build, x, axis, np.repeat(np.arange(x.shape[axis]), operation.repeats), operation.name)


def _roll(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    axis = _axis(operation, operation.axis, len(x.shape) + 1)
    return _taken(build, x, axis, np.roll(np.arange(x.shape[axis]), operation.shift), operation.name)


def _broadcast_to(build: Builder, operation: Any, named: Named) -> Tensor:
    x, shape = named["x"], tuple(operation.shape)[1:]
    own = (1,) * (len(shape) - len(x.shape)) + x.shape
    if operation.shape[0] not in (1, -1, None) or len(own) != len(shape) or any(a not in (1, b) for a, b in zip(own, shape)):
        raise ConversionError(f"operation {operation.name}: {(1, *x.shape)} does not broadcast to {tuple(operation.shape)}.")
    x = x if own == x.shape else build.op("reshape", [x], own, f"{operation.name}/axes")
    places = tuple(None if a == b else (0,) * b for a, b in zip(own, shape))
    return build.op("take", [x], shape, operation.name, places=places)


def _pad(build: Builder, operation: Any, named: Named) -> Tensor:
    """With a number, or with what lies within: mirrored, or the last value again and again."""
    x = named["x"]
    counts = [(int(a), int(b)) for a, b in np.broadcast_to(operation.pad_width, (len(x.shape) + 1, 2))]
    if any(counts[0]):
        raise ConversionError(f"operation {operation.name}: adds to the batch; begin with (0, 0).")
    before, after = zip(*counts[1:])
    shape = [b + n + a for b, n, a in zip(before, x.shape, after)]
    if operation.mode == "constant":
        value = named.get("constant_values")
        value = 0.0 if value is None else float(value)
        return build.op("pad", [x], shape, operation.name, before=before, after=after, value=value)
    if operation.mode not in ("reflect", "symmetric", "edge"):
        raise ConversionError(f"operation {operation.name}: the engine has no padding of mode {operation.mode}.")
    places = tuple(
        tuple(int(i) for i in np.pad(np.arange(n), pair, mode=operation.mode)) if any(pair) else None
        for n, pair in zip(x.shape, zip(before, after))
    )
    return build.op("take", [x], shape, operation.name, places=places)


def _stack(build: Builder, operation: Any, named: Named) -> Tensor:
    parts = named["x"]
    shape = parts[0].shape
    axis = _axis(operation, operation.axis, len(shape) + 2)
    one = (*shape[:axis], 1, *shape[axis:])
    parts = [build.op("reshape", [x], one, f"{operation.name}/part") for x in parts]
    return build.op("concat", parts, (*shape[:axis], len(parts), *shape[axis:]), operation.name, axis=axis)


def _split(build: Builder, operation: Any, named: Named) -> list[Tensor]:
    x = named["x"]
    axis = _axis(operation, operation.axis, len(x.shape) + 1)
    n, how = x.shape[axis], operation.indices_or_sections
    ends = list(range(n // how, n, n // how)) if isinstance(how, int) else [int(i) for i in how]
    spans = zip([0, *ends], [*ends, n])
    return [_sliced(build, x, axis, first, last, f"{operation.name}/{i}") for i, (first, last) in enumerate(spans)]


def _unstack(build: Builder, operation: Any, named: Named) -> list[Tensor]:
    x = named["x"]
    axis = _axis(operation, operation.axis, len(x.shape) + 1)
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    parts = [_sliced(build, x, axis, i, i + 1, f"{operation.name}/cut") for i in range(x.shape[axis])]
    return [build.op("reshape", [part], shape, f"{operation.name}/{i}") for i, part in enumerate(parts)]


def _moveaxis(build: Builder, operation: Any, named: Named) -> Tensor:
    x = named["x"]
    rank = len(x.shape) + 1
    sources, targets = (
        [_axis(operation, a, rank) for a in np.ravel(axes)] for axes in (operation.source, operation.destination)
    )
    perm = [i for i in range(rank - 1) if i not in sources]
    for target, source in sorted(zip(targets, sources)):
        perm.insert(target, source)
    return build.op("transpose", [x], [x.shape[i] for i in perm], operation.name, perm=tuple(perm))


def _blocks(into_depth: bool):
    """Blocks of pixels to channels and back."""

    def convert(build: Builder, operation: Any, named: Named) -> Tensor:
        x, size = named["x"], int(operation.block_size)
        if getattr(operation, "data_format", None) not in (None, "channels_last"):
            raise ConversionError(f"operation {operation.name}: the engine keeps channels last.")
        height, width, depth = x.shape
        if into_depth:
            apart, shape = (height // size, size, width // size, size * depth), (height // size, width // size, size * size * depth)
        else:
            depth //= size * size
            apart, shape = (height, width, size, size * depth), (height * size, width * size, depth)
        x = build.op("reshape", [x], apart, f"{operation.name}/apart")
        x = build.op("transpose", [x], [apart[i] for i in (0, 2, 1, 3)], f"{operation.name}/moved", perm=(0, 2, 1, 3))
        return build.op("reshape", [x], shape, operation.name)

    return convert


_PLAIN = {
    "Absolute": "abs",
    "Abs": "abs",
    "Negative": "neg",
    "Square": "square",
    "Sqrt": "sqrt",
    "Rsqrt": "rsqrt",
    "Reciprocal": "reciprocal",
    "Log": "log",
    "Exp": "exp",
    "Sin": "sin",
    "Cos": "cos",
    "Ceil": "ceil",
    "Floor": "floor",
    "Round": "round",
    "Sign": "sign",
    "LogSigmoid": "log_sigmoid",
    "TanhShrink": "tanh_shrink",
    "Selu": "selu",
    "Softsign": "softsign",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_swish",
    "SparsePlus": "sparse_plus",
    "SparseSigmoid": "sparse_sigmoid",
}

OPERATIONS = {
    "Max": _reduce("reduce_max"),
    "Min": _reduce("reduce_min"),
    "Amax": _reduce("reduce_max"),
    "Amin": _reduce("reduce_min"),
    "Sum": _reduce("sum"),
    "Maximum": _pair("maximum"),
    "Minimum": _pair("minimum"),
    "Divide": _divide,
    "TrueDivide": _divide,
    "Power": _power,
    "Clip": _clip,
    "Cumsum": _cumsum,
    "LogSoftmax": _log_softmax,
    "Normalize": _normalize,
    "Flip": _flip,
    "Tile": _tile,
    "Repeat": _repeat,
    "Roll": _roll,
    "BroadcastTo": _broadcast_to,
    "Pad": _pad,
    "Stack": _stack,
    "Split": _split,
    "Unstack": _unstack,
    "Moveaxis": _moveaxis,
    "SpaceToDepth": _blocks(into_depth=True),
    "DepthToSpace": _blocks(into_depth=False),
    "LeakyRelu": _of("leaky_relu", alpha="negative_slope"),
    "Elu": _of("elu", alpha="alpha"),
    "HardTanh": _unary("clip", low=-1.0, high=1.0),
    **{name: _unary(kind) for name, kind in _PLAIN.items()},
}
