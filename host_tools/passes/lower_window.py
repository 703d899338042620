"""Lowering of ops with weights or windows: convolutions, fully connected, pools."""

from __future__ import annotations

import numpy as np

from host_tools import tables
from host_tools.errors import ConversionError
from host_tools.graph import Op, Tensor
from host_tools.passes import lower_edges, lower_layout
from host_tools.passes.coding import choose
from host_tools.passes.coding import rows as rows_of
from host_tools.program import Program, Step
from upyml.format import encode, layout


def window(op: Op, kernel) -> dict:
    """The fields of a window; a row of samples (time, channels) is an image of height 1."""
    top, _, left, _ = op.attrs["padding"]
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    fields = {"pad_top": top, "pad_left": left, "clamp_min": low, "clamp_max": high}
    for name, values in (
        ("kernel", kernel),
        ("stride", op.attrs["stride"]),
        ("dilation", op.attrs.get("dilation", (1, 1))),
    ):
        fields[name + "_h"], fields[name + "_w"] = (int(n) for n in values)
    if max(fields.values()) > 65535:
        raise ConversionError(f"{op.kind} {op.name!r} has a kernel, stride, dilation or padding above 65535")
    return fields


def inside(program: Program, op: Op, kernel, pad=lower_layout.LOWERINGS["pad"]) -> Op:
    """The op itself, or the op behind a pad of its own where windows would lie wholly outside of the image.

    The engine wants every window to touch the image; a pad fused into a convolution can be wider than that.
    """
    x, padding = op.inputs[0], op.attrs["padding"]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, op.attrs["dilation"])]
    if max(padding[:2]) < reach[0] and max(padding[2:]) < reach[1]:
        return op
    before, after = ((padding[i], padding[i + 2], 0)[3 - len(x.shape) :] for i in range(2))
    padded = Tensor(x.name, tuple(b + n + a for b, n, a in zip(before, x.shape, after)), x.dtype, x.scale, x.zero_point)
    pad(program, Op("pad", [x], [padded], {"before": before, "after": after}, op.name))
    return Op(op.kind, [padded] + op.inputs[1:], op.outputs, dict(op.attrs, padding=(0, 0, 0, 0)), op.name)


def multipliers(op: Op) -> tuple[np.ndarray, np.ndarray]:
    """(multiplier, shift) of each weight scale: input scale * weight scale / output scale.

    The product is in double precision, as the pinned TFLite-Micro has it for every op (older TFLite: in single for a
    fully connected op with one scale, which gives another last bit of the multiplier).
    """
    x, w = op.inputs[:2]
    scale_in, scale_out = (float(np.float32(tensor.scale)) for tensor in (x, op.output))
    scales = np.atleast_1d(np.asarray(w.scale, np.float32))
    pairs = [lower_edges.scaling(op, scale_in * float(scale) / scale_out) for scale in scales]
    return np.array([m for m, _ in pairs], np.int64), np.array([s for _, s in pairs], np.int64)


def folded_bias(op: Op, sums: np.ndarray) -> np.ndarray:
    """Bias of each output channel minus input zero point * sum of its weights: where the engine's sums start."""
    bias = op.inputs[2].data.astype(np.int64) if len(op.inputs) > 2 else 0
    return bias - op.inputs[0].zero_point * sums


def _per_channel(op: Op, rows: np.ndarray) -> bytes:
    """The channels block with a multiplier for each output channel, padding channels with all zero.

    rows: the weights as int64 of shape (output channels, K).
    """
    bias = folded_bias(op, rows.sum(axis=1))
    multiplier, shift = (np.broadcast_to(part, len(rows)) for part in multipliers(op))
    return encode.pack_channels(bias, multiplier, shift, encode.accumulator_bits(rows, bias))


def _coded(program: Program, weights: np.ndarray, name: str) -> tuple[dict, float]:
    """(the fields that tell the weights, in the coding with the fewest bytes; the part of the weights that it holds)."""
    fields, coded = choose(rows_of(weights), name, program.codings)
    if coded is None:
        return fields, 1.0
    program.coded.append(coded)
    return fields, coded.density


