"""What each kind of Keras layer does with channels: the rules of channel_graph.py, and whose weights are whose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from host_tools.compress.channel_graph import Call, ChannelGraph, Wire

# Layers that make channels of their own, and the name of their number in the layer's settings.
COUNTS = {
    "Dense": "units",
    "Conv1D": "filters",
    "Conv2D": "filters",
    "Conv3D": "filters",
    "SeparableConv1D": "filters",
    "SeparableConv2D": "filters",
}
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")

INPUTS, INPUTS_REPEATED, OUTPUTS = "inputs", "inputs repeated", "outputs"  # the latter two in the order of the kernel
_KERNEL = {"kernel": {-2: INPUTS, -1: OUTPUTS}, "bias": {-1: OUTPUTS}}
_SEPARABLE_KERNELS = {
    "depthwise_kernel": {-2: INPUTS},
    "pointwise_kernel": {-2: INPUTS_REPEATED, -1: OUTPUTS},
    "bias": {-1: OUTPUTS},
}
# Along which axis a layer's weights have an element for each channel of its input or output.
WEIGHTS = {
    **dict.fromkeys(COUNTS, _KERNEL),
    **dict.fromkeys(_SEPARABLE, _SEPARABLE_KERNELS),
    **dict.fromkeys(_DEPTHWISE, {"kernel": {-2: INPUTS}, "bias": {-1: OUTPUTS}}),
    "BatchNormalization": {name: {-1: OUTPUTS} for name in ("gamma", "beta", "moving_mean", "moving_variance")},
    "PReLU": {"alpha": {-1: OUTPUTS}},
}

# Each element of the last axis depends on the elements at the same place there, and on no others.
_SAME = (
    *("ReLU", "LeakyReLU", "ELU", "PReLU", "ThresholdedReLU", "Activation", "Identity", "RepeatVector"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout", "GaussianDropout", "GaussianNoise"),
    *("ActivityRegularization", "Rescaling", "Normalization", "Permute"),
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
    *("ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D"),
    *("Relu", "Relu6", "Sigmoid", "Tanh", "Silu", "Negative", "Absolute"),  # of keras.ops
)
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Divide", "TrueDivide")
_ELEMENTWISE = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid", "tanh", "silu", "hard_silu"),
    *("hard_sigmoid", "hard_tanh", "softplus", "softsign", "exponential", "mish", "log_sigmoid", "tanh_shrink"),
    *("soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "threshold"),
)


def kind(layer: Any) -> str:
    """Its class's name if the class is Keras's own, else ""."""
    return type(layer).__name__ if type(layer).__module__.split(".")[0] == "keras" else ""


def makes_channels(layer: Any) -> bool:
    """Whether it is a layer with filters or neurons that can be taken out."""
    return kind(layer) in COUNTS and _plain(layer)


def keeps_channels(layer: Any) -> bool:
    """Whether its weights or settings depend on which channels there are."""
    return _plain(layer) and (kind(layer) in WEIGHTS or kind(layer) == "Reshape")


def why_no_channels(layer: Any) -> str:
    """Why makes_channels is False."""
    if kind(layer) in COUNTS:
        return why_unknown(layer)
    if kind(layer) in _DEPTHWISE:
        return "a depthwise convolution has the channels of its input; prune the layer that makes those"
    return f"{type(layer).__name__} has no filters or neurons of its own"


def why_unknown(layer: Any) -> str:
    """What stops the analysis at a layer for which apply() gives None."""
    name = type(layer).__name__
    if getattr(layer, "groups", 1) != 1 and kind(layer) in COUNTS:
        return f"{name} in {layer.groups} groups of channels"
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return f"{name} with its channels first"
    if kind(layer) in WEIGHTS and not _plain(layer):
        return f"{name} whose weights are quantized or have LoRA"
    return f"{name}, where channels cannot be followed"


def _plain(layer: Any) -> bool:
    """Whether it is as its class's rule expects it, by its settings."""
    return (
        getattr(layer, "data_format", "channels_last") != "channels_first"
        and not getattr(layer, "quantization_mode", None)
        and not getattr(layer, "lora_enabled", False)
        and (kind(layer) not in COUNTS or getattr(layer, "groups", 1) == 1)
    )


def output_specs(layer: Any, args: tuple, kwargs: dict) -> list:
    """KerasTensors of what a layer or operation makes of KerasTensors."""
    import keras

    return keras.tree.flatten(layer.compute_output_spec(*args, **kwargs))


