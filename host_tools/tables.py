"""The 256-byte tables of functions of one int8 value, by the integer algorithms of TFLite-Micro's kernels.

A table's place q + 128 holds the answer to q. Scales are float32 values, as the kernels have them.
"""

from __future__ import annotations

import math

import numpy as np

from host_tools import fixed_point as fp
from host_tools import unary
from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from upyml._reference.math_ops import inverse_root

_Q = np.arange(-128, 128, dtype=np.int64)


def table(op: Op) -> np.ndarray:
    """The op's function from the quantization of its input to that of its output, as 256 int8 values.

    op: an op of a unary kind, or `quantize` between int8 tensors. Raises ConversionError where the output's scale is
    not the one the function prescribes.
    """
    values = _FUNCTIONS.get(op.kind, _real)(op, op.inputs[0], op.output)
    return np.clip(values, -128, 127).astype(np.int8)


def rescale(source: Tensor, target: Tensor) -> np.ndarray:
    """The table that takes int8 values from one scale and zero point to another."""
    real = float(np.float32(source.scale)) / float(np.float32(target.scale))
    values = fp.multiply(_Q - source.zero_point, *fp.quantize_multiplier(real)) + target.zero_point
    return np.clip(values, -128, 127).astype(np.int8)


def activation_range(activation, output: Tensor) -> tuple[int, int]:
    """Least and greatest quantized value, int8 or int16, that an activation leaves; see ops.py for what it may be.

    Raises ConversionError for an unknown activation.
    """
    bounds = {None: (None, None), "relu": (0.0, None), "relu6": (0.0, 6.0)}.get(activation, activation)
    if isinstance(bounds, str):
        raise ConversionError(f"the activation {activation!r} is not known: use relu, relu6 or a layer of its own")
    low, high = bounds

    def quantized(bound):
        return output.zero_point + fp.round_away(float(np.float32(bound) / np.float32(output.scale)))

    bottom, top = (-32768, 32767) if output.dtype == "int16" else (-128, 127)
    least = bottom if low is None or low == -math.inf else max(bottom, quantized(low))
    most = top if high is None or high == math.inf else min(top, quantized(high))
    return min(least, top), max(most, bottom)


def _identity(op, source, target):
    return rescale(source, target).astype(np.int64)


def _clamped(bounds):
    def make(op, source, target):
        low, high = activation_range(bounds if bounds else (op.attrs["low"], op.attrs["high"]), target)
        return np.clip(_identity(op, source, target), low, high)

    return make


def _leaky_relu(op, source, target):
    scale_in, scale_out = np.float32(source.scale), np.float32(target.scale)
    alpha = fp.quantize_multiplier(float(scale_in * np.float32(op.attrs["alpha"]) / scale_out))
    straight = fp.quantize_multiplier(float(scale_in / scale_out))
    x = _Q - source.zero_point
    return np.where(x >= 0, fp.multiply(x, *straight), fp.multiply(x, *alpha)) + target.zero_point


def _prescribed(op, target, scale, zero_point):
    if not math.isclose(float(target.scale), scale, rel_tol=1e-3) or target.zero_point != zero_point:
        raise ConversionError(
            f"{op.kind} {op.name!r}: its int8 output must have scale {scale} and zero point {zero_point}, received "
            f"{float(target.scale)} and {target.zero_point}; quantize the model with these"
        )


def _fixed_point_input(source):
    """The inputs with four integer bits, and which of them saturate low and high."""
    multiplier, shift = fp.quantize_multiplier(float(np.float32(source.scale)) * (1 << 27))
    radius = fp.input_radius(4, shift)
    x = _Q - source.zero_point
    inside = np.where(np.abs(x) < radius, x, 0)
    # With a shift above 31 the radius is 0, and nothing is left to multiply.
    return fp.multiply(inside, multiplier, min(shift, 31)), x <= -radius, x >= radius


def _logistic(op, source, target):
    _prescribed(op, target, 1 / 256, -128)
    x, low, high = _fixed_point_input(source)
    return np.where(low, -128, np.where(high, 127, fp.rdbpot(fp.logistic(x, 4), 23) - 128))


def _tanh(op, source, target):
    _prescribed(op, target, 1 / 128, 0)
    x, low, high = _fixed_point_input(source)
    return np.where(low, -128, np.where(high, 127, fp.rdbpot(fp.tanh(x, 4), 24)))


def _srdhm16(a, b):
    """SRDHM of 16-bit values."""
    product = np.asarray(a, np.int64) * b
    nudged = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return np.clip(np.where(nudged >= 0, nudged >> 15, -(-nudged >> 15)), -32768, 32767)


def _int16(x):
    return (np.asarray(x, np.int64) + 32768) % 65536 - 32768


