"""Small .upm files written field by field, for tests that need a model and no converter.

    data = small_models.gesture()      # bytes of a file: a window of 32 samples of 6 values to 4 classes
"""

import math

import numpy as np
from upyml.format import codings, decode, encode, layout


def quantized_multiplier(real):
    """(multiplier, shift) of a real factor: multiplier / 2^31 * 2^shift."""
    fraction, exponent = math.frexp(real)
    q = round(fraction * (1 << 31))
    return (q >> 1, exponent + 1) if q == 1 << 31 else (q, exponent)


def _most(coding):
    """The largest weight of a coding."""
    return codings.MOST_INT4 if coding == layout.INT4_WEIGHTS else 127


class Builder:
    """Collects tensors and ops; places each activation after the one before, or where `at` says."""

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self.tensors, self.ops, self.end = [], [], 0

    def tensor(self, shape, scale=0.05, zero_point=0, dtype=layout.INT8, at=None):
        """A new activation's number."""
        nbytes = int(np.prod(shape)) * layout.DTYPES[dtype][1]
        offset = self.end if at is None else at
        self.end = max(self.end, (offset + nbytes + 3) // 4 * 4)
        self.tensors.append({"kind": layout.ARENA, "dtype": dtype, "shape": tuple(shape), "scale": scale,
                             "zero_point": zero_point, "offset": offset})
        return len(self.tensors) - 1

    def constant(self, values, scale=0.05, zero_point=0):
        """A new int8 constant's number."""
        values = np.asarray(values, np.int8)
        self.tensors.append({"kind": layout.CONSTANT, "dtype": layout.INT8, "shape": values.shape, "scale": scale,
                             "zero_point": zero_point, "data": values.tobytes()})
        return len(self.tensors) - 1

    def op(self, opcode, inputs, output, order=layout.DISJOINT, **params):
        """Adds an op; answers its output."""
        self.ops.append({"opcode": opcode, "order": order, "inputs": list(inputs), "outputs": [output],
                         "top": self.end, "params": params})
        return output

    def scale(self, number):
        """A tensor's scale."""
        return float(np.float32(self.tensors[number]["scale"]))

    def channels(self, x, y, weights, bias, scales):
        """The block of bias (zero point folded in), multipliers and shifts; weights: (output channels, K)."""
        folded = bias - self.tensors[x]["zero_point"] * weights.sum(1)
        pairs = [quantized_multiplier(self.scale(x) * s / self.scale(y)) for s in scales]
        bits = encode.accumulator_bits(weights, folded)
        return encode.pack_channels(folded, [m for m, _ in pairs], [s for _, s in pairs], bits)

    def coded(self, shape, coding, zeros):
        """(random weights of (output channels, kernel rows, k), their fields of an op) in a coding.

        zeros: the share of the blocks of SPARSE weights that are 0.
        """
        weights = self.random.integers(-_most(coding), _most(coding) + 1, shape)
        if coding == layout.INT8_WEIGHTS:
            return weights, {"weights": encode.pack_conv2d(weights[..., None])}
        if coding == layout.INT4_WEIGHTS:
            return weights, {"coding": coding, "weights": codings.pack_int4(weights)}
        blocks = (-(-shape[0] // 4), shape[1], -(-shape[2] // 2))
        zero = self.random.permutation(np.arange(np.prod(blocks)) < zeros * np.prod(blocks)).reshape(blocks)
        weights[zero.repeat(4, 0)[: shape[0]].repeat(2, 2)[:, :, : shape[2]]] = 0
        packed, pairs = codings.pack_sparse(weights)
        return weights, {"coding": coding, "weights": packed, "pairs": pairs}

    def conv(self, x, shape, kernel, stride=1, padding="same", relu=False, depthwise=False,
             coding=layout.INT8_WEIGHTS, zeros=0):
        """CONV2D or DEPTHWISE_CONV2D with random weights to a new tensor of (T, C) or (H, W, C)."""
        y = self.tensor(shape, 0.08, -128 if relu else -10)
        source = ((1, 1) + self.tensors[x]["shape"])[-3:]
        target = ((1, 1) + tuple(shape))[-3:]
        kernel_h, kernel_w = (1, kernel) if source[0] == 1 else (kernel, kernel)
        pads = [max(0, (t - 1) * stride + k - s) // 2 if padding == "same" else 0
                for s, t, k in zip(source, target, (kernel_h, kernel_w))]
        window = {"kernel_h": kernel_h, "kernel_w": kernel_w, "stride_h": stride if kernel_h > 1 else 1,
                  "stride_w": stride, "dilation_h": 1, "dilation_w": 1, "pad_top": pads[0], "pad_left": pads[1],
                  "clamp_min": -128, "clamp_max": 127}
        count = target[2]
        bias = self.random.integers(-200, 200, count)
        scales = self.random.uniform(0.002, 0.006, count)
        if depthwise:
            weights = self.random.integers(-127, 128, (kernel_h, kernel_w, count))
            packed, rows = {"weights": encode.pack_depthwise(weights)}, weights.reshape(-1, count).T
            window["multiplier"] = count // source[2]
        else:
            weights, packed = self.coded((count, kernel_h, kernel_w * source[2]), coding, zeros)
            rows = weights.reshape(count, -1)
            scales *= 127 / _most(coding)
        code = layout.DEPTHWISE_CONV2D if depthwise else layout.CONV2D
        return self.op(code, [x], y, channels=self.channels(x, y, rows, bias, scales), **packed, **window)

    def dense(self, x, count, coding=layout.INT8_WEIGHTS, zeros=0):
        """FULLY_CONNECTED of all of x to a new tensor of (count,), one scale for all channels."""
        k = int(np.prod(self.tensors[x]["shape"]))
        y = self.tensor((count,), 0.2, 5)
        weights, packed = self.coded((count, 1, k), coding, zeros)
        weights = weights.reshape(count, k)
        bias = self.random.integers(-200, 200, count)
        scale = 0.004 * 127 / _most(coding)
        return self.op(layout.FULLY_CONNECTED, [x], y, per_channel=0, clamp_min=-128, clamp_max=127, **packed,
                       channels=self.channels(x, y, weights, bias, [scale]))

    def softmax(self, x):
        """SOFTMAX to a new tensor."""
        y = self.tensor(self.tensors[x]["shape"], 1 / 256, -128)
        multiplier, shift = quantized_multiplier(self.scale(x) * (1 << 26))
        diff_min = -math.floor(31 * (1 << 26) / (1 << shift))
        return self.op(layout.SOFTMAX, [x], y, multiplier=multiplier, shift=shift, diff_min=diff_min)

    def file(self, inputs, outputs, metadata=None, vectors=(), arena_size=0):
        """The .upm file's bytes."""
        return encode.encode(self.tensors, self.ops, inputs, outputs, metadata or {}, vectors, arena_size=arena_size)


def gesture(vectors=(), metadata=None):
    """Convolutions in one dimension, pooling, dense, softmax: (32, 6) to 4 classes with labels."""
    b = Builder()
    x = b.tensor((32, 6), 0.05, 3)
    y = b.conv(x, (16, 8), 5, stride=2, relu=True)
    y = b.conv(y, (16, 8), 3, depthwise=True)
    pooled = b.tensor((8, 8), 0.08, -10)
    y = b.op(layout.MAX_POOL, [y], pooled, kernel_h=1, kernel_w=2, stride_h=1, stride_w=2, dilation_h=1, dilation_w=1,
             pad_top=0, pad_left=0, clamp_min=-128, clamp_max=127)
    y = b.softmax(b.dense(y, 4))
    texts = {"name": "gesture", "version": "1", "labels": "rest\nshake\nturn\ntap", "hop": "8", "window": "32"}
    arena_size = 2048  # enough for every processor's kernels: the arena is then as large everywhere
    return b.file([x], [y], texts if metadata is None else metadata, vectors, arena_size)


def edges():
    """Two inputs and two outputs of several types: int16 and uint8 to float32, and the int32 place of the largest."""
    b = Builder(1)
    x1 = b.tensor((5, 3), 0.002, 100, layout.INT16)
    x2 = b.tensor((3,), 0.02, 7, layout.UINT8)
    a, c = b.tensor((5, 3), 0.01, -4), b.tensor((3,), 0.03, 11)
    for source, target in ((x1, a), (x2, c)):
        multiplier, shift = quantized_multiplier(b.scale(source) / b.scale(target))
        b.op(layout.REQUANTIZE, [source], target, multiplier=multiplier, shift=shift)
    y = b.tensor((5, 3), 0.001, -20)
    multiplier, shift = quantized_multiplier(b.scale(a) * b.scale(c) / b.scale(y))
    b.op(layout.MUL, [a, c], y, multiplier=multiplier, shift=shift, clamp_min=-128, clamp_max=127)
    real, place = b.tensor((5, 3), 0, 0, layout.FLOAT32), b.tensor((5,), 0, 0, layout.INT32)
    b.op(layout.DEQUANTIZE, [y], real)
    b.op(layout.ARGMAX, [y], place, outer=5, count=3, inner=1)
    return b.file([x1, x2], [real, place], {"inputs": "left\nright", "outputs": "product\nbest"})


def echo(dtype):
    """What comes in goes out: (6, 2) of one type, real values where it is float32, else -6.55 to 6.2 at least."""
    b = Builder()
    scale, zero_point = {layout.FLOAT32: (0, 0), layout.UINT8: (0.05, 131)}.get(dtype, (0.05, 3))
    x, y = b.tensor((6, 2), scale, zero_point, dtype), b.tensor((12,), scale, zero_point, dtype)
    return b.file([x], [b.op(layout.RESHAPE, [x], y)])


def delay(vectors=()):
    """The output is the input of the run before, through a state each: (70,) of int8 with zero point 5, (9,) of int16 with 300."""
    b, inputs, outputs, at = Builder(), [], [], 0
    for count, dtype, zero_point in ((70, layout.INT8, 5), (9, layout.INT16, 300)):
        x, y = (b.tensor((count,), 0.5, zero_point, dtype) for _ in range(2))
        state = len(b.tensors)
        b.tensors.append(b.tensors[x] | {"kind": layout.STATE, "offset": at})
        b.op(layout.RESHAPE, [state], y)
        b.op(layout.RESHAPE, [x], state)
        inputs, outputs, at = inputs + [x], outputs + [y], at + 80
    return encode.encode(b.tensors, b.ops, inputs, outputs, {}, vectors, state_size=176)


def big():
    """One reshape of three million values: an arena of 6 MB."""
    b = Builder()
    x, y = b.tensor((3000, 1000)), b.tensor((3000000,))
    return b.file([x], [b.op(layout.RESHAPE, [x], y)])


def wide(vectors=()):
    """One dense layer of 256 to 160: 40 KB of weights, less than 1 KB of arena."""
    b = Builder()
    x = b.tensor((256,))
    return b.file([x], [b.dense(x, 160)], vectors=vectors)


def with_vectors(make, seeds=(1, 2)):
    """The file of make() with test vectors that the Python engine computes."""
    from upyml import _reference, inspection
    from upyml.model import Model

    model, vectors = Model(make(), _reference), []
    for seed in seeds:
        crcs = []
        inspection.fill(model, seed)
        model.run(lambda op: crcs.append(inspection.crc(model, op)))
        vectors.append((seed, crcs))
    return make(vectors=vectors)


def outputs(data, arena):
    """Raw bytes of each output in an arena after a run."""
    head = decode.header(data)
    for number in decode.outputs(data, head):
        tensor = decode.tensor(data, head, number)
        first = head["state_size"] + tensor["offset"]
        yield bytes(arena[first : first + decode.nbytes(tensor)])


def with_callers_input(file):
    """The same model with its first input apart from the arena: its record's kind and offset changed."""
    head = decode.header(file)
    (number,) = decode.inputs(file, head)
    at = head["tensors"] + number * decode.TENSOR_SIZE
    changed = bytearray(file)
    changed[at] = layout.CALLER
    changed[at + 4 : at + 8] = bytes(4)
    return encode.seal(bytes(changed))