def conv2d_fields(program: Program, op: Op) -> tuple[dict, float]:
    """(a CONV2D's own fields; the part of its weights that the file holds)."""
    w = op.inputs[1]
    weights = w.data.astype(np.int64)
    params = window(op, w.shape[1:3])
    packed, density = _coded(program, w.data, op.name)
    params |= packed
    params["channels"] = _per_channel(op, weights.reshape(len(weights), -1))
    return params, density


def _sees_all(op: Op) -> bool:
    """Does a convolution's only window cover the image?"""
    x, w = op.inputs[:2]
    return ((1,) + tuple(x.shape))[-3:-1] == tuple(w.shape[1:3]) and not any(op.attrs["padding"])


def _conv2d(program: Program, op: Op) -> None:
    op = inside(program, op, op.inputs[1].shape[1:3])
    x, w = op.inputs[:2]
    if _sees_all(op):  # a dense layer: the same sums for half the time
        dense = Tensor(w.name, (len(w.data), w.size // len(w.data)), w.dtype, w.scale, 0, w.data.reshape(len(w.data), -1))
        _fully_connected(program, Op("fully_connected", [x, dense, *op.inputs[2:]], op.outputs, op.attrs, op.name))
        return
    params, density = conv2d_fields(program, op)
    macs = op.output.size * w.data[0].size
    program.steps.append(Step(layout.CONV2D, [x], [op.output], params, op.name, macs, density))


def _depthwise(program: Program, op: Op) -> None:
    x, w = op.inputs[:2]
    if x.shape[-1] == 1:
        # Every output channel reads the only input channel: an ordinary convolution, whose rows are read once for all.
        dense = Tensor(
            w.name, (w.shape[2],) + w.shape[:2] + (1,), w.dtype, w.scale, 0, w.data.transpose(2, 0, 1)[..., None]
        )
        _conv2d(program, Op("conv2d", [x, dense] + op.inputs[2:], op.outputs, op.attrs, op.name))
        return
    op = inside(program, op, w.shape[:2])
    x, params = op.inputs[0], window(op, w.shape[:2])
    params["weights"] = encode.pack_depthwise(w.data)
    params["channels"] = _per_channel(op, w.data.astype(np.int64).reshape(-1, w.shape[2]).T)
    params["multiplier"] = op.attrs["multiplier"]
    macs = op.output.size * w.shape[0] * w.shape[1]
    program.steps.append(Step(layout.DEPTHWISE_CONV2D, [x], [op.output], params, op.name, macs))


def _fully_connected(program: Program, op: Op) -> None:
    x, w = op.inputs[:2]
    channels, inputs = w.shape
    rows = w.data.astype(np.int64)
    one = np.size(w.scale) == 1
    low, high = tables.activation_range(op.attrs.get("activation"), op.output)
    params = {"per_channel": int(not one), "clamp_min": low, "clamp_max": high}
    packed, density = _coded(program, w.data, op.name)
    params |= packed
    if one:
        bias = folded_bias(op, rows.sum(axis=1))
        bits = encode.accumulator_bits(rows, bias)
        bias = np.pad(bias, (0, -channels % 4))  # four of them: one multiplier is then one for all
        params["channels"] = encode.pack_channels(bias, *multipliers(op), bits)
    else:
        params["channels"] = _per_channel(op, rows)
    out = op.output
    if not out.shape or out.shape[-1] != channels:
        out = program.view(out, (out.size // channels, channels))
    macs = out.size * inputs
    program.steps.append(Step(layout.FULLY_CONNECTED, [x], [out], params, op.name, macs, density))


def _pool(opcode: int):
    def lower(program: Program, op: Op) -> None:
        x, y = op.inputs[0], op.output
        made = lower_edges.at_scale_of(x, y)  # a pool keeps its input's scale; another one is taken on by a table
        pooled = op if made is y else Op(op.kind, [x], [made], dict(op.attrs, activation=None), op.name)
        program.steps.append(Step(opcode, [x], [made], window(pooled, op.attrs["kernel"]), op.name))
        if made is not y:
            low, high = tables.activation_range(op.attrs.get("activation"), y)
            lower_edges.append_table(program, made, y, np.clip(tables.rescale(made, y), low, high), op.name)

    return lower


LOWERINGS = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise,
    "fully_connected": _fully_connected,
    "max_pool": _pool(layout.MAX_POOL),
    "average_pool": _pool(layout.AVERAGE_POOL),
}
