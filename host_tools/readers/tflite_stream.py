"""TFLite operators of the family stream: variables, which hold their values from run to run.

CALL_ONCE runs a subgraph that gives each variable its first value. A variable read before it is assigned becomes a State of
the graph; what is assigned last is the State's next value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import State, Tensor
from host_tools.readers.tflite_types import demand_int8

Key = tuple[bytes, bytes]  # container, name


@dataclass
class Variables:
    """The variables of a file, while its ops are read one after another."""

    def __post_init__(self):
        self.handles: dict[int, Key] = {}  # by number of the tensor that names the variable
        self.initial: dict[Key, np.ndarray] = {}
        self.now: dict[Key, Tensor] = {}  # what a variable holds here
        self.first: dict[Key, Tensor] = {}  # what it held when the run began, where that is read

    def states(self) -> list[State]:
        """What is remembered. Raises ConversionError where a first value does not fit."""
        return [State(tensor, self.now[key], self._initial(key, tensor)) for key, tensor in self.first.items()]

    def _initial(self, key: Key, tensor: Tensor) -> np.ndarray | None:
        values = self.initial.get(key)
        if values is None:
            raise ConversionError(
                f"the variable {_name(key)!r} is read before anything is assigned to it: give it an initial value"
            )
        if values.size != tensor.size or values.dtype != np.dtype(tensor.dtype):
            raise ConversionError(
                f"the variable {_name(key)!r} is {tensor.dtype} of shape {tensor.shape}, its initial value "
                f"{values.dtype} of shape {values.shape}: the file is damaged"
            )
        return None if np.all(values == tensor.zero_point) else values.reshape(tensor.shape)


def _name(key: Key) -> str:
    return key[1].decode("utf-8", "replace")


def _key(op) -> Key:
    return op.option("Container") or b"", op.option("SharedName") or b""


def _handle(reader, op, handles: dict[int, Key]) -> Key:
    if op.inputs[0] not in handles:
        raise ConversionError(f"{reader.describe(op)} has no VAR_HANDLE before it: the file is damaged")
    return handles[op.inputs[0]]


def _var_handle(reader, op):
    reader.variables.handles[op.outputs[0]] = _key(op)


def _call_once(reader, op):
    number = op.option("InitSubgraphIndex", 0)
    if not 0 < number < len(reader.file.subgraphs):
        raise ConversionError(f"{reader.describe(op)} calls subgraph {number}, which is not there: the file is damaged")
    tensors, ops = reader.file.subgraphs[number]
    handles: dict[int, Key] = {}
    for each in ops:
        if each.name == "VAR_HANDLE":
            handles[each.outputs[0]] = _key(each)
        elif each.name == "ASSIGN_VARIABLE" and tensors[each.inputs[1]].data is not None:
            reader.variables.initial[_handle(reader, each, handles)] = tensors[each.inputs[1]].data
        else:
            raise ConversionError(
                f"{reader.describe(op)} works out a variable's initial value by {each.name}: upyml takes constants; "
                "give the layer's states plain initial values"
            )


def _read_variable(reader, op):
    variables, number = reader.variables, op.outputs[0]
    key = _handle(reader, op, variables.handles)
    tensor = reader.tensor(number)
    held = variables.now.get(key)
    if held is None:
        variables.now[key] = variables.first[key] = tensor
    elif (held.shape, held.dtype, held.scale, held.zero_point) != (
        tensor.shape, tensor.dtype, tensor.scale, tensor.zero_point,
    ):  # fmt: skip
        raise ConversionError(
            f"{reader.describe(op)} reads a variable as another type, shape or scale than it was written with: convert "
            "the model again"
        )
    else:
        reader.alias(number, held)


def _assign_variable(reader, op):
    reader.variables.now[_handle(reader, op, reader.variables.handles)] = reader.tensor(op.inputs[1])


def _svdf(reader, op):
    """The memories are a variable tensor, which the op alone uses; the graph's op has its kind among its attributes."""
    demand_int8(reader, op, 0)
    numbers = [*op.inputs, -1, -1][:5]
    x, feature = reader.tensor(numbers[0]), reader.tensor(numbers[1])
    time, state = reader.tensor(numbers[2]), reader.tensor(numbers[4])
    rank = op.option("Rank", 1)
    filters = feature.shape[0] if len(feature.shape) == 2 else 0
    if feature.data is None or time.data is None or feature.dtype != "int8" or time.dtype != state.dtype:
        raise ConversionError(f"{reader.describe(op)}: its weights are no constants of int8 and of its memories' type")
    if state.dtype not in ("int8", "int16") or not filters or time.size != state.size or state.size % filters:
        raise ConversionError(f"{reader.describe(op)}: its memories are {state.dtype} {state.shape}; upyml takes int8 and int16")
    if rank < 1 or filters % rank or feature.size != filters * x.size:
        raise ConversionError(f"{reader.describe(op)}: {filters} filters over {x.size} values, of rank {rank}: the file is damaged")
    bias = np.zeros(filters // rank, np.int32)
    if numbers[3] >= 0:
        bias = reader.required_constant(op, 3, "bias").astype(np.int32)
    bias = Tensor(f"{op.name}/bias", bias.shape, "int32", data=bias)
    attrs = {"rank": rank, "state": (state.dtype, float(state.scale), int(state.zero_point))}
    reader.emit(op, "svdf", [x, feature, time, bias], attrs)


CONVERTERS: dict[str, Any] = {
    "SVDF": _svdf,
    "CALL_ONCE": _call_once,
    "VAR_HANDLE": _var_handle,
    "READ_VARIABLE": _read_variable,
    "ASSIGN_VARIABLE": _assign_variable,
}
