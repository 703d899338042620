"""Small random models of one op each, for every op the engine has: input for the tests of the engine alone."""

import numpy as np
import op_models_math
import op_models_recurrent
import op_models_signal
import op_models_sound
import op_models_stream
import op_models_wide

from upyml.format import layout
from upyml.format.codings import pack_int4, pack_sparse
from upyml.format.encode import accumulator_bits, encode, pack_channels, pack_conv2d, pack_depthwise

FLOAT_SAFE = 0.03125


def _int(rng, low, high):
    """A random integer in [low, high]."""
    return int(rng.integers(low, high + 1))


def _clamp(rng):
    low = _int(rng, -128, 0) if rng.random() < 0.3 else -128
    return {"clamp_min": low, "clamp_max": _int(rng, low, 127) if rng.random() < 0.3 else 127}


def _scaling(rng, terms, size=64):
    """A multiplier and a shift that spread the sum of `terms` products over int8; size: of a usual weight."""
    scale = 127 / (64 * size * np.sqrt(terms)) * rng.uniform(0.5, 2)
    fraction, exponent = np.frexp(scale)
    return int(fraction * 2**31), int(exponent)


def _channels(rng, weights, per_channel=True):
    """The channels block for weights of shape (output channels, K)."""
    size = 64 if abs(weights).max() > 7 else 4
    scalings = [_scaling(rng, weights.shape[1], size) for _ in range(len(weights) if per_channel else 1)]
    bias = rng.integers(-2000, 2000, len(weights))
    return pack_channels(bias, *zip(*scalings), accumulator_bits(weights, bias))


def _weights(rng, shape, coding):
    """(integers of shape (output channels, height, width, input channels), fields of an op); coding None: any."""
    if coding is None:
        coding = int(rng.choice([layout.INT8_WEIGHTS, layout.INT8_WEIGHTS, layout.INT4_WEIGHTS, layout.SPARSE_WEIGHTS]))
    most = 7 if coding == layout.INT4_WEIGHTS else 127
    weights = rng.integers(-most, most + 1, shape)
    rows = weights.reshape(shape[0], shape[1], -1)
    if coding == layout.SPARSE_WEIGHTS:
        clear_blocks(rng, rows)
    return weights, pack(rows, coding)


def clear_blocks(rng, rows):
    """Sets most blocks of four channels by two k to 0, or few; now and then all of the four channels'."""
    density = rng.choice([0.1, 0.5, 0.8, 1])
    for channel in range(0, len(rows), 4):
        own = 0 if rng.random() < 0.1 else density
        for k in range(0, rows.shape[2], 2):
            kept = rng.random(rows.shape[1]) < own
            rows[channel : channel + 4, :, k : k + 2] *= kept[None, :, None]


def pack(rows, coding):
    """Fields of an op with weights of shape (output channels, kernel rows, k) in a coding."""
    if coding == layout.INT4_WEIGHTS:
        return {"coding": coding, "weights": pack_int4(rows)}
    if coding == layout.SPARSE_WEIGHTS:
        packed, pairs = pack_sparse(rows)
        return {"coding": coding, "weights": packed, "pairs": pairs}
    return {"weights": pack_conv2d(rows[:, :, :, None])}


