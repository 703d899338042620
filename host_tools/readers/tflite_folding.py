"""Shape arithmetic that TFLite models of unknown batch carry along, done once at conversion."""

from __future__ import annotations

import numpy as np

from host_tools.readers.tflite_file import FileOp


def fold(op: FileOp, values: list, input_shapes: list) -> np.ndarray | None:
    """The op's output where it can be known now: integer shape arithmetic on constants; else None.

    values: each input's constant or None; input_shapes: each input's shape with the batch.
    """
    if op.name == "SHAPE":
        return np.array(input_shapes[0], np.int32)
    rule = _RULES.get(op.name)
    if rule is None or len(op.outputs) != 1 or not values:
        return None
    if any(value is None or value.dtype not in (np.int32, np.int64) for value in values):
        return None
    return rule(op, values)


def _strided_slice(op, values):
    x, begin, end, strides = values
    if x.ndim != 1 or op.option("EllipsisMask") or op.option("NewAxisMask"):
        return None
    if op.option("ShrinkAxisMask") & 1:
        return x[int(begin[0])]
    first = None if op.option("BeginMask") & 1 else int(begin[0])
    last = None if op.option("EndMask") & 1 else int(end[0])
    return x[first : last : int(strides[0])]


_RULES = {
    "STRIDED_SLICE": _strided_slice,
    "PACK": lambda op, values: np.stack(values, op.option("Axis", 0)),
    "CONCATENATION": lambda op, values: np.concatenate(values, op.option("Axis", 0)),
    "RESHAPE": lambda op, values: values[0].reshape(tuple(values[1])) if len(values) > 1 else None,
    "SQUEEZE": lambda op, values: values[0].squeeze(),
    "EXPAND_DIMS": lambda op, values: np.expand_dims(values[0], int(values[1])),
    "GATHER": lambda op, values: np.take(values[0], values[1], op.option("Axis", 0)),
    "REDUCE_PROD": lambda op, values: np.prod(values[0], axis=tuple(np.atleast_1d(values[1])), dtype=values[0].dtype),
    "CAST": lambda op, values: values[0],
    "MUL": lambda op, values: values[0] * values[1],
    "ADD": lambda op, values: values[0] + values[1],
}
