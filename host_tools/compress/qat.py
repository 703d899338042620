"""Quantization-aware training: a Keras model that computes what the board will, and learns with that.

`quantization_aware(model, data)` makes it, from a trained model; `compile` and `fit` are Keras's own; `convert` takes
the scales that it has learned. What the engine answers is then what the trained model answers, but for roundings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import ConversionError
from host_tools.float_runtime import constant
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import rewire, scales
from host_tools.passes.bits import Bits, set_bits
from host_tools.passes.normalise import normalise
from host_tools.passes.quantize_weights import bias_scale, set_bias
from host_tools.passes.search import SQUASHING, both

LAYERS = "host_tools.compress.qat_layers"


def quantization_aware(
    model: Any,
    data: Sequence[np.ndarray] | np.ndarray,
    bits: Bits = 8,
    keep_zeros: bool = True,
    method: str = "mse",
) -> Any:
    """A Keras model to train on, whose weights and activations are rounded as on the board.

    model: a trained Keras model, or the path of one. data: calibration samples, one (n, *shape) array for each input.
    bits: of weights, as in convert. keep_zeros: weights that are 0, pruned ones, stay 0. method: as in convert.

    The new model has the old one's inputs and outputs and begins as what convert(model, data, bits=bits) makes. It has a
    layer for each op of the board: normalisations are folded into weights, activations into what they follow, and
    layers that act in training only (dropout, augmentation) are gone; augment the data instead. A tenth of the learning
    rate that trained the model is a good one. Save it as .keras; `import host_tools.compress.qat_layers` lets
    keras.models.load_model read it again. ConversionError says what in the model or the data cannot be used.
    """
    from host_tools.readers import keras_file, keras_reader

    source = keras_file.load(model) if isinstance(model, (str, Path)) else model
    if is_quantization_aware(source):
        raise ConversionError(f"model {source.name} is quantization-aware already: train it as it is")
    graph = set_bits(normalise(keras_reader.read(source)), bits)
    float_graph, int_graph = both(graph, data, method)
    return _Builder(float_graph, int_graph, keep_zeros).model(source)


def is_quantization_aware(model: Any) -> bool:
    """Whether a Keras model is, in any part, one that quantization_aware made."""
    return any(type(layer).__module__ == LAYERS for layer in getattr(model, "layers", ()))


class _Builder:
    """A Keras model from a float graph and the int8 graph made of it."""

    def __init__(self, graph: Graph, twin: Graph, keep_zeros: bool):
        self.graph, self.keep_zeros = graph, keep_zeros
        self.twins = dict(zip(graph.ops, twin.ops))
        self.grids = {a: (b.scale, b.zero_point) for a, b in zip(graph.inputs, twin.inputs)}
        self.grids |= {op.output: (t.output.scale, t.output.zero_point) for op, t in self.twins.items()}
        self.groups, self.fixed = scales.groups(graph)
        self.quantizers: dict[Tensor, Any] = {}
        self.layers: dict[Op, Any] = {}
        self.names = {tensor.name for tensor in [*graph.inputs, *graph.outputs]}

    def model(self, source: Any) -> Any:
        """The model, with the structure of outputs that its source has."""
        import keras

        made = {tensor: keras.Input(tensor.shape, name=tensor.name) for tensor in self.graph.inputs}
        inputs = list(made.values())
        for tensor in self.graph.inputs:
            made[tensor] = self._rounded(tensor, made[tensor])
        for op in self.graph.ops:
            given = [made[t] for t in op.inputs if t.data is None]
            self.layers[op] = self._layer(op)
            y = self.layers[op](given if len(given) > 1 else given[0])
            made[op.output] = y if self._stays(op) else self._rounded(op.output, y)
        # The outputs bear the names that they had, by which losses are given.
        free = {t: t.name if t not in self.graph.inputs else self._name(f"{t.name}_output") for t in self.graph.outputs}
        outputs = [keras.layers.Identity(name=free[t], dtype="float32")(made[t]) for t in self.graph.outputs]
        ends = _like(source, "inputs", inputs), _like(source, "outputs", outputs)
        model = keras.Model(*ends, name=f"{source.name}_quantized")
        for op, layer in self.layers.items():
            self._numbers(op, layer)
        return model

    def _layer(self, op: Op):
        from host_tools.compress import qat_layers, qat_ops

        if op.kind not in qat_ops.OPS:
            raise ConversionError(f"layer {op.name}: training for int8 does not know {op.kind} yet; convert the model as it is")
        shapes = [tensor.shape for tensor in op.inputs]
        attrs = {key: value for key, value in op.attrs.items() if key != "weight_bits"}
        given = (op.kind, attrs, shapes, op.output.shape, op.name, len(self.layers))
        if op.kind in rewire.WEIGHTED:
            masked = self.keep_zeros and bool((op.inputs[1].data == 0).any())
            options = {"bits": op.attrs.get("weight_bits", 8), "masked": masked}
            return qat_layers.QuantizedLayer(*given, **options, name=self._name(op.name))
        constants = [i for i, tensor in enumerate(op.inputs) if tensor.data is not None]
        return qat_layers.QuantizedOp(*given, constants=constants, name=self._name(op.name))

    def _numbers(self, op: Op, layer: Any) -> None:
        """Give a layer the weights that conversion would."""
        twin = self.twins[op]
        if op.kind not in rewire.WEIGHTED:
            for i in layer.constants:
                layer.kept[i].assign(constant(twin, twin.inputs[i]))
            return
        exact, (_, weights, bias) = rewire.weights(op), twin.inputs
        step = rewire.by_output(op, weights.scale.astype(np.float64))
        # Where rounding was adaptive the weight is moved to where nearest rounding finds the same.
        kept = np.where(np.rint(exact / step) == weights.data, exact, weights.data * step)
        layer.set_numbers(kept, weights.scale, bias.data * bias.scale)

    def _stays(self, op: Op) -> bool:
        """Whether the op makes no values that its input does not have, so that nothing is to be rounded."""
        from host_tools.compress.qat_layers import FREE

        return op.kind in FREE and op.attrs.get("activation") is None and op.attrs.get("value", 0.0) == 0.0

    def _rounded(self, tensor: Tensor, x):
        from host_tools.compress.qat_layers import FakeQuantize

        root = self.groups[tensor]
        if root not in self.quantizers:
            scale, zero_point = self.grids[root]
            low, high = ((limit - zero_point) * scale for limit in (-128, 127))
            producer = self.graph.producer(tensor)
            last = rewire.is_output(self.graph, tensor) and producer is not None and producer.kind in SQUASHING
            fixed = self.grids[root] if root in self.fixed or low == high else None
            self.quantizers[root] = FakeQuantize(low, high, fixed, last, name=self._name(f"{root.name}_range"))
        return self.quantizers[root](x)

    def _name(self, wanted: str) -> str:
        name = wanted.replace("/", "_")
        while name in self.names:
            name += "_op"
        self.names.add(name)
        return name


def _like(source: Any, side: str, tensors: list) -> Any:
    """One tensor, a list or a dict of them, as the source model has its inputs or outputs."""
    struct = getattr(getattr(source, "_functional", None) or source, f"_{side}_struct", None)
    if isinstance(struct, Mapping):
        return dict(zip(sorted(struct), tensors))
    return tensors[0] if len(tensors) == 1 and not isinstance(struct, (list, tuple)) else tensors


def read(model: Any) -> Graph:
    """The int8 graph of a model from quantization_aware, with the scales that it learned.

    ConversionError where it holds other layers, or numbers that are none.
    """
    made: dict[int, Tensor] = {}
    found: dict[int, Op] = {}
    for depth in sorted(getattr(model, "_nodes_by_depth", ()), reverse=True):
        for node in model._nodes_by_depth[depth]:
            layer, (result,) = node.operation, node.outputs
            if node.is_input:
                made[id(result)] = Tensor(layer.name, tuple(result.shape[1:]), "int8")
                continue
            arguments = [made[id(x)] for x in node.input_tensors]
            made[id(result)] = _read(layer, arguments, found)
    inputs = [made[id(x)] for x in _listed(model.inputs)]
    outputs = [made[id(x)] for x in _listed(model.outputs)]
    for tensor, result in zip(outputs, _listed(model.outputs)):
        tensor.name = result._keras_history.operation.name
    graph = Graph(inputs, outputs, [found[number] for number in sorted(found)], {"name": str(model.name)})
    for op in graph.ops:
        if op.kind in rewire.WEIGHTED:
            _whole_bias(op)
    return graph


def _listed(tensors) -> list:
    if isinstance(tensors, Mapping):
        return [tensors[key] for key in sorted(tensors)]
    return list(tensors)


def _read(layer: Any, inputs: list[Tensor], found: dict[int, Op]) -> Tensor:
    """The tensor that a layer's call makes; where it is an op, that is added under its number."""
    kind = type(layer).__name__
    if kind == "Identity":
        return inputs[0]
    if type(layer).__module__ != LAYERS:
        raise ConversionError(
            f"layer {layer.name} ({kind}) is in a quantization-aware model but not of it: convert the model that "
            "quantization_aware gave, alone"
        )
    if kind == "FakeQuantize":
        (tensor,) = inputs
        scale, zero_point = (float(_numpy(value)) for value in layer.grid())
        _check_finite(layer, scale, zero_point)
        tensor.scale, tensor.zero_point = scale, int(zero_point)
        return tensor
    op = layer.op()
    if kind == "QuantizedLayer":
        weights, scale, bias = layer.numbers()
        _check_finite(layer, weights, scale, bias)
        name = layer.op_name
        op.inputs[0] = inputs[0]
        op.inputs[1:] = [
            Tensor(f"{name}/kernel", weights.shape, "int8", scale, 0, weights),
            Tensor(f"{name}/bias", bias.shape, "float32", None, 0, bias),
        ]
    else:
        given = iter(inputs)
        op.inputs = [_number(layer, i) if i in layer.constants else next(given) for i in range(len(op.inputs))]
    op.output.dtype = "int8"
    op.output.scale, op.output.zero_point = inputs[0].scale, inputs[0].zero_point
    found[layer.number] = op
    return op.output


