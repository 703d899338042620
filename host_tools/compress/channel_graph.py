"""Which channels of a Keras model belong together: what has to go where one of them goes.

Every filter of a convolution and every neuron of a dense layer makes a channel with a number of its own. Each tensor
knows the numbers along its last axis, and a layer's rule (channel_rules.py) says which numbers its output has: the same
behind an activation, `multiplier` times each behind a depthwise convolution, one after the other behind a Concatenate,
over and over behind a Flatten. Where a layer needs channels to agree, as an Add does, they are tied. Tied channels are
removed together or not at all; those that reach an input, an output or a layer without a rule stay.

The idea of coupled channels is that of Fang et al., "DepGraph: Towards Any Structural Pruning" (CVPR 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from host_tools.compress import channel_rules
from host_tools.compress.keras_walk import input_name, walk


@dataclass(eq=False)
class Wire:
    """A tensor as Keras describes it, and the channel numbers of its last axis."""

    tensor: Any
    channels: np.ndarray

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Without the batch; None for an axis of any length."""
        return tuple(self.tensor.shape)[1:]

    @property
    def positions(self) -> int:
        """How often each element of the last axis is there; a free axis counts once."""
        return int(np.prod([n or 1 for n in self.shape[:-1]], dtype=np.int64))


@dataclass(eq=False)
class Call:
    """One use of a layer."""

    layer: Any
    inputs: list[Wire]
    output: Wire


@dataclass(frozen=True)
class Group:
    """Channels that some layers share and that may go one by one, each from all of those layers.

    layers: names of those that make them. channels: how many. macs: multiply-accumulates that a run of the model needs
    less for each channel that goes, on average.
    """

    layers: tuple[str, ...]
    channels: int
    macs: int
    members: np.ndarray = field(repr=False, compare=False)  # numbers of the channels, each for all tied to it


