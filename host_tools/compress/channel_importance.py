"""How much a channel matters, by two measures; the channels that matter least are the ones to remove."""

from __future__ import annotations

from typing import Any

import numpy as np

from host_tools.compress import channel_rules
from host_tools.compress.channel_graph import Call, ChannelGraph
from host_tools.compress.keras_walk import input_name, walk
from host_tools.errors import ConversionError

_BATCH = 32  # samples at a time


def magnitude(graph: ChannelGraph) -> np.ndarray:
    """The L2 norm of a channel's weights, as multiples of the usual one of the layer, summed over tied channels.

    Filters count as a BatchNormalization behind them scales them. (graph.size,) float64. After Li et al., "Pruning
    Filters for Efficient ConvNets" (ICLR 2017), there with L1 norms; summed over tied channels as in Fang et al.,
    "DepGraph" (CVPR 2023).
    """
    scores = np.zeros(graph.size)
    gains = _gains(graph)
    for calls in graph.calls.values():
        call = calls[0]
        norms = _norms(call)
        if norms is not None:
            norms *= gains[call.output.channels]
            usual = np.sqrt(np.mean(norms**2))
            np.add.at(scores, graph.numbers(call.output), norms / (usual or 1))
    return scores


def _norms(call: Call) -> np.ndarray | None:
    """The norm of the weights of each output channel of a layer with weights; None for others."""
    layer = call.layer
    if not channel_rules.keeps_channels(layer) or not call.inputs:
        return None
    if hasattr(layer, "pointwise_kernel"):
        return np.sqrt(_squares(layer.depthwise_kernel).reshape(-1) @ _squares(layer.pointwise_kernel))
    if channel_rules.kind(layer) in channel_rules.COUNTS:
        return np.sqrt(_squares(layer.kernel).sum(axis=0))
    if hasattr(layer, "depth_multiplier"):
        return np.sqrt(_squares(layer.kernel).reshape(-1))
    return None


def _squares(kernel: Any) -> np.ndarray:
    """Sums of squares over the window of a kernel (..., a, b): (a, b)."""
    values = np.asarray(kernel.numpy(), float)
    return np.square(values).reshape(-1, *values.shape[-2:]).sum(axis=0)


def _gains(graph: ChannelGraph) -> np.ndarray:
    """What the BatchNormalization directly behind a channel multiplies it with, 1 where there is none.

    (graph.size,), by a channel's own number, not by that of all tied to it. Of several the mean.
    """
    total, count = np.zeros(graph.size), np.zeros(graph.size)
    for layer, calls in graph.calls.items():
        if channel_rules.kind(layer) == "BatchNormalization":
            gain = 1 / np.sqrt(layer.moving_variance.numpy() + layer.epsilon)
            if layer.scale:
                gain = gain * np.abs(layer.gamma.numpy())
            channels = calls[0].inputs[0].channels
            if len(gain) == len(channels):
                np.add.at(total, channels, gain)
                np.add.at(count, channels, 1)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def taylor(graph: ChannelGraph, model: Any, data: Any, compiled: Any = None) -> np.ndarray:
    """How much the loss changes, to first order, where a channel is zero to all that read it: |activation x gradient|
    summed over its positions, the mean over samples. (graph.size,) float64.

    model: the one of the graph. data: (inputs, targets) as for Keras's fit, or inputs alone, an array or one for each
    input in a list or a dict by name. With targets the loss is that of `compiled`, a model compiled with one. Without,
    it is the outputs times random signs: a channel matters then by how much it changes the outputs. Raises
    ConversionError where data or loss cannot be used.

    After Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient Inference" (ICLR 2017), with
    gates as in their "Importance Estimation for Neural Network Pruning" (CVPR 2019). The gates stand in front of the
    layers that read, so that a channel counts with all it adds to a residual sum.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ConversionError(
            f'criterion "taylor" needs Keras with TensorFlow, this is Keras with {keras.backend.backend()}: set '
            'KERAS_BACKEND=tensorflow, or take criterion="magnitude"'
        )
    inputs, targets = _split(model, data)
    if targets is not None and not getattr(compiled, "loss", None):
        raise ConversionError(
            "the data has targets, but the model is not compiled with a loss to compare them with: call "
            "model.compile(loss=...) first, or give the inputs alone"
        )
    gates = _Gates(graph, model)
    chance = np.random.default_rng(0)
    total, count = 0.0, len(inputs[0])
    for begin in range(0, count, _BATCH):
        part = slice(begin, begin + _BATCH)
        wanted = None if targets is None else keras.tree.map_structure(lambda y: y[part], targets)
        total = total + gates.changes([x[part] for x in inputs], wanted, compiled, chance).sum(axis=0)
    scores = np.zeros(graph.size)
    scores[gates.members] = total / count
    return scores


def _split(model: Any, data: Any) -> tuple[list[np.ndarray], Any]:
    """Arrays for the model's inputs, in their order, and the targets or None."""
    import keras

    if data is None:
        raise ConversionError('criterion "taylor" needs data: samples, or (samples, targets)')
    x, targets = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    if targets is not None and len(model.outputs) == 1 and not isinstance(targets, dict):
        targets = np.asarray(targets)
    if isinstance(x, dict):
        names = [input_name(tensor) for tensor in model.inputs]
        missing = [name for name in names if name not in x]
        if missing:
            raise ConversionError(f"the data has no array for the input {missing[0]}, it has {', '.join(x)}")
        x = [x[name] for name in names]
    arrays = [np.asarray(array) for array in (x if isinstance(x, (list, tuple)) else [x])]
    if len(arrays) != len(model.inputs):
        raise ConversionError(f"the data has {len(arrays)} arrays, the model has {len(model.inputs)} inputs")
    for tensor, array in zip(model.inputs, arrays):
        shape = tuple(tensor.shape)[1:]
        if array.shape[1:] != tuple(n if m is None else m for m, n in zip(shape, array.shape[1:])) or not len(array):
            expected = ", ".join(["n", *("any" if n is None else str(n) for n in shape)])
            raise ConversionError(f"the data for input {input_name(tensor)} has shape {array.shape}, not ({expected})")
        if not np.isfinite(array).all():
            raise ConversionError(f"the data for input {input_name(tensor)} holds values that are no finite numbers")
    counts = {len(array) for array in [*arrays, *(keras.tree.flatten(targets) if targets is not None else [])]}
    if len(counts) > 1:
        raise ConversionError(f"inputs and targets differ in their number of samples: {sorted(counts)}")
    return arrays, targets