def _check_finite(layer, *values) -> None:
    if not all(np.isfinite(value).all() for value in values):
        raise ConversionError(
            f"layer {layer.name}: training left nan or infinity in it; train again with a lower learning rate"
        )


def _numpy(tensor) -> np.ndarray:
    """A tensor of any backend."""
    from keras import ops

    return ops.convert_to_numpy(tensor)


def _number(layer, index: int) -> Tensor:
    values = _numpy(layer.kept[index])
    scale = scales.symmetric(values)
    whole = np.rint(values.astype(np.float64) / scale).astype(np.int8)
    return Tensor(f"{layer.op_name}/{index}", values.shape, "int8", scale, 0, whole)


def _whole_bias(op: Op) -> None:
    """Weights and bias as integers, when the input's scale is known."""
    x, weights, bias = op.inputs
    values = bias.data.astype(np.float64)
    least = np.abs(values) / (x.scale * 2.0**30)  # the bias must fit into 32 bits
    scale = np.maximum(weights.scale, least).astype(np.float32)
    ratio = rewire.by_output(op, (weights.scale / scale).astype(np.float64))
    weights.data, weights.scale = np.rint(weights.data * ratio).astype(np.int8), scale
    bias.dtype, bias.scale = "int32", bias_scale(x.scale, scale)
    set_bias(op, values)
