"""Float graph -> int8 graph, by the rules of TFLite's int8 specification, or its "16x8" one.

Activations get one scale and zero point each, weights one scale per output channel. With data, both graphs are walked
side by side: each layer's weights are scaled for the inputs that the quantized layers before it really give, and its
bias takes back what rounding added to the mean of its output (Nagel et al., 2019, "Data-Free Quantization Through
Weight Equalization and Bias Correction", with measured instead of modelled means).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from host_tools.errors import ConversionError
from host_tools.families import recurrent
from host_tools.float_runtime import as_inputs, run_op, snap
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import adaptive_rounding, quantize_attention, rewire, scales
from host_tools.passes.calibrate import Ranges
from host_tools.passes.quantize_recurrent import quantize_recurrent
from host_tools.passes.split_samples import recording_unit, sample_grids
from host_tools.passes.quantize_weights import quantize_weights, set_bias
from host_tools.unary import limits

ROUNDINGS = ("nearest", "adaptive", None)
ROUNDED = ("conv2d", "depthwise_conv2d", "fully_connected")  # ops whose weights may be rounded adaptively
SAMPLES = 64  # enough for means; more costs memory and time
MORE_SAMPLES = 256  # for what inputs have in common, which adaptive rounding asks for
LEAST_MOVING = 0.01  # a channel that is clamped nearly always says too little about its bias


def quantize(
    graph: Graph,
    ranges: Ranges,
    data: Sequence[np.ndarray] | np.ndarray | None = None,
    weight_search: bool = True,
    bias_correction: bool = True,
    rounding: str | None = None,
    activations: int = 8,
) -> Graph:
    """The int8 graph of a normalised float graph; with `activations` 16 its activations are int16.

    ranges: (lowest, highest) of each activation, from calibrate. data: one (n, *shape) array for each input; without it
    weights keep their full range and biases are not corrected. rounding of weights: "nearest", "adaptive" (which needs
    data), or None for what suits their bits: adaptive for 4, nearest for 8.
    """
    quantized = rewire.copy(graph)
    twins = dict(zip(_tensors(graph), _tensors(quantized)))
    for tensor, (scale, zero_point) in scales.assign(graph, ranges, activations).items():
        twin = twins[tensor]
        twin.dtype, twin.scale, twin.zero_point = f"int{activations}", scale, zero_point
    recorded = {} if data is None else {x: recording_unit(values) for x, values in zip(graph.inputs, as_inputs(graph, data))}
    samples = sample_grids(graph, lambda x: recorded.get(x) or scales.grid_16(*ranges[x], x.name)[0])
    for tensor, (dtype, scale) in samples.items():
        twins[tensor].dtype, twins[tensor].scale, twins[tensor].zero_point = dtype, scale, 0
    quantize_attention.tokens(quantized)
    if data is None:
        for op in quantized.ops:
            _constants(op)
        return quantized
    adaptive = rounded_adaptively(graph, rounding)
    chosen = [spread(x, MORE_SAMPLES if adaptive else SAMPLES) for x in as_inputs(graph, data)]
    real = dict(zip(graph.inputs, chosen))
    held = {twins[tensor]: snap(twins[tensor], x) for tensor, x in real.items()}
    readers = _last_readers(graph)
    for op, twin in zip(graph.ops, quantized.ops):
        x = [None if t.data is not None else held[t] for t in twin.inputs]
        exact = [None if t.data is not None else real[t] for t in op.inputs]
        seen = adaptive_rounding.moments(op, exact[0], x[0]) if op in adaptive else None
        searched = weight_search or op.attrs.get("weight_bits", 8) < 8  # few levels do badly without
        if op.kind in recurrent.KINDS:
            quantize_recurrent(twin, op, exact)
        else:
            _constants(twin, _moments(x[0]) if searched and x[0] is not None else None, seen)
        if bias_correction and op.kind in rewire.WEIGHTED:
            _correct_bias(op, exact, twin, x)
        real[op.output], held[twin.output] = run_op(op, exact)[0], run_op(twin, x)[0]
        for tensor in readers.get(op, ()):  # memory: what nobody reads any more
            del real[tensor], held[twins[tensor]]
    return quantized


def rounded_adaptively(graph: Graph, rounding: str | None) -> list[Op]:
    """The ops of a float graph whose weights are: all, none, or with None those of 4 bits."""
    if rounding not in ROUNDINGS:
        raise ConversionError(f"rounding {rounding!r} is not known; use one of {', '.join(filter(None, ROUNDINGS))}.")
    weighted = [op for op in graph.ops if op.kind in ROUNDED and rounding != "nearest"]
    return [op for op in weighted if rounding or op.attrs.get("weight_bits", 8) == 4]


def _tensors(graph: Graph) -> list[Tensor]:
    return [*graph.inputs, *(tensor for op in graph.ops for tensor in [*op.inputs, *op.outputs])]


def spread(x: np.ndarray, most: int) -> np.ndarray:
    """At most that many of the samples, spread evenly."""
    return x[np.unique(np.linspace(0, len(x) - 1, most).astype(int))]


def _last_readers(graph: Graph) -> dict[Op, list[Tensor]]:
    """Which activations each op is the last to read."""
    last: dict[Tensor, Op] = {t: op for op in graph.ops for t in op.inputs if t.data is None}
    readers: dict[Op, list[Tensor]] = {}
    for tensor, op in last.items():
        readers.setdefault(op, []).append(tensor)
    return readers


def _moments(x: np.ndarray) -> np.ndarray:
    """The mean square of each channel."""
    return np.square(x, dtype=np.float64).mean(axis=tuple(range(x.ndim - 1)))


def _constants(op: Op, moments: np.ndarray | None = None, seen=None) -> None:
    """Quantize the constants that an op reads: weights and bias, or the second number of an addition."""
    if op.kind in recurrent.KINDS:
        quantize_recurrent(op)
        return
    if op.kind in rewire.WEIGHTED:
        quantize_weights(op, op.inputs[0].scale, moments, seen)
        return
    if op.kind in quantize_attention.CONSTANTS:
        quantize_attention.CONSTANTS[op.kind](op)
        return
    for index, tensor in enumerate(op.inputs):
        if tensor.data is not None and tensor.scale is None:
            dtype = op.output.dtype if op.output.dtype == "int16" else "int8"
            scale = scales.symmetric(tensor.data, np.iinfo(dtype).max)
            q = np.rint(tensor.data.astype(np.float64) / scale).astype(dtype)
            op.inputs[index] = Tensor(tensor.name, tensor.shape, dtype, scale, 0, q)


def _correct_bias(op: Op, exact: list[np.ndarray | None], twin: Op, x: list[np.ndarray | None]) -> None:
    """Shift the quantized bias so that each channel's mean after the activation comes near the float one.

    One Newton step: where the activation clamps, the bias moves nothing, so the difference of the means is divided by
    the share of values that it does move.
    """
    wanted, got = _before_activation(op, exact), _before_activation(twin, x)
    low, high = limits(op.attrs.get("activation"))
    moving = ((got > low) & (got < high)).mean(axis=0)
    shift = (np.clip(wanted, low, high) - np.clip(got, low, high)).mean(axis=0, dtype=np.float64)
    shift = np.where(moving > LEAST_MOVING, shift / np.maximum(moving, LEAST_MOVING), 0.0)
    set_bias(twin, twin.inputs[2].data * np.asarray(twin.inputs[2].scale, np.float64) + shift)


def _before_activation(op: Op, inputs: list[np.ndarray | None]) -> np.ndarray:
    """(values, channels): the op's output without the fused activation and without rounding."""
    free = Tensor(op.output.name, op.output.shape)
    (y,) = run_op(Op(op.kind, op.inputs, [free], {**op.attrs, "activation": None}, op.name), inputs)
    return y.reshape(-1, y.shape[-1])