class _Gates:
    """Factors of 1 for each sample and channel, in front of each layer that reads the channel.

    The gradient by such a gate is the channel's activation times its gradient, over all readers and positions.
    members: the channels' numbers in the graph, in the order of the gates.
    """

    def __init__(self, graph: ChannelGraph, model: Any):
        self._graph, self._model = graph, model
        self.members = np.concatenate([group.members for group in graph.groups()])
        self._places = np.full(graph.size, len(self.members))  # the last gate is that of channels that must stay
        self._places[self.members] = np.arange(len(self.members))
        self._readers = {
            layer: self._places[graph.numbers(calls[0].inputs[0])]
            for layer, calls in graph.calls.items()
            if channel_rules.makes_channels(layer)
        }

    def changes(self, inputs: list[np.ndarray], targets: Any, compiled: Any, chance: np.random.Generator) -> np.ndarray:
        """What each sample's loss changes by for each gate, without sign: (samples, len(members))."""
        import keras
        import tensorflow as tf

        gates = tf.ones((len(inputs[0]), len(self.members) + 1))
        with tf.GradientTape() as tape:
            tape.watch(gates)

            def visit(layer: Any, args: tuple, kwargs: dict) -> Any:
                if layer in self._readers:
                    mine = tf.gather(gates, self._readers[layer], axis=1)
                    args, kwargs = keras.tree.map_structure(lambda leaf: _times(leaf, mine), (args, kwargs))
                return layer(*args, **kwargs)

            tensors = [keras.ops.convert_to_tensor(x, y.dtype) for x, y in zip(inputs, self._model.inputs)]
            outputs = walk(self._model, tensors, visit)
            if targets is None:
                loss = sum(tf.reduce_sum(y * tf.cast(chance.choice((-1.0, 1.0), y.shape), y.dtype)) for y in outputs)
            else:
                made = outputs[0] if len(outputs) == 1 else keras.tree.pack_sequence_as(self._model.output, outputs)
                loss = compiled.compute_loss(y=targets, y_pred=made) * len(gates)  # of a mean
            found = tape.gradient(loss, gates)
        if found is None:
            return np.zeros((len(gates), len(self.members)))
        return np.abs(found.numpy()[:, :-1].astype(float))


def _times(x: Any, factors: Any) -> Any:
    """A tensor (samples, ..., channels) times factors (samples, channels); anything else as it is."""
    import tensorflow as tf

    if not tf.is_tensor(x):
        return x
    return x * tf.cast(tf.reshape(factors, (len(factors), *[1] * (len(x.shape) - 2), -1)), x.dtype)
