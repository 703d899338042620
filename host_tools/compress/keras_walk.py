"""Runs through a Keras model call by call; what a call means is the visitor's: shapes, channels, a copy, numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from host_tools.errors import ConversionError

Visit = Callable[[Any, tuple, dict], Any]  # (layer or operation, args, kwargs) -> its output, or several


def is_sequential(layer: Any) -> bool:
    """Whether it is a keras.Sequential."""
    import keras

    return isinstance(layer, keras.Sequential)


def is_functional(layer: Any) -> bool:
    """Whether it is a model made of keras.Input and outputs."""
    return hasattr(layer, "_nodes_by_depth") and not is_sequential(layer)


def is_nested(model: Any) -> bool:
    """Whether models are among the model's layers."""
    return any(is_sequential(layer) or is_functional(layer) for layer in model.layers)


def input_name(tensor: Any) -> str:
    """What Keras calls an input of a model: the name of its InputLayer, which may differ from the tensor's."""
    return getattr(getattr(tensor, "_keras_history", None), "operation", tensor).name


def require_walkable(model: Any) -> None:
    """Raises ConversionError unless the model is a built Functional or Sequential model of Keras 3."""
    import keras

    if not isinstance(model, keras.Model):
        what = f"{type(model).__module__.split('.')[0]}'s {type(model).__name__}"
        raise ConversionError(
            f"a model of Keras 3 is needed, received {what}: load its file with keras.models.load_model, or build it "
            "anew with Keras 3 and copy its weights"
        )
    if is_sequential(model):
        if not model.built or not model.inputs:
            raise ConversionError(
                f"model {model.name} does not know its input shape yet: begin it with keras.Input(shape=...)"
            )
    elif not is_functional(model):
        raise ConversionError(
            f"{model.name} ({type(model).__name__}) is a model of your own class, whose layers' order is in its code: "
            "build it as keras.Model(inputs, outputs) or keras.Sequential"
        )
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            require_walkable(layer)


def walk(model: Any, inputs: list, visit: Visit) -> list:
    """The values of the model's outputs, for values of its inputs, both in the order of model.inputs and .outputs.

    Models within the model are walked through as if their layers stood there.
    """
    if is_sequential(model):
        values = inputs
        for layer in model.layers:
            values = _call(layer, (values[0],), {}, visit)
        return values
    made = {id(tensor): value for tensor, value in zip(model.inputs, inputs, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if all(id(tensor) in made for tensor in node.outputs):
                continue  # an input of the model
            args, kwargs = node.arguments.fill_in(made)
            for tensor, value in zip(node.outputs, _call(node.operation, args, kwargs, visit), strict=True):
                made[id(tensor)] = value
    return [made[id(tensor)] for tensor in model.outputs]


def _call(layer: Any, args: tuple, kwargs: dict, visit: Visit) -> list:
    import keras

    if not (is_sequential(layer) or is_functional(layer)):
        return keras.tree.flatten(visit(layer, args, kwargs))
    if kwargs.get("training"):
        raise ConversionError(f"model {layer.name} is called with training=True within the model: leave that out")
    return walk(layer, keras.tree.flatten(args), visit)