def _hard_swish(op, source, target):
    """x * relu6(x + 3) / 6 in 16-bit fixed point: one factor on the output's scale, the other on [0, 1]."""
    fine = np.float32(1 / 128) * np.float32(source.scale)
    out_multiplier, out_exponent = fp.quantize_multiplier(float(fine / np.float32(target.scale)))
    slope, exponent = fp.quantize_multiplier(float(fine / np.float32(3 / 32768)))
    if out_exponent > 0:  # TFLite-Micro's steps have no answer where the output is so much finer than the input
        return _real(op, source, target)
    out_multiplier, slope = (min((m + (1 << 15)) >> 16, 32767) for m in (out_multiplier, slope))
    x = _int16((_Q - source.zero_point) * 128)
    on_output_scale = _srdhm16(x, out_multiplier)
    gate = x
    if exponent > 0:
        gate = np.clip(gate << (exponent - 1), -32768, 32767)
    gate = _srdhm16(gate, slope)
    if exponent > 0:
        gate = np.clip(gate << 1, -32768, 32767)
    elif exponent < 0:
        gate = fp.rdbpot(gate, -exponent)
    gate = (gate + 32768) >> 1
    product = gate * on_output_scale
    product = np.where(product >= 0, product >> 15, -(-product >> 15))
    return _int16(fp.rdbpot(product, -out_exponent) + target.zero_point)


def _elu(op, source, target):
    alpha = op.attrs.get("alpha", 1.0)
    inverse = np.float32(1) / np.float32(target.scale)
    out = []
    for q in _Q:
        x = np.float32(source.scale) * np.float32(q - source.zero_point)
        y = np.float32(alpha) * (np.float32(math.exp(x)) - np.float32(1)) if x < 0 else x
        out.append(fp.round_away(float(y * inverse)) + target.zero_point)
    return np.array(out)


def _abs(op, source, target):
    x = np.abs(_Q - source.zero_point)
    if np.float32(source.scale) != np.float32(target.scale):
        x = fp.multiply(x, *fp.quantize_multiplier(float(np.float32(source.scale)) / float(np.float32(target.scale))))
    return x + target.zero_point


def _rsqrt(op, source, target):
    """By the same Newton-Raphson steps as an L2_NORMALIZATION's; 0 and what is below count as the largest output."""
    real = 1 / (math.sqrt(float(np.float32(source.scale))) * float(np.float32(target.scale)))
    multiplier, shift = fp.quantize_multiplier(real)
    out = []
    for q in _Q - source.zero_point:
        if q <= 0:
            out.append(127)
            continue
        root, root_shift = inverse_root(int(q))
        data = fp.multiply(1, root, root_shift + 20)
        out.append(int(fp.multiply(data, multiplier, shift - 20)) + target.zero_point)
    return np.array(out)


def _float32(op, source, target):
    """exp or log in float32, as TFLite fills such tables; a logarithm of what is not above 0 is as low as can be."""
    scale, inverse = np.float32(source.scale), np.float32(1) / np.float32(target.scale)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = {"exp": np.exp, "log": np.log}[op.kind](scale * (_Q - source.zero_point).astype(np.float32)) * inverse
    steps = np.clip(np.where(np.isnan(values), -1e6, values), -1e6, 1e6).astype(np.float64)
    return np.where(steps >= 0, np.floor(steps + 0.5), np.ceil(steps - 0.5)).astype(np.int64) + target.zero_point


def _real(op, source, target):
    """The function's real values, rounded: for kinds that TFLite-Micro has no integer algorithm for."""
    values = unary.FUNCTIONS[op.kind]((_Q - source.zero_point) * float(np.float32(source.scale)), op.attrs)
    steps = np.clip(values / float(np.float32(target.scale)), -1e6, 1e6)
    return np.rint(steps).astype(np.int64) + target.zero_point


_FUNCTIONS = {
    "quantize": _identity,
    "relu": _clamped("relu"),
    "relu6": _clamped("relu6"),
    "clip": _clamped(None),
    "leaky_relu": _leaky_relu,
    "logistic": _logistic,
    "tanh": _tanh,
    "hard_swish": _hard_swish,
    "elu": _elu,
    "abs": _abs,
    "rsqrt": _rsqrt,
    "exp": _float32,
    "log": _float32,
}


def sigmoid_table() -> np.ndarray:
    """The sigmoid of i / 24 in 1 / 65536, as TFLite has it: u16[256].

    Straight lines between its entries would lie below the function, which is bent by f'' / 8 * (1 / 24)^2 in their
    middle; so each entry is half of that too high. The last one is the function's end.
    """
    s = 1 / (1 + np.exp(-np.arange(256) / 24))
    bend = -s * (1 - s) * (1 - 2 * s) / (8 * 24**2)
    table = np.floor(65536 * (s + bend / 2) + 0.5)
    table[255] = 65535
    return table.astype("<u2")
