"""Lowering of the family wide: ops on int16 activations with int8 weights. These stand in for the ones on int8 activations
where an op's first input is int16; what copies or requantizes is the same for both.
"""

from __future__ import annotations

import math

import numpy as np

from host_tools import fixed_point, tables, unary
from host_tools.errors import ConversionError
from host_tools.families import recurrent
from host_tools.families.signal import INT16
from host_tools.graph import Graph, Op, Tensor
from host_tools.ops import UNARY
from host_tools.passes import axes, lower_arithmetic, lower_edges, lower_layout, lower_window
from host_tools.program import Program, Step
from upyml.format import check_wide, encode, layout, ops_recurrent
from upyml.format import ops_wide as wide
from upyml.format.ops_attention import GATHER

_SUM_SHIFT = 15  # head room of the sums of add and sub, in bits


def _demand_int16(op: Op) -> None:
    for tensor in op.inputs[:2] if op.kind in ("add", "sub", "mul", "maximum", "minimum") else op.inputs[:1]:
        if tensor.dtype != "int16" or tensor.zero_point or op.output.dtype != "int16" or op.output.zero_point:
            raise ConversionError(
                f"{op.kind} {op.name!r} goes from {tensor.dtype} to {op.output.dtype}: with int16 activations all of an op's "
                "tensors are int16 with zero point 0"
            )


def demand_shifts(op: Op, shifts) -> None:
    """Raises ConversionError where sums of 64 bits cannot be shifted so far to the left."""
    if max(shifts) > check_wide.MAX_SHIFT_64:
        raise ConversionError(f"{op.kind} {op.name!r}: its output's scale is too fine for its sums; calibrate again")


def _channels(op: Op) -> dict:
    """The block of the output channels. A bias of int64, as TFLite's converter makes it, asks for sums of 64 bits."""
    count = op.inputs[1].shape[2 if op.kind == "depthwise_conv2d" else 0]
    bias = op.inputs[2].data.astype(np.int64) if len(op.inputs) > 2 else np.zeros(count, np.int64)
    multiplier, shift = lower_window.multipliers(op)
    one = op.kind == "fully_connected" and len(multiplier) == 1
    if one:
        bias = np.pad(bias, (0, -count % 4))  # four of them: one multiplier is then one for all
    else:
        multiplier, shift = (np.broadcast_to(part, count) for part in (multiplier, shift))
    # Without a bias TFLite-Micro has sums of 64 bits.
    narrow = len(op.inputs) > 2 and op.inputs[2].dtype == "int32"
    if not narrow:
        demand_shifts(op, shift)
    return {
        "channels": encode.pack_channels_16(bias, multiplier, shift),
        "accumulator": wide.INT32_SUMS if narrow else wide.INT64_SUMS,
    }


def _conv2d(program: Program, op: Op) -> None:
    op = lower_window.inside(program, op, op.inputs[1].shape[1:3], _pad)
    x, w = op.inputs[:2]
    params = lower_window.window(op, w.shape[1:3]) | _channels(op) | {"weights": encode.pack_conv2d(w.data)}
    macs = op.output.size * w.data[0].size
    program.steps.append(Step(wide.CONV2D_16, [x], [op.output], params, op.name, macs))


def _depthwise(program: Program, op: Op) -> None:
    w = op.inputs[1]
    op = lower_window.inside(program, op, w.shape[:2], _pad)
    params = lower_window.window(op, w.shape[:2]) | _channels(op)
    params |= {"weights": encode.pack_depthwise(w.data), "multiplier": op.attrs["multiplier"]}
    macs = op.output.size * w.shape[0] * w.shape[1]
    program.steps.append(Step(wide.DEPTHWISE_CONV2D_16, op.inputs[:1], [op.output], params, op.name, macs))