def apply(graph: ChannelGraph, layer: Any, inputs: list[Wire], shape: tuple, args: tuple) -> np.ndarray | None:
    """The channel numbers of the output of that shape, without the batch; None where the layer has no rule."""
    name = kind(layer)
    if not name or not _plain(layer) or not inputs or not shape or not shape[-1]:
        return None
    x = inputs[0]
    if len(inputs) == 1 and name in COUNTS:
        made = graph.new(shape[-1])
    elif len(inputs) == 1 and name in _DEPTHWISE:
        made = graph.tied(np.repeat(x.channels, layer.depth_multiplier))
    elif name in ("Flatten", "Reshape"):
        made = _reshaped(x, shape)
    elif name == "BatchNormalization" and layer.axis in (-1, len(x.shape)):
        made = graph.tied(x.channels)
    elif name == "Concatenate":
        made = _joined(graph, layer, inputs)
    elif name in _MERGES:
        made = _merged(graph, inputs, args)
    elif len(inputs) == 1 and name in _SAME and _is_same(layer, x):
        made = x.channels
    else:
        made = None
    if made is not None and not _elementwise(getattr(layer, "activation", None)):
        graph.fix(made, f"its activation {_named(layer.activation)} looks at all channels together")
    return made


def _named(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _elementwise(activation: Any) -> bool:
    """Whether an activation, of a layer's settings, treats each channel by itself."""
    if activation is None or kind(activation) in ("ReLU", "LeakyReLU", "ELU"):
        return True
    return str(getattr(activation, "__module__", "")).startswith("keras.") and _named(activation) in _ELEMENTWISE


def _is_same(layer: Any, x: Wire) -> bool:
    """Whether a layer of _SAME with settings of its own leaves the channels where they are."""
    name = kind(layer)
    if name == "Permute":
        return tuple(layer.dims)[-1] == len(x.shape)
    if name == "Rescaling":
        return np.size(layer.scale) == 1 and np.size(layer.offset) == 1
    if name == "Normalization":
        return layer.axis is None or layer.axis == ()
    if name == "RepeatVector":
        return len(x.shape) == 1
    return True


def _reshaped(x: Wire, shape: tuple) -> np.ndarray | None:
    """Where the elements go; None unless each element of the new last axis then has the same channel everywhere."""
    if None in x.shape or None in shape:
        return None
    numbers = np.broadcast_to(x.channels, x.shape).reshape(-1, shape[-1])
    return numbers[0] if (numbers == numbers[0]).all() else None


def _joined(graph: ChannelGraph, layer: Any, inputs: list[Wire]) -> np.ndarray:
    """Concatenate: the channels one after the other, or, along another axis, tied."""
    if layer.axis in (-1, len(inputs[0].shape)):
        return np.concatenate([wire.channels for wire in inputs])
    return graph.tied(*(wire.channels for wire in inputs))


def _merged(graph: ChannelGraph, inputs: list[Wire], args: tuple) -> np.ndarray | None:
    """A sum, a product ...: the channels of all inputs are tied; single ones, spread over all channels, stay."""
    import keras

    constants = [leaf for leaf in keras.tree.flatten(args) if leaf is not None and leaf not in inputs]
    if any(np.size(value) != 1 for value in constants) or len({len(wire.shape) for wire in inputs}) != 1:
        return None
    count = max(len(wire.channels) for wire in inputs)
    for wire in inputs:
        if len(wire.channels) < count:
            graph.fix(wire.channels, "it is one channel that is spread over all channels of another tensor")
    return graph.tied(*(wire.channels for wire in inputs if len(wire.channels) == count))


def macs(call: Call) -> list[tuple[Wire, float]]:
    """Tensors, and the multiply-accumulates that each of their channels costs in this call.

    What a layer costs is counted for the channels it reads and again for those it makes: it goes with either.
    """
    layer, output = call.layer, call.output
    if not _plain(layer) or not call.inputs:
        return []
    x = call.inputs[0]
    if kind(layer) in _DEPTHWISE:
        return [(output, output.positions * _window(layer.kernel))]
    if kind(layer) in _SEPARABLE:
        depthwise = output.positions * layer.depth_multiplier
        window = _window(layer.depthwise_kernel)
        return [
            (x, depthwise * (window + len(output.channels))),
            (output, depthwise * len(x.channels)),
        ]
    if kind(layer) in COUNTS:
        each = output.positions * _window(layer.kernel)
        return [(x, each * len(output.channels)), (output, each * len(x.channels))]
    return []


def _window(kernel: Any) -> int:
    """Positions of a kernel of shape (..., inputs, outputs); 1 of a dense layer's."""
    return int(np.prod(kernel.shape[:-2], dtype=np.int64))
