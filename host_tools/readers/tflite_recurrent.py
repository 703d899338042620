"""TFLite operators of the family recurrent: UNIDIRECTIONAL_SEQUENCE_LSTM with int8 or int16 activations and an int16 cell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tflite

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.tflite_types import demand_int8

# Places of the operator's inputs; gates stand as input, forget, cell, output.
_WEIGHTS, _RECURRENT, _BIASES = range(1, 5), range(5, 9), range(12, 16)
_HIDDEN, _CELL = 18, 19
_OTHERS = {9: "peepholes", 16: "a projection", 20: "layer normalization"}


def _scale_and_data(reader, op, place: int, rank: int, dtype: str) -> tuple[float, np.ndarray]:
    """A gate's weights or bias."""
    data = reader.required_constant(op, place, "weights")
    source = reader.file.tensors[op.inputs[place]]
    right = source.dtype == dtype and data.ndim == rank
    if not right or len(source.scales) != 1 or np.any(source.zero_points != 0):
        raise ConversionError(
            f"{reader.describe(op)}: {source.name!r} is no {dtype} {'matrix' if rank == 2 else 'bias'} with one scale: convert "
            "the model with full integer quantization"
        )
    if rank == 2 and data.min(initial=0) < -127:
        raise ConversionError(f"{reader.describe(op)} has a weight of -128, outside of TFLite's symmetric range")
    return float(source.scales[0]), data


def _matrix(reader, op, places, shape: tuple[int, int]) -> Tensor:
    """The weights of all gates as one matrix with a scale for each row."""
    scales, parts = zip(*[_scale_and_data(reader, op, place, 2, "int8") for place in places])
    if any(part.shape != shape for part in parts):
        raise ConversionError(f"{reader.describe(op)}: its gates' weights have different shapes: the file is damaged")
    rows = np.concatenate(parts)
    name = reader.file.tensors[op.inputs[places[0]]].name
    return Tensor(name, rows.shape, "int8", np.repeat(np.float32(scales), shape[0]), 0, rows)


def _lstm(reader, op) -> None:
    x = demand_int8(reader, op, 0)
    if len(op.inputs) < 20:
        raise ConversionError(f"{reader.describe(op)} has {len(op.inputs)} inputs instead of 24: the file is damaged")
    for place, what in _OTHERS.items():
        if any(number >= 0 for number in op.inputs[place : place + (1 if place == 16 else 3)]):
            raise ConversionError(f"{reader.describe(op)} has {what}; upyml runs LSTM layers without, as Keras makes them")
    if op.inputs[1] < 0:
        raise ConversionError(f"{reader.describe(op)} couples its input and forget gates; upyml runs LSTM layers with both")
    if op.option("FusedActivationFunction", 0) != tflite.ActivationFunctionType.TANH:
        raise ConversionError(f"{reader.describe(op)}: its activation is not tanh; use tanh, as Keras does by default")
    shape = reader.file.tensors[op.inputs[0]].shape
    time_major = bool(op.option("TimeMajor", False))
    if len(shape) != 3 or shape[1 if time_major else 0] != 1:
        raise ConversionError(f"{reader.describe(op)} takes shape {shape}: convert the model with a batch of 1")
    x = reader.reshaped(x, (shape[0] if time_major else shape[1], shape[2]))
    units = reader.required_constant(op, _RECURRENT[0], "weights").shape[-1]
    sums = "int64" if x.dtype == "int16" else "int32"
    biases = [_scale_and_data(reader, op, place, 1, sums)[1] for place in _BIASES]
    if any(bias.shape != (units,) for bias in biases):
        raise ConversionError(f"{reader.describe(op)}: its biases have different shapes: the file is damaged")
    bias = np.concatenate(biases).astype(sums)
    inputs = [
        x,
        _matrix(reader, op, _WEIGHTS, (units, shape[2])),
        _matrix(reader, op, _RECURRENT, (units, units)),
        Tensor(reader.file.tensors[op.inputs[_BIASES[0]]].name, bias.shape, sums, None, 0, bias),
    ]
    reader.emit(op, "lstm", inputs, _attributes(reader, op))


def _attributes(reader, op) -> dict:
    """The scales of hidden state and cell, which the graph keeps as attributes."""
    hidden, cell = (reader.file.tensors[op.inputs[place]] for place in (_HIDDEN, _CELL))
    output = reader.file.tensors[op.outputs[0]]
    same = hidden.dtype == output.dtype and np.array_equal(hidden.scales, output.scales)
    if not same or not np.array_equal(hidden.zero_points, output.zero_points):
        raise ConversionError(f"{reader.describe(op)}: hidden state and output have different scales: the file is damaged")
    fraction, exponent = math.frexp(float(cell.scales[0])) if len(cell.scales) == 1 else (0.0, 0)
    if cell.dtype != "int16" or fraction != 0.5 or not -15 <= exponent - 1 + 12 <= 12:
        raise ConversionError(
            f"{reader.describe(op)}: its cell state is {cell.dtype} with scale {cell.scales}; int16 with a power of two is "
            "needed: convert the model with full integer quantization"
        )
    clip = float(op.option("CellClip", 0.0))
    return {
        "function": "tanh",
        "gate": "logistic",
        "backwards": False,
        "mirrored": False,
        "state": f"{output.name}/state",
        "gate_shift": 0,
        "cell_power": exponent - 1,
        "clip": int(min(clip / float(cell.scales[0]), 32767)) if clip > 0 else 0,
    }


CONVERTERS: dict[str, Any] = {"UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm}
