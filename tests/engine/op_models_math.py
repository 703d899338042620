"""Random models of the ops of the family MATH; see op_models.py."""

import op_models as base
from op_models_attention import MAKERS as _ATTENTION

from upyml.format import layout, ops_math
from upyml.format.check_math import phase_size


def _transpose_conv2d(rng, opcode):
    """Phases of any kernels, as a file from elsewhere may have them."""
    stride = (base._int(rng, 1, 3), base._int(rng, 1, 3))
    shape = (base._int(rng, 1, 5), base._int(rng, 1, 5), base._int(rng, 1, 5))
    channels = base._int(rng, 1, 6)
    size = tuple(base._int(rng, max(n, (k - 1) * n), k * n) for n, k in zip(stride, shape))
    size = tuple(max(n, s) for n, s in zip(size, stride))
    phases = []
    for row in range(stride[0]):
        for column in range(stride[1]):
            made = (phase_size(size[0], row, stride[0]), phase_size(size[1], column, stride[1]))
            phases.append(_phase(rng, shape, made, channels))
    params = {"stride_h": stride[0], "stride_w": stride[1], "phases": phases}
    return base.OneOp(opcode, [shape], size + (channels,), params)


def _phase(rng, shape, made, channels):
    params = base._clamp(rng)
    for axis, side, count, room in zip("hw", ("top", "left"), made, shape):
        kernel = base._int(rng, 1, 3)
        params.update({"kernel_" + axis: kernel, "stride_" + axis: 1, "dilation_" + axis: 1,
                       "pad_" + side: base._int(rng, max(0, min(count - room, kernel - 1)), kernel - 1)})
    weights, packed = base._weights(rng, (channels, params["kernel_h"], params["kernel_w"], shape[2]), None)
    return dict(params, **packed, channels=base._channels(rng, weights.reshape(channels, -1)))


def _pairwise(rng, opcode):
    op = base._binary(rng, layout.ADD)
    op.opcode = opcode
    p = op.params
    if opcode == ops_math.SQUARED_DIFFERENCE:
        p.update(left_shift=7, shift=-base._int(rng, 15, 21), shift1=0, shift2=0)
    elif opcode == ops_math.PRELU:
        p.update(shift1=base._int(rng, -3, 1), shift2=base._int(rng, -9, -5))
    elif opcode == ops_math.DIV:
        p["shift"] = base._int(rng, 0, 8)
    return op


def _rows(rng, opcode):
    shape = tuple(base._int(rng, 1, 4) for _ in range(base._int(rng, 0, 2))) + (base._int(rng, 1, 20),)
    params = {}
    if opcode == ops_math.LOG_SOFTMAX:
        shift = base._int(rng, 20, 25)
        params = {"multiplier": base._int(rng, 1 << 30, (1 << 31) - 1), "shift": shift, "diff_min": -base._int(rng, 30, 248),
                  "reverse_multiplier": base._int(rng, 1 << 30, (1 << 31) - 1), "reverse_shift": -shift}  # fmt: skip
    return base.OneOp(opcode, [shape], shape, params)


def _cumsum(rng, opcode):
    outer, count, inner = (base._int(rng, 1, 6) for _ in range(3))
    params = {"outer": outer, "count": count, "inner": inner, "multiplier1": 1 << 30, "start": base._int(rng, -99, 99),
              "multiplier": base._int(rng, 1 << 30, (1 << 31) - 1), "shift": -base._int(rng, 18, 21),
              "exclusive": base._int(rng, 0, 1), "reverse": base._int(rng, 0, 1)}  # fmt: skip
    return base.OneOp(opcode, [(outer, count, inner)], (outer, count, inner), params)


MAKERS = (
    *_ATTENTION,
    ((ops_math.TRANSPOSE_CONV2D,), _transpose_conv2d),
    (ops_math.PAIRWISE, _pairwise),
    ((ops_math.LOG_SOFTMAX, ops_math.L2_NORMALIZATION), _rows),
    ((ops_math.CUMSUM,), _cumsum),
)
