"""Keras's recurrent layers: LSTM, GRU, SimpleRNN, RNN of their cells, Bidirectional, TimeDistributed."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Tensor
from host_tools.readers.builder import Builder
from host_tools.readers.keras_layers_conv import values

_CELLS = {"LSTMCell": "lstm", "GRUCell": "gru", "SimpleRNNCell": "simple_rnn"}
_FUNCTIONS = {"sigmoid": "logistic", "tanh": "tanh", "hard_sigmoid": "hard_sigmoid", "relu": "relu", "linear": "linear"}
_GATES = ("logistic", "hard_sigmoid")


def _function(layer: Any, function: Any, gate: bool = False) -> str:
    """Our name of an activation; ConversionError for one that cells do not have."""
    name = "linear" if function is None else getattr(function, "__name__", type(function).__name__)
    ours = (getattr(function, "__module__", None) or "keras").split(".")[0] == "keras" or name != "hard_sigmoid"
    known = _FUNCTIONS.get(name)
    if known is None or not ours or (gate and known not in _GATES):
        what, these = ("recurrent_activation", "sigmoid or hard_sigmoid") if gate else ("activation", "tanh, sigmoid, relu or linear")
        raise ConversionError(f"layer {layer.name}: {what} {name} is not known inside of a recurrent layer. Use {these}.")
    return known


def _cell(build: Builder, layer: Any, cell: Any, x: Tensor, backwards: bool, mirrored: bool, state: str) -> Tensor:
    """The hidden state of a cell after each step, (steps, units)."""
    kind = _CELLS.get(type(cell).__name__)
    if kind is None:
        raise ConversionError(
            f"layer {layer.name}: the engine has no op for the cell {type(cell).__name__}. Use LSTM, GRU or SimpleRNN."
        )
    if len(x.shape) != 2:
        raise ConversionError(f"layer {layer.name}: takes (steps, features), received {x.shape}.")
    kernel, recurrent = values(cell.kernel).T, values(cell.recurrent_kernel).T
    channels = len(kernel)
    bias = values(cell.bias) if cell.use_bias else np.zeros(channels, np.float32)
    biases = [bias]
    attrs: dict[str, Any] = {"gate": "logistic"}
    if kind == "gru":
        attrs["reset_after"] = bool(cell.reset_after)
        biases = list(bias) if bias.ndim == 2 else [bias, np.zeros(channels, np.float32)]
    if kind != "simple_rnn":
        attrs["gate"] = _function(layer, cell.recurrent_activation, gate=True)
    if state:
        attrs["state"] = state
    constants = [
        build.constant(kernel, f"{layer.name}/kernel"),
        build.constant(recurrent, f"{layer.name}/recurrent_kernel"),
        *[build.constant(part, f"{layer.name}/bias") for part in biases],
    ]
    attrs |= {"function": _function(layer, cell.activation), "backwards": backwards, "mirrored": mirrored}
    return build.op(kind, [x, *constants], (x.shape[0], recurrent.shape[1]), layer.name, **attrs)


def _last(build: Builder, sequence: Tensor, mirrored: bool, name: str) -> Tensor:
    """The hidden state after the last step."""
    steps, units = sequence.shape
    begin = (0 if mirrored else steps - 1, 0)
    end = (begin[0] + 1, units)
    step = build.op("strided_slice", [sequence], (1, units), f"{name}/last", begin=begin, end=end, strides=(1, 1))
    return build.op("reshape", [step], (units,), f"{name}/state")


def _sequence(build: Builder, layer: Any, x: Tensor, backwards: bool, mirrored: bool) -> Tensor:
    """All hidden states of a layer, which may be several cells one above the other."""
    cell = layer.cell
    cells = cell.cells if type(cell).__name__ == "StackedRNNCells" else [cell]
    for number, one in enumerate(cells):
        state = ""
        if layer.stateful:
            state = f"{layer.name}/state" if len(cells) == 1 else f"{layer.name}/state_{number}"
            if any(op.attrs.get("state") == state for op in build.ops):
                raise ConversionError(f"layer {layer.name}: is stateful and used twice; give each use a layer of its own.")
        first, last = number == 0, number == len(cells) - 1
        x = _cell(build, layer, one, x, backwards and first, mirrored and last, state)
    return x


def _recurrent(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor | list[Tensor]:
    """LSTM, GRU, SimpleRNN and RNN; with return_state also the last hidden state, but not an LSTM's cell."""
    if len(inputs) != 1:
        raise ConversionError(f"layer {layer.name}: is given an initial state or a mask; a board's layer begins with zeros.")
    sequence = _sequence(build, layer, inputs[0], bool(layer.go_backwards), False)
    wanted = sequence if layer.return_sequences else _last(build, sequence, False, layer.name)
    if not layer.return_state:
        return wanted
    if type(layer.cell).__name__ not in ("GRUCell", "SimpleRNNCell"):
        raise ConversionError(
            f"layer {layer.name}: return_state; the engine gives no cell state. Use return_sequences, whose last row is "
            "the hidden state."
        )
    return [wanted, _last(build, sequence, False, layer.name)]


def _bidirectional(build: Builder, layer: Any, inputs: list[Tensor]) -> Tensor | list[Tensor]:
    """Two layers, of which one reads from the end and writes its outputs where their inputs stood."""
    parts = []
    for part in (layer.forward_layer, layer.backward_layer):
        if part.return_state or len(inputs) != 1:
            raise ConversionError(f"layer {layer.name}: has states or masks beside its input; a board's layer begins with zeros.")
        backwards = bool(part.go_backwards)
        # With return_sequences Keras turns the second layer's outputs round, however that one reads.
        mirrored = part is layer.backward_layer and part.return_sequences
        if type(part).__name__ not in LAYERS or type(part).__name__ == "Bidirectional":
            raise ConversionError(f"layer {layer.name}: holds {type(part).__name__}. Use LSTM, GRU or SimpleRNN.")
        sequence = _sequence(build, part, inputs[0], backwards, mirrored)
        parts.append(sequence if part.return_sequences else _last(build, sequence, mirrored, part.name))
    if layer.merge_mode is None:
        return parts
    shape = parts[0].shape
    if layer.merge_mode == "concat":
        return build.op("concat", parts, (*shape[:-1], sum(part.shape[-1] for part in parts)), layer.name, axis=len(shape) - 1)
    kind = "mul" if layer.merge_mode == "mul" else "add"
    if layer.merge_mode != "ave":
        return build.op(kind, parts, shape, layer.name, activation=None)
    total = build.op("add", parts, shape, f"{layer.name}/sum", activation=None)
    half = build.constant(np.full((1,) * len(shape), 0.5), f"{layer.name}/half")
    return build.op("mul", [total, half], shape, layer.name, activation=None)


LAYERS: dict[str, Any] = {
    "Bidirectional": _bidirectional,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "RNN": _recurrent,
}
