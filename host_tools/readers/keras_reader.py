"""Keras model -> float graph.

Takes a built Keras model or the path of a .keras or .h5 file. Every layer becomes the ops of the graph
by the functions in keras_layers_*.py.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Tensor
from host_tools.readers import (
    advice,
    formats,
    keras_layers_activation,
    keras_layers_attention,
    keras_layers_conv,
    keras_layers_math,
    keras_layers_pool,
    keras_layers_recurrent,
    keras_layers_shape,
    keras_layers_signal,
    keras_layers_stream,
    keras_operations,
    keras_operations_math,
)
from host_tools.readers.builder import Builder
from host_tools.readers.keras_file import load
from host_tools.readers.keras_layers_time import time_distributed

LAYERS = {
    **keras_layers_conv.LAYERS,
    **keras_layers_pool.LAYERS,
    **keras_layers_activation.LAYERS,
    **keras_layers_math.LAYERS,
    **keras_layers_attention.LAYERS,
    **keras_layers_shape.LAYERS,
    **keras_layers_recurrent.LAYERS,
    "TimeDistributed": lambda build, layer, inputs: time_distributed(build, layer, inputs, _call),
    **keras_layers_signal.LAYERS,
    **keras_layers_stream.LAYERS,
}

# Layers, and functions of keras.ops, that are told the arguments of their call by name.
CALLS = {
    **keras_layers_attention.CALLS,
    **keras_operations_math.OPERATIONS,
    **keras_operations.OPERATIONS,
    **{name: keras_operations_math.OPERATIONS[name] for name in ("Divide", "TrueDivide")},  # also by tensors
}

# Functions and operators on tensors (x + y) that read as the layer of the same name.
OPERATIONS = ("Add", "Subtract", "Multiply", "Concatenate")


def read(source: Any) -> Graph:
    """Read a Keras model (an object, or a path to .keras or .h5) as a float graph; shapes leave out the batch.

    ConversionError names the first layer or input that cannot be converted and what to use instead; OSError if there
    is no such file.
    """
    model = load(source) if isinstance(source, (str, Path)) else source
    formats.check_object(model)
    _check_built(model)
    build = Builder()
    inputs = [_input(build, tensor, index) for index, tensor in enumerate(_leaves(model.inputs))]
    outputs = _call(build, model, inputs)
    for tensor, made in zip(_leaves(model.inputs), inputs):  # after the layers, whose names tell more
        if _dtype(tensor) == "string":
            raise ConversionError(f"input {made.name} holds strings. {advice.ADVICE['StringLookup']}.")
    for tensor in outputs:
        _name_as_layer(build, tensor)
    _check_numbers(build)
    return build.graph(inputs, outputs, {"name": str(model.name)})


def _check_built(model: Any) -> None:
    """A model that cannot be walked: subclassed, without layers, or not yet built."""
    kind = type(model).__name__
    if kind not in ("Sequential", "Functional", "Model") and not _leaves(getattr(model, "inputs", None)):
        raise ConversionError(f"model {model.name} ({kind}) {_SUBCLASSED}")
    if kind == "Sequential" and not model.layers:
        raise ConversionError(f"model {model.name} has no layers: there is nothing to convert.")
    if not getattr(model, "built", False) or not _leaves(getattr(model, "inputs", None)):
        raise ConversionError(
            f"model {model.name} does not know its input shape yet. "
            "Begin it with keras.Input(shape=...), or call it once on data."
        )


_SUBCLASSED = (
    "is subclassed, and upyml cannot read its Python code. Build it as keras.Sequential([...]) or keras.Model(inputs, outputs)."
)


def _own_call(layer: Any) -> bool:
    """Whether a class outside of Keras says how the layer computes."""
    for base in type(layer).__mro__:
        if base.__module__.split(".")[0] in ("keras", "tf_keras"):
            return False
        if "call" in vars(base) or "__call__" in vars(base):
            return True
    return True


def _dtype(thing: Any) -> str:
    """The name of a tensor's number type, in Keras 3 and 2; "" where it has none."""
    dtype = getattr(thing, "dtype", "")
    return str(getattr(dtype, "name", dtype))


def _check_numbers(build: Builder) -> None:
    for tensor in (tensor for op in build.ops for tensor in op.inputs):
        if tensor.data is not None and not np.isfinite(tensor.data).all():
            layer, _, part = tensor.name.partition("/")
            raise ConversionError(
                f"layer {layer}: its {part} holds nan or infinity, which no board can compute with. Its training went "
                "astray: train again with a lower learning rate."
            )