class OneOp:
    """What a one-op model is made of: shapes and parameters, before offsets are chosen."""

    def __init__(self, opcode, inputs, output, params, dtypes=None, constant=None, states=(), zero_points=True):
        self.opcode, self.inputs, self.output, self.params = opcode, inputs, output, params
        self.dtypes = dtypes or [layout.INT8] * (len(inputs) + 1)
        self.constant = constant  # number of an input that is part of the file
        self.states = states  # numbers of inputs that survive from run to run
        self.zero_points = zero_points  # random ones, else 0

    def size(self, place):
        shape = (list(self.inputs) + [self.output])[place]
        return int(np.prod(shape)) * layout.DTYPES[self.dtypes[place]][1]

    def encode(self, rng, order=layout.DISJOINT, offsets=None):
        """The file. offsets: where inputs and output lie in the activation area; one after another if not given."""
        shapes, tensors, at, state_size = list(self.inputs) + [self.output], [], 0, 0
        for place, shape in enumerate(shapes):
            dtype = self.dtypes[place]
            low, high = ((-128, 127), (0, 255), (-300, 300), (0, 0), (0, 0))[dtype] if self.zero_points else (0, 0)
            tensor = {"kind": layout.ARENA, "dtype": dtype, "shape": shape, "scale": FLOAT_SAFE,
                      "zero_point": _int(rng, low, high)}
            if place == self.constant:
                tensor["kind"] = layout.CONSTANT
                tensor["data"] = rng.integers(0, 256, self.size(place), np.uint8).tobytes()
            elif place in self.states:
                tensor.update(kind=layout.STATE, offset=state_size)
                state_size += self.size(place) + -self.size(place) % 4
            else:
                tensor["offset"] = at if offsets is None else offsets[place]
                at += self.size(place) + -self.size(place) % 4
            tensors.append(tensor)
        top = max(t["offset"] + self.size(i) for i, t in enumerate(tensors) if t["kind"] == layout.ARENA)
        numbers = list(range(len(shapes)))
        op = {"opcode": self.opcode, "order": order, "inputs": numbers[:-1], "outputs": numbers[-1:], "top": top,
              "params": self.params}
        inputs = [n for n in numbers[:-1] if n != self.constant and n not in self.states]
        if not inputs:  # a model has one, even if no op reads it
            tensors.append({"kind": layout.ARENA, "dtype": layout.INT8, "shape": (1,), "scale": 1.0, "zero_point": 0, "offset": at})
            inputs = [len(numbers)]
        name = {"name": layout.OPS[self.opcode][0]}
        return encode(tensors, [op], inputs, numbers[-1:], name, state_size=state_size + -state_size % layout.ALIGN)


def _image(rng, most=9):
    """(height, width, channels), sometimes without height."""
    shape = (_int(rng, 1, most), _int(rng, 1, most), _int(rng, 1, 9))
    return shape if rng.random() < 0.8 else shape[1:]


def _hwc(shape):
    return (1,) * (3 - len(shape)) + tuple(shape)


