"""TFLite operators of transformers: products of activations, and look-ups by token ids."""

from __future__ import annotations

from typing import Any

from host_tools.errors import ConversionError
from host_tools.readers.tflite_types import demand_int8

_WHOLE = ("uint8", "int8", "int16", "int32", "int64")


def _batch_matmul(reader, op):
    for place in range(2):
        demand_int8(reader, op, place)
    shapes = [reader.file.tensors[i].shape for i in op.inputs[:2]]
    if min(map(len, shapes)) < 2:
        raise ConversionError(f"{reader.describe(op)} multiplies {shapes}: the file is damaged")
    bare = all(len(shape) > 2 and shape[0] == 1 for shape in shapes)
    inputs = [reader.tensor(i) if bare else reader.with_batch(i) for i in op.inputs[:2]]

    def order(tensor, turned):
        axes = tuple(range(len(tensor.shape)))
        return (*axes[:-2], axes[-1], axes[-2]) if turned else axes

    attrs: dict[str, Any] = {
        "left": order(inputs[0], op.option("AdjX", False)),
        "right": order(inputs[1], op.option("AdjY", False)),
        "output": tuple(range(max(len(x.shape) for x in inputs))),
    }
    reader.emit(op, "batch_matmul", inputs, attrs)


def _gather(reader, op):
    """Along one axis; without batch axes."""
    demand_int8(reader, op, 0)
    if op.option("BatchDims", 0):
        raise ConversionError(f"{reader.describe(op)} looks up along batch axes: upyml takes one table for all")
    source = reader.file.tensors[op.inputs[1]].dtype
    if source not in _WHOLE:
        raise ConversionError(f"{reader.describe(op)} takes indices of type {source}: the file is damaged")
    x, indices = (reader.with_batch(i) for i in op.inputs[:2])
    rank, axis = len(x.shape), op.option("Axis", 0)
    if not -rank <= axis < rank:
        raise ConversionError(f"{reader.describe(op)}: axis {axis} of a tensor with {rank} axes: the file is damaged")
    if indices.data is not None:
        limit = x.shape[axis]
        if indices.data.min(initial=0) < 0 or indices.data.max(initial=0) >= limit:
            raise ConversionError(f"{reader.describe(op)} has indices beyond 0 to {limit - 1}: the file is damaged")
        indices.dtype, indices.data = "int32", indices.data.astype("int32")
    reader.emit(op, "gather", [x, indices], {"axis": axis % rank})


def _cast(reader, op):
    """Between whole numbers, of indices: the values stay."""
    kinds = [reader.file.tensors[i].dtype for i in (op.inputs[0], op.outputs[0])]
    if not set(kinds) <= set(_WHOLE):
        raise ConversionError(f"{reader.describe(op)} goes from {kinds[0]} to {kinds[1]}: upyml casts token ids only")
    reader.emit(op, "reshape", [reader.tensor(op.inputs[0])], {})


def _neg(reader, op):
    """TFLite has it for floats: a pass makes one op on int8 of it and what stands around it."""
    reader.emit(op, "neg", [reader.tensor(op.inputs[0])], {})


CONVERTERS: dict[str, Any] = {"BATCH_MATMUL": _batch_matmul, "GATHER": _gather, "CAST": _cast, "NEG": _neg}