def _leaves(structure: Any) -> list[Any]:
    """The tensors in nested lists, tuples and dicts, in order."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in _leaves(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in _leaves(part)]
    return [structure]


def _input(build: Builder, tensor: Any, index: int) -> Tensor:
    """The graph's tensor of a model input."""
    name = str(getattr(tensor, "name", "") or f"input_{index}").split(":")[0]
    shape = tuple(tensor.shape)[1:]
    for kind in ("ragged", "sparse"):
        if getattr(tensor, kind, False) or getattr(getattr(tensor, "type_spec", None), "_is_" + kind, False):
            raise ConversionError(
                f"input {name} is {kind}; a board takes arrays of one shape. Give keras.Input a number for every axis, "
                f"without {kind}=True, and fill samples up with zeros."
            )
    if _dtype(tensor).startswith("complex"):
        raise ConversionError(
            f"input {name} holds {_dtype(tensor)} numbers; a board computes with real ones. Give the model the real and "
            "the imaginary parts, or magnitudes, as channels."
        )
    if any(n is None for n in shape):
        free = ", ".join("None" if n is None else str(n) for n in shape)
        raise ConversionError(
            f"input {name}: its shape ({free}) is not fixed; a board needs to know its memory beforehand. "
            "Give keras.Input a number for every axis."
        )
    return build.tensor(shape or (1,), name)


def _name_as_layer(build: Builder, output: Tensor) -> None:
    """Swap names so that an output of the model bears its layer's name, not that of the layer's activation."""
    name = output.name.split("/")[0]
    for op in build.ops:
        if op.output.name == name:
            op.output.name, output.name = output.name, name


def _call(build: Builder, layer: Any, inputs: list[Tensor], named: dict[str, Any] | None = None) -> list[Tensor]:
    """Add the ops of a layer or of a whole nested model; gives its outputs. named: arguments of the call by name."""
    kind = type(layer).__name__
    if hasattr(layer, "_nodes_by_depth") and kind != "Sequential":
        if _own_call(layer):
            raise ConversionError(f"model {layer.name} ({kind}) {_SUBCLASSED}")
        return _functional(build, layer, inputs)
    if kind == "Sequential":
        for part in layer.layers:
            inputs = _call(build, part, inputs)
        return inputs
    module = type(layer).__module__
    ours = module.split(".")[0] in ("keras", "tf_keras")
    of_ops = ".ops." in module
    if of_ops and kind not in OPERATIONS and kind not in CALLS:
        raise ConversionError(f"operation {layer.name} ({kind}): use a layer of Keras for it instead of keras.ops.")
    if not ours and not of_ops:
        return _own_layer(build, layer, named)
    known = keras_layers_attention.CALLS if not of_ops else CALLS
    if kind not in LAYERS and kind not in known:
        raise ConversionError(f"layer {layer.name} ({kind}) {advice.unsupported(kind, _acting())}")
    if getattr(layer, "quantization_mode", None):
        raise ConversionError(
            f"layer {layer.name} ({kind}) was quantized by Keras ({layer.quantization_mode}). Give the model as it was "
            "before model.quantize(): upyml quantizes it for the board."
        )
    if str(getattr(layer, "compute_dtype", "")).startswith("complex"):
        raise ConversionError(
            f"layer {layer.name} ({kind}) computes with {layer.compute_dtype} numbers; a board computes with real ones. "
            "Give it dtype=\"float32\", and the real and imaginary parts as channels."
        )
    try:
        made = CALLS[kind](build, layer, named or {}) if kind in known else LAYERS[kind](build, layer, inputs)
    except ConversionError:
        raise
    except ValueError as error:
        raise ConversionError(f"layer {layer.name} ({kind}): {error}.") from error
    outputs = made if isinstance(made, list) else [made]
    for output in outputs:
        if len(output.shape) > 4 and not of_ops:
            raise ConversionError(
                f"layer {layer.name}: makes a tensor of {len(output.shape)} axes beside the batch; the engine has 4. Reshape "
                "it to fewer."
            )
    return outputs


def _acting() -> list[str]:
    """The layers that compute something, and those of training that are left out."""
    return [name for name in (*LAYERS, *keras_layers_attention.CALLS) if name != "InputLayer"]