def _window(rng, shape, pool=False):
    """Parameters of a window over an image, and the output's height and width."""
    params, sizes = _clamp(rng), []
    for count, axis, side in zip(_hwc(shape), "hw", ("top", "left")):
        kernel, stride = _int(rng, 1, 4), _int(rng, 1, 3)
        dilation = 1 if pool else _int(rng, 1, 2)
        reach = (kernel - 1) * dilation + 1
        pad = _int(rng, 0, reach - 1)
        after = _int(rng, 0, reach - 1)
        size = max(1, (count + pad + after - reach) // stride + 1)
        size = min(size, (count + pad - 1) // stride + 1)
        params.update({"kernel_" + axis: kernel, "stride_" + axis: stride, "dilation_" + axis: dilation,
                       "pad_" + side: pad})
        sizes.append(size)
    return params, tuple(sizes)


def _output(shape, size, channels):
    return (size + (channels,))[3 - len(shape):] if len(shape) == 3 or size[0] == 1 else size + (channels,)


def _same(rng, shape):
    """As _window(), with an output as large as the image."""
    params = _clamp(rng)
    for axis, side in zip("hw", ("top", "left")):
        half = _int(rng, 0, 1)
        params.update({"kernel_" + axis: 2 * half + 1, "stride_" + axis: 1, "dilation_" + axis: 1, "pad_" + side: half})
    return params, shape[:2]


def _convolution(rng, opcode, shape=None, same=False, coding=None):
    shape = shape or _image(rng)
    params, size = _same(rng, shape) if same else _window(rng, shape)
    depth = shape[-1]
    kernel = (params["kernel_h"], params["kernel_w"])
    if opcode == layout.CONV2D:
        channels = depth if same else _int(rng, 1, 9)
        weights, packed = _weights(rng, (channels,) + kernel + (depth,), coding)
        params.update(packed)
        rows = weights.reshape(channels, -1)
    else:
        params["multiplier"] = 1 if same else _int(rng, 1, 3)
        channels = depth * params["multiplier"]
        weights = rng.integers(-127, 128, kernel + (channels,))
        params["weights"] = pack_depthwise(weights)
        rows = weights.reshape(-1, channels).T
    params["channels"] = _channels(rng, rows)
    return OneOp(opcode, [shape], _output(shape, size, channels), params)


def _pool(rng, opcode, shape=None, same=False):
    shape = shape or _image(rng)
    params, size = _same(rng, shape) if same else _window(rng, shape, pool=True)
    return OneOp(opcode, [shape], _output(shape, size, shape[-1]), params)


def _fully_connected(rng, opcode, coding=None):
    return fully_connected(rng, _int(rng, 1, 3), _int(rng, 1, 40), _int(rng, 1, 9), coding)


def fully_connected(rng, rows, k, channels, coding=layout.INT8_WEIGHTS):
    """A dense layer of this size."""
    per_channel = _int(rng, 0, 1)
    params = dict(_clamp(rng), per_channel=int(per_channel or channels == 1))
    weights, packed = _weights(rng, (channels, 1, 1, k), coding)
    params.update(packed)
    params["channels"] = _channels(rng, weights.reshape(channels, k), per_channel)
    return OneOp(layout.FULLY_CONNECTED, [(rows, k)], (rows, channels), params)


def _axes(rng, opcode):
    outer, count, inner = (_int(rng, 1, 6) for _ in range(3))
    params = {"outer": outer, "count": count, "inner": inner}
    dtypes = None
    if opcode == layout.MEAN:
        params.update(_clamp(rng), multiplier=_int(rng, 1 << 30, (1 << 31) - 1), shift=_int(rng, -4, 0))
    else:
        dtypes = [layout.INT8, layout.INT32]
    return OneOp(opcode, [(outer, count, inner)], (outer, inner), params, dtypes)


def _binary(rng, opcode):
    shape = tuple(_int(rng, 1, 5) for _ in range(_int(rng, 1, 4)))
    shapes = [shape, shape]
    for place in range(2):
        if rng.random() < 0.3:
            shapes[place] = tuple(1 if rng.random() < 0.5 else n for n in shape)[_int(rng, 0, len(shape) - 1):]
    return OneOp(opcode, shapes, shape, binary_params(rng, opcode), constant=1 if rng.random() < 0.3 else None)


def binary_params(rng, opcode):
    """Random parameters of ADD, SUB or MUL."""
    params = dict(_clamp(rng), multiplier=_int(rng, 1 << 30, (1 << 31) - 1))
    if opcode == layout.MUL:
        params["shift"] = _int(rng, -8, -5)
    else:
        params.update(left_shift=20, shift=_int(rng, -20, -17), shift1=_int(rng, -2, 0), shift2=_int(rng, -2, 0),
                      multiplier1=_int(rng, 1 << 30, (1 << 31) - 1), multiplier2=_int(rng, 1 << 30, (1 << 31) - 1))
    return params


def _concatenate(rng, opcode):
    shape = [_int(rng, 1, 5) for _ in range(_int(rng, 1, 4))]
    axis = _int(rng, 0, len(shape) - 1)
    inputs = [tuple(shape[:axis] + [_int(rng, 1, 5)] + shape[axis + 1:]) for _ in range(_int(rng, 1, 4))]
    output = tuple(shape[:axis] + [sum(s[axis] for s in inputs)] + shape[axis + 1:])
    return OneOp(opcode, inputs, output, {"axis": axis})


def _pad(rng, opcode):
    shape = tuple(_int(rng, 1, 4) for _ in range(_int(rng, 1, 4)))
    before = tuple(_int(rng, 0, 2) for _ in shape)
    output = tuple(n + b + _int(rng, 0, 2) for n, b in zip(shape, before))
    return OneOp(opcode, [shape], output, {"before": before + (0,) * (4 - len(shape)), "value": _int(rng, -128, 127)})


def _transpose(rng, opcode):
    shape = tuple(_int(rng, 1, 5) for _ in range(_int(rng, 1, 4)))
    permutation = tuple(int(i) for i in rng.permutation(len(shape)))
    output = tuple(shape[i] for i in permutation)
    return OneOp(opcode, [shape], output, {"permutation": permutation + tuple(range(len(shape), 4))})


def _strided_slice(rng, opcode):
    shape = tuple(_int(rng, 1, 6) for _ in range(_int(rng, 1, 4)))
    begin, stride, output = [], [], []
    for count in shape:
        step = int(rng.choice([-2, -1, 1, 2]))
        first = _int(rng, 0, count - 1)
        room = (count - 1 - first) // step + 1 if step > 0 else first // -step + 1
        begin.append(first)
        stride.append(step)
        output.append(_int(rng, 1, room))
    rest = 4 - len(shape)
    return OneOp(opcode, [shape], tuple(output), {"begin": tuple(begin) + (0,) * rest, "stride": tuple(stride) + (1,) * rest})


def _elementwise(rng, opcode):
    shape = (_int(rng, 1, 5), _int(rng, 1, 12))
    params, dtypes = {}, None
    if opcode == layout.TABLE:
        params["table"] = rng.integers(0, 256, 256, np.uint8).tobytes()
    elif opcode == layout.SOFTMAX:
        params = {"multiplier": _int(rng, 1 << 30, (1 << 31) - 1), "shift": _int(rng, 21, 24), "diff_min": -_int(rng, 30, 248)}
    elif opcode == layout.REQUANTIZE:
        dtypes = [_int(rng, layout.INT8, layout.INT16), _int(rng, layout.INT8, layout.INT16)]
        params = {"multiplier": _int(rng, 1 << 30, (1 << 31) - 1), "shift": _int(rng, -3, 1)}
    elif opcode == layout.QUANTIZE:
        dtypes = [layout.FLOAT32, _int(rng, layout.INT8, layout.INT16)]
    elif opcode == layout.DEQUANTIZE:
        dtypes = [_int(rng, layout.INT8, layout.INT16), layout.FLOAT32]
    return OneOp(opcode, [shape], shape, params, dtypes)


def _resize(rng, opcode):
    shape = _image(rng, 6)
    height, width, depth = _hwc(shape)
    out_h, out_w = (_int(rng, 1, 9) if len(shape) == 3 else 1), _int(rng, 1, 9)
    if opcode == layout.RESIZE_NEAREST:
        params = {"rows": rng.integers(0, height, out_h).astype("<u2").tobytes(),
                  "columns": rng.integers(0, width, out_w).astype("<u2").tobytes()}
    else:
        params = ({}, {"align_corners": 1}, {"half_pixel_centers": 1})[_int(rng, 0, 2)]
    return OneOp(opcode, [shape], (out_h, out_w, depth)[3 - len(shape):], params)


_MAKERS = (
    ((layout.CONV2D, layout.DEPTHWISE_CONV2D), _convolution),
    ((layout.FULLY_CONNECTED,), _fully_connected),
    ((layout.MAX_POOL, layout.AVERAGE_POOL), _pool),
    ((layout.MEAN, layout.ARGMAX), _axes),
    ((layout.ADD, layout.SUB, layout.MUL), _binary),
    ((layout.CONCATENATE,), _concatenate),
    ((layout.PAD,), _pad),
    ((layout.TRANSPOSE,), _transpose),
    ((layout.STRIDED_SLICE,), _strided_slice),
    ((layout.RESHAPE, layout.TABLE, layout.SOFTMAX, layout.QUANTIZE, layout.DEQUANTIZE, layout.REQUANTIZE), _elementwise),
    ((layout.RESIZE_NEAREST, layout.RESIZE_BILINEAR), _resize),
    *op_models_recurrent.MAKERS,
    *op_models_signal.MAKERS,
    *op_models_stream.MAKERS,
    *op_models_wide.MAKERS,
    *op_models_sound.MAKERS,
    *op_models_math.MAKERS,
)


def window_op(rng, opcode, shape, same=False):
    """A random convolution or pool of an image of this shape; same: with an output of the same shape."""
    maker = _convolution if opcode in (layout.CONV2D, layout.DEPTHWISE_CONV2D) else _pool
    return maker(rng, opcode, shape, same)


def random_op(rng, opcode, coding=None):
    """A random op of the given code; coding: of the weights of one that has several, by default any."""
    (maker,) = [make for codes, make in _MAKERS if opcode in codes]
    return maker(rng, opcode, coding=coding) if opcode in layout.CODED else maker(rng, opcode)
