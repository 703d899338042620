"""A copy of a Keras model, with fewer channels or as it is; models within it become layers of the one copy."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from host_tools.compress import channel_rules
from host_tools.compress.channel_graph import ChannelGraph
from host_tools.compress.keras_walk import input_name, is_functional, is_sequential, walk
from host_tools.errors import ConversionError


def rebuild(model: Any, graph: ChannelGraph | None = None, removed: np.ndarray | None = None) -> Any:
    """A new, uncompiled model with the weights of the model, which stays as it is.

    removed: for each channel number of the graph whether that channel goes, (graph.size,); None copies all. A
    Sequential model stays one unless a model with branches is in it. Names of layers stay; where a model within the
    model has a name that was there before, its own name comes before it. Raises ConversionError for a layer that Keras
    cannot copy.
    """
    import keras

    copy = _Copy(model, graph, removed)
    inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype, name=input_name(x)) for x in model.inputs]
    outputs = walk(model, inputs, copy.visit)
    if is_sequential(model) and not any(map(is_functional, _within(model))):
        made = keras.Sequential([inputs[0], *copy.layers.values()], name=model.name)
    else:
        made = keras.Model(_packed(model, "input", inputs), _packed(model, "output", outputs), name=model.name)
    copy.set_weights()
    return made


def _within(model: Any) -> list:
    """All layers and models within it."""
    return [part for layer in model.layers for part in [layer, *(_within(layer) if is_sequential(layer) else [])]]


def _packed(model: Any, what: str, tensors: list) -> Any:
    """The tensors in the structure, a dict for example, of the model's inputs or outputs."""
    import keras

    if is_sequential(model):
        return tensors[0]
    structure = getattr(model, what)
    if keras.tree.is_nested(structure):
        return keras.tree.pack_sequence_as(structure, tensors)
    return tensors[0]


class _Copy:
    """The layers of the new model: layers[old] is the new one."""

    def __init__(self, model: Any, graph: ChannelGraph | None, removed: np.ndarray | None):
        self.layers: dict[Any, Any] = {}
        self._graph, self._removed = graph, removed
        self._names: set[str] = set()
        self._owners = _owners(model)

    def visit(self, layer: Any, args: tuple, kwargs: dict) -> Any:
        if layer not in self.layers:
            self.layers[layer] = self._copied(layer)
        return self.layers[layer](*args, **kwargs)

    def set_weights(self) -> None:
        """Gives the new layers the weights of the old ones that they still need."""
        for old, new in self.layers.items():
            if new is old or not getattr(old, "weights", []):
                continue
            masks = self._masks(old)
            if masks is None:
                new.set_weights(old.get_weights())
            else:
                axes = {id(getattr(old, name)): axes for name, axes in channel_rules.WEIGHTS[_kind(old)].items()}
                values = [_sliced(weight.numpy(), axes.get(id(weight), {}), masks) for weight in old.weights]
                new.set_weights(values)
            if hasattr(new, "finalize_state"):  # of a Normalization, which works out its factors once
                new.finalize_state()

    def _copied(self, layer: Any) -> Any:
        try:
            config = layer.get_config() | self._changes(layer)
            name = self._name(layer)
            if "name" in config:
                config["name"] = name
            return type(layer).from_config(config)
        except (ValueError, TypeError, NotImplementedError) as error:
            if getattr(layer, "weights", []):
                raise ConversionError(
                    f"layer {layer.name} ({type(layer).__name__}) cannot be made again from its get_config(), which "
                    f"has to hold all arguments of its class: {str(error).splitlines()[-1]}"
                ) from error
            return layer  # it has nothing that two models could not share

    def _name(self, layer: Any) -> str:
        name = layer.name if layer.name not in self._names else f"{self._owners[layer]}_{layer.name}"
        number, unique = 1, name
        while unique in self._names:
            number, unique = number + 1, f"{name}_{number}"
        self._names.add(unique)
        return unique

    def _changes(self, layer: Any) -> dict[str, Any]:
        """Settings that differ from the layer's."""
        changes: dict[str, Any] = {}
        if inspect.isfunction(getattr(layer, "activation", None)):
            changes["activation"] = layer.activation  # a function of the user's own is not known by its name
        masks = self._masks(layer)
        if masks is not None:
            if _kind(layer) in channel_rules.COUNTS:
                changes[channel_rules.COUNTS[_kind(layer)]] = int(masks[channel_rules.OUTPUTS].sum())
            if _kind(layer) == "Reshape" and layer.target_shape[-1] != -1:
                changes["target_shape"] = (*layer.target_shape[:-1], int(masks[channel_rules.OUTPUTS].sum()))
        return changes

    def _masks(self, layer: Any) -> dict[str, np.ndarray] | None:
        """Which channels of its inputs and outputs stay; None where the layer is copied as it is."""
        if self._graph is None or not channel_rules.keeps_channels(layer):
            return None
        call = self._graph.calls[layer][0]
        inputs, outputs = (~self._removed[self._graph.numbers(wire)] for wire in (call.inputs[0], call.output))
        repeated = np.repeat(inputs, getattr(layer, "depth_multiplier", 1))
        return {
            channel_rules.INPUTS: inputs,
            channel_rules.INPUTS_REPEATED: repeated,
            channel_rules.OUTPUTS: outputs,
        }


def _kind(layer: Any) -> str:
    return channel_rules.kind(layer)


def _sliced(values: np.ndarray, axes: dict[int, str], masks: dict[str, np.ndarray]) -> np.ndarray:
    for axis, side in axes.items():
        if values.shape[axis] == len(masks[side]):  # else one number for all channels
            values = np.compress(masks[side], values, axis)
    return values


def _owners(model: Any) -> dict[Any, str]:
    """The name of the model that each layer is directly in."""
    owners = {}
    for layer in getattr(model, "operations", model.layers):
        if is_sequential(layer) or is_functional(layer):
            owners |= _owners(layer)
        owners[layer] = model.name
    return owners