def _functional(build: Builder, model: Any, inputs: list[Tensor]) -> list[Tensor]:
    """Walk a functional model's calls from its inputs to its outputs."""
    made = {id(tensor): value for tensor, value in zip(_leaves(model.inputs), inputs)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            results = _leaves(node.outputs)
            if all(id(tensor) in made for tensor in results):
                continue  # an input of the model
            layer = node.operation if hasattr(node, "operation") else node.layer
            named = _named_arguments(node, layer, made)
            for tensor, value in zip(results, _call(build, layer, _arguments(build, node, layer, made), named)):
                made[id(tensor)] = value
    return [made[id(tensor)] for tensor in _leaves(model.outputs)]


def _arguments(build: Builder, node: Any, layer: Any, made: dict[int, Tensor]) -> list[Tensor]:
    """The tensors that a call takes; numbers in the call (x * 2) become constants."""
    if hasattr(node, "operation"):
        arguments, options = _leaves(node.arguments.args), node.arguments.kwargs
    else:
        arguments, options = _leaves(node.keras_inputs), node.call_kwargs
    if options.get("training"):
        raise ConversionError(
            f"layer {layer.name}: is called with training=True. A board can only infer; leave it out."
        )
    tensors = []
    for argument in arguments + [leaf for leaf in _leaves(options) if id(leaf) in made]:
        if id(argument) in made:
            tensors.append(made[id(argument)])
        elif (number := _number(argument)) is not None:
            number = keras_operations.unbatched(np.atleast_1d(number), len(_leaves(node.outputs)[0].shape))
            tensors.append(build.constant(number, f"{layer.name}/number"))
        elif type(layer).__name__ in OPERATIONS:
            raise ConversionError(f"layer {layer.name}: is called with {type(argument).__name__}, not with a tensor.")
    return tensors


def _named_arguments(node: Any, layer: Any, made: dict[int, Tensor]) -> dict[str, Any]:
    """What a call was given for each argument, with the graph's tensors in it."""
    if not hasattr(node, "operation"):
        return {}  # of Keras 2
    bound = inspect.signature(layer.call).bind_partial(*node.arguments.args, **node.arguments.kwargs)

    def value(argument):
        if isinstance(argument, (list, tuple)):
            return [value(part) for part in argument]
        if id(argument) in made:
            return made[id(argument)]
        return _number(argument) if hasattr(argument, "numpy") else argument

    return {name: value(argument) for name, argument in bound.arguments.items()}


def _number(argument: Any) -> np.ndarray | None:
    """A number, array, variable or computed tensor in a call; None for other things, such as a model's own tensors."""
    if isinstance(argument, bool) or type(argument).__name__ == "KerasTensor":
        return None
    if isinstance(argument, (int, float, np.ndarray, np.number)):
        return np.asarray(argument)
    return np.asarray(argument.numpy()) if hasattr(argument, "numpy") else None


def _own_layer(build: Builder, layer: Any, named: dict[str, Any] | None) -> list[Tensor]:
    """A layer of the user's own: its call() is traced, for one sample, to the layers and keras.ops that it is made of."""
    import keras

    tensors: list[Tensor] = []

    def symbol(value):
        if isinstance(value, Tensor):
            tensors.append(value)
            inputs.append(keras.KerasTensor((1, *value.shape), name=value.name.replace("/", "_")))
            return inputs[-1]
        return [symbol(part) for part in value] if isinstance(value, list) else value

    inputs: list[Any] = []
    try:
        if named is None or not isinstance(layer, keras.layers.Layer):
            raise TypeError("it is no layer of Keras 3")
        inputs_by_name = {name: symbol(value) for name, value in named.items()}
        outputs = layer.call(**inputs_by_name)
        function = keras.Function(inputs, outputs)
    except ConversionError:
        raise
    except Exception as error:
        base = next((b.__name__ for b in type(layer).__mro__ if b.__name__ in LAYERS), None)
        instead = f"Use {base}, which it is derived from" if base else "Make it of layers of Keras and keras.ops"
        raise ConversionError(
            f"layer {layer.name} ({type(layer).__name__}) is a layer of your own, whose call cannot be followed "
            f"({type(error).__name__}: {' '.join(str(error).split())[:120]}). {instead}."
        ) from error
    return _functional(build, function, tensors)