def _fully_connected(program: Program, op: Op) -> None:
    x, w = op.inputs[:2]
    channels, inputs = w.shape
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    params = {"per_channel": int(np.size(w.scale) > 1), "clamp_min": low, "clamp_max": high}
    params |= _channels(op) | {"weights": encode.pack_rows(w.data[:, None])}
    out = op.output
    if not out.shape or out.shape[-1] != channels:
        out = program.view(out, (out.size // channels, channels))
    program.steps.append(Step(wide.FULLY_CONNECTED_16, [x], [out], params, op.name, out.size * inputs))


def _pool(opcode: int):
    def lower(program: Program, op: Op) -> None:
        if not lower_edges.same_quantization(op.inputs[0], op.output):
            raise ConversionError(f"{op.kind} {op.name!r}: with int16 activations a pool keeps its input's scale")
        params = lower_window.window(op, op.attrs["kernel"])
        program.steps.append(Step(opcode, op.inputs, [op.output], params, op.name))

    return lower


def _sum(opcode: int):
    def lower(program: Program, op: Op) -> None:
        inputs, output = lower_arithmetic.operands(program, op)
        params = lower_arithmetic.sum_params(op, _SUM_SHIFT)
        program.steps.append(Step(opcode, inputs, [output], params, op.name))

    return lower


def _mul(program: Program, op: Op) -> None:
    inputs, output = lower_arithmetic.operands(program, op)
    program.steps.append(Step(wide.MUL_16, inputs, [output], lower_arithmetic.product_params(op), op.name))


def _mean(program: Program, op: Op) -> None:
    x, (outer, count, inner) = axes.gathered(program, op.inputs[0], op.attrs["axes"], op.name)
    multiplier, shift = lower_arithmetic.mean_multiplier(op, count)
    params = {"outer": outer, "count": count, "inner": inner, "multiplier": multiplier, "shift": shift}
    made = program.view(op.output, (outer, inner))
    program.steps.append(Step(wide.MEAN_16, [program.view(x, (outer, count, inner))], [made], params, op.name))


def look_up_table(function, low: float, high: float, scale: float) -> np.ndarray:
    """513 INT16 answers of a function of real values from `low` to `high`, for linear interpolation between them.

    scale: of the answers. Each is moved by half of what the interpolation is wrong by in the middle, as TFLite's tables are;
    all in single precision.
    """
    f32 = np.float32
    step = f32((f32(high) - f32(low)) / f32(512))
    places = f32(low) + np.arange(513, dtype=f32) * step
    inverse = f32(1 / scale)

    def rounded(values):
        return np.trunc(values + np.copysign(f32(0.5), values))

    ends = (function(places).astype(f32) * inverse).astype(f32)
    middles = rounded((function((places[:-1] + step / f32(2)).astype(f32)).astype(f32) * inverse).astype(f32))
    samples = rounded(ends)
    wrong = rounded(((ends[1:] + samples[:-1]) / f32(2)).astype(f32)) - middles
    samples[:-1] -= rounded((wrong / f32(2)).astype(f32))
    return np.clip(samples, -32768, 32767).astype("<i2")


def _unary(program: Program, op: Op) -> None:
    program.steps.append(Step(wide.TABLE_16, op.inputs[:1], [op.output], _table(op), op.name))


def _bounded(program: Program, op: Op) -> None:
    """A sigmoid or a hyperbolic tangent; with the scale that TFLite gives it as there."""
    exact = op.output.scale == 2.0**-15
    opcode = wide.SIGMOID_16 if exact else wide.TABLE_16
    program.steps.append(Step(opcode, op.inputs[:1], [op.output], (_sigmoid if exact else _table)(op), op.name))


def _table(op: Op) -> dict:
    scale = float(np.float32(op.inputs[0].scale))
    table = look_up_table(
        lambda values: unary.FUNCTIONS[op.kind](values, op.attrs),
        -32768 * scale,
        32768 * scale,
        float(np.float32(op.output.scale)),
    )
    return {"table": table.tobytes()}


def _sigmoid(op: Op) -> dict:
    """Three times the value in 1/4096, by 15 bits of a multiplier that TFLite cuts off."""
    multiplier, shift = float(np.float32(op.inputs[0].scale)) * 4096 * 3, 0
    while multiplier <= 32767 / 2 and shift <= 30:
        multiplier, shift = multiplier * 2, shift + 1
    if multiplier >= 32768 or shift > 30:
        raise ConversionError(f"{op.kind} {op.name!r}: scale {op.inputs[0].scale} is outside of what the engine takes")
    activation = ops_recurrent.SIGMOID if op.kind == "logistic" else ops_recurrent.TANH
    table = tables.sigmoid_table().tobytes()
    return {"multiplier": int(multiplier), "shift": shift, "activation": activation, "table": table}


def _extreme(opcode: int):
    def lower(program: Program, op: Op) -> None:
        raw = op.attrs.get("raw")
        made = op.inputs if raw else [lower_edges.rescaled(program, x, op.output, op.name) for x in op.inputs]
        inputs, output = lower_arithmetic.operands(program, Op(op.kind, made, op.outputs, {}, op.name))
        low, high = tables.activation_range(op.attrs.get("activation"), op.output)
        params = {"multiplier": 0, "shift": 0, "clamp_min": low, "clamp_max": high}
        program.steps.append(Step(opcode, inputs, [output], params, op.name))

    return lower


def _relu(program: Program, op: Op) -> None:
    """The larger of x and x, held above 0: no table."""
    x = lower_edges.rescaled(program, op.inputs[0], op.output, op.name)
    _extreme(wide.MAXIMUM_16)(program, Op("maximum", [x, x], op.outputs, {"activation": "relu"}, op.name))


def _chosen(program: Program, op: Op, places: list) -> None:
    """Of each axis the places that are not None, one axis after another."""
    x, y = op.inputs[0], op.output
    axes_left = [axis for axis, chosen in enumerate(places) if chosen is not None]
    for axis in axes_left:
        outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
        shape = (*x.shape[:axis], len(places[axis]), *x.shape[axis + 1 :])
        made = y if axis == axes_left[-1] else Tensor(y.name, shape, x.dtype, x.scale, x.zero_point)
        indices = np.asarray(places[axis], np.int32)
        rows = Tensor(f"{op.name}/places", indices.shape, "int32", 1.0, 0, indices)
        params = {"outer": outer, "count": x.shape[axis], "inner": inner}
        target = made if len(shape) <= layout.MAX_RANK else program.view(made, (outer * len(indices) * inner,))
        source = x if len(x.shape) <= layout.MAX_RANK else program.view(x, (x.size,))
        program.steps.append(Step(GATHER, [source, rows], [target], params, op.name))
        x = made
    if x is op.inputs[0]:
        program.views[y] = x


def _take(program: Program, op: Op) -> None:
    _chosen(program, op, list(op.attrs["places"]))


def _resize_nearest(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    options = op.attrs.get("align_corners", False), op.attrs.get("half_pixel_centers", False)
    places = [lower_layout.nearest(n, m, *options) for n, m in zip(x.shape[:-1], y.shape[:-1])]
    _chosen(program, op, [None if len(chosen) == n and np.all(np.diff(chosen) == 1) else chosen
                          for n, chosen in zip(x.shape, places)])  # fmt: skip


def _softmax(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    if not x.shape or not math.isclose(float(y.scale), 1 / 32768, rel_tol=1e-6):
        raise ConversionError(
            f"softmax {op.name!r}: its int16 output must have scale 1/32768, received {float(y.scale)}"
        )
    real = float(np.float32(x.scale)) * float(np.float32(op.attrs.get("beta", 1.0))) / (10.0 / 65535.0)
    multiplier, shift = fixed_point.quantize_multiplier(real)
    params = {
        "multiplier": multiplier,
        "shift": shift,
        "exp": look_up_table(np.exp, -10.0, 0.0, 1 / 32768).tobytes(),
        "reciprocal": look_up_table(lambda v: 1 / (1 + v), 0.0, 1.0, 1 / 32768).tobytes(),
    }
    rows = x.size // x.shape[-1]
    if len(x.shape) > layout.MAX_RANK:
        x, y = (program.view(tensor, (rows, x.shape[-1])) for tensor in (x, y))
    program.steps.append(Step(wide.SOFTMAX_16, [x], [y], params, op.name))


def _pad(program: Program, op: Op) -> None:
    x, y = op.inputs[0], op.output
    before = tuple(op.attrs["before"])
    if len(before) > layout.MAX_RANK:
        raise ConversionError(f"pad {op.name!r} of {len(before)} axes: with int16 activations pad at most four")
    value = fixed_point.round_away(op.attrs.get("value", 0.0) / float(x.scale))
    params = {"before": before + (0,) * (layout.MAX_RANK - len(before)), "value": min(max(value, -32768), 32767)}
    made = Tensor(y.name, y.shape, y.dtype, x.scale, 0)
    made = y if lower_edges.same_quantization(x, y) else made
    program.steps.append(Step(wide.PAD_16, [x], [made], params, op.name))
    if made is not y:
        program.views[y] = lower_edges.rescaled(program, made, y, op.name)


def _checked(lower):
    def checked(program: Program, op: Op) -> None:
        _demand_int16(op)
        lower(program, op)

    return checked


LOWERINGS = {
    kind: _checked(lower)
    for kind, lower in {
        "conv2d": _conv2d,
        "depthwise_conv2d": _depthwise,
        "fully_connected": _fully_connected,
        "max_pool": _pool(wide.MAX_POOL_16),
        "average_pool": _pool(wide.AVERAGE_POOL_16),
        "add": _sum(wide.ADD_16),
        "sub": _sum(wide.SUB_16),
        "mul": _mul,
        "mean": _mean,
        "maximum": _extreme(wide.MAXIMUM_16),
        "minimum": _extreme(wide.MINIMUM_16),
        "take": _take,
        "resize_nearest": _resize_nearest,
        "softmax": _softmax,
        "pad": _pad,
        **dict.fromkeys(UNARY, _unary),
        "relu": _relu,
        "logistic": _bounded,
        "tanh": _bounded,
    }.items()
}

# Copies of any number type, changes of it, and what one op computes on both.
_ANY = (
    "reshape", "concat", "transpose", "strided_slice", "gather", "quantize", "dequantize", *INT16, *recurrent.KINDS,
)  # fmt: skip


def demand_int16_ops(graph: Graph) -> None:
    """Raises ConversionError where the engine computes an op on int8 activations only."""
    for op in graph.ops:
        if op.kind not in LOWERINGS and op.kind not in _ANY:
            raise ConversionError(
                f"{op.kind} {op.name!r}: the engine has it for int8 activations only; convert with activations of 8 bits"
            )