class ChannelGraph:
    """The channels of a model without models in it; see keras_walk.require_walkable for what else it must be."""

    def __init__(self, model: Any):
        self.calls: dict[Any, list[Call]] = {}
        self._count = 0
        self._ties: list[tuple[np.ndarray, np.ndarray]] = []
        self._fixed: dict[int, str] = {}
        inputs = []
        for tensor in model.inputs:
            inputs.append(self._wire(tensor))
            self.fix(inputs[-1].channels, f"it shares its channels with the model's input {input_name(tensor)}")
        outputs = walk(model, inputs, self._visit)
        self._roots = _roots(self._count, self._ties)
        self._reasons: dict[int, str] = {}
        for wire in outputs:
            self._reasons |= dict.fromkeys(self.numbers(wire).tolist(), "it makes the model's output")
        for number, reason in self._fixed.items():
            self._reasons.setdefault(int(self._roots[number]), reason)

    # What the rules call.

    def new(self, count: int) -> np.ndarray:
        """Numbers for channels that have none yet."""
        self._count += count
        return np.arange(self._count - count, self._count)

    def tied(self, *wires: np.ndarray) -> np.ndarray:
        """New numbers for channels that go with those of each of the arrays, which are as long as each other."""
        made = self.new(len(wires[0]))
        self._ties += [(made, channels) for channels in wires]
        return made

    def fix(self, channels: np.ndarray, reason: str) -> None:
        """Keeps these channels; the reason ends the sentence "layer x cannot be pruned: "."""
        for number in channels.tolist():
            self._fixed.setdefault(number, reason)

    def _wire(self, tensor: Any) -> Wire:
        """A tensor with new channels; without any where its last axis is not known."""
        shape = tuple(tensor.shape)[1:]
        return Wire(tensor, self.new(shape[-1] if shape and shape[-1] else 0))

    def _visit(self, layer: Any, args: tuple, kwargs: dict) -> Any:
        import keras

        inputs = [leaf for leaf in keras.tree.flatten((args, kwargs)) if isinstance(leaf, Wire)]
        specs = channel_rules.output_specs(layer, *keras.tree.map_structure(_spec, (args, kwargs)))
        channels = None
        if len(specs) == 1 and all(len(wire.channels) for wire in inputs):
            channels = channel_rules.apply(self, layer, inputs, tuple(specs[0].shape)[1:], args)
        if channels is None:
            outputs = [self._wire(spec) for spec in specs]
            for wire in inputs + outputs:
                self.fix(wire.channels, f"its channels meet layer {layer.name} ({channel_rules.why_unknown(layer)})")
        else:
            outputs = [Wire(specs[0], channels)]
        self._shared(layer, inputs, outputs)
        self.calls.setdefault(layer, []).append(Call(layer, inputs, outputs[0]))
        return outputs

    def _shared(self, layer: Any, inputs: list[Wire], outputs: list[Wire]) -> None:
        """A layer's weights are the same at each call, and so are the channels."""
        if layer in self.calls and channel_rules.keeps_channels(layer):
            first = self.calls[layer][0]
            pairs = zip([*first.inputs, first.output], [*inputs, outputs[0]])
            self._ties += [(a.channels, b.channels) for a, b in pairs]

    # What pruning asks for.

    def numbers(self, wire: Wire) -> np.ndarray:
        """For each element of the last axis the number that stands for all channels tied to it."""
        return self._roots[wire.channels]

    @property
    def size(self) -> int:
        """Above all channel numbers."""
        return self._count

    def producers(self) -> Iterator[Call]:
        """The first call of each layer that makes channels of its own and can be given fewer."""
        return (calls[0] for layer, calls in self.calls.items() if channel_rules.makes_channels(layer))

    def output_numbers(self, name: str) -> set[int]:
        """The numbers, as in Group.members, of the channels of a layer's output; none if there is no such layer."""
        calls = [call for layer, calls in self.calls.items() if layer.name == name for call in calls]
        return {number for call in calls for number in self.numbers(call.output).tolist()}

    def reason(self, name: str) -> str:
        """Why no channel of the layer can go; "" if some can."""
        call = next((calls[0] for layer, calls in self.calls.items() if layer.name == name), None)
        if call is None:
            return "the model has no such layer"
        if not channel_rules.makes_channels(call.layer):
            return channel_rules.why_no_channels(call.layer)
        reasons = [self._reasons.get(int(number), "") for number in self.numbers(call.output)]
        return "" if "" in reasons else reasons[0]

    def groups(self) -> list[Group]:
        """All channels that can go, by the layers that make them, in the order of the model."""
        makers: dict[int, list[str]] = {}
        for call in self.producers():
            for number in dict.fromkeys(self.numbers(call.output).tolist()):
                if number not in self._reasons:
                    makers.setdefault(number, []).append(call.layer.name)
        members: dict[tuple[str, ...], list[int]] = {}
        for number, names in makers.items():
            members.setdefault(tuple(names), []).append(number)
        macs = self.macs()
        return [
            Group(names, len(numbers), round(float(macs[numbers].mean())), np.array(numbers))
            for names, numbers in members.items()
        ]

    def macs(self) -> np.ndarray:
        """Multiply-accumulates of a run that go with each channel number, float64, (size,)."""
        macs = np.zeros(self.size)
        for calls in self.calls.values():
            for call in calls:
                for wire, each in channel_rules.macs(call):
                    np.add.at(macs, self.numbers(wire), each)
        return macs


def _spec(leaf: Any) -> Any:
    """What Keras is told about an argument of a call."""
    return leaf.tensor if isinstance(leaf, Wire) else leaf


def _roots(count: int, ties: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """For each number the least of those tied to it, directly or through others."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    for some, others in ties:
        for a, b in zip(some.tolist(), others.tolist()):
            a, b = root(a), root(b)
            parent[max(a, b)] = min(a, b)
    return np.array([root(number) for number in range(count)], np.int64)
