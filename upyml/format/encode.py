"""Plain values to the bytes of a .upm file. Runs on the host; needs NumPy."""

import struct
import zlib

import numpy as np

from upyml.format import decode, layout


def _pack(fields, values):
    out = b""
    for name, code in fields:
        value = values.get(name, 0)
        try:
            out += struct.pack("<" + code, *(value if isinstance(value, (tuple, list)) else (value,)))
        except struct.error as error:
            raise ValueError("field %s cannot hold %r: %s" % (name, value, error)) from None
    return out


def _padded(data, align):
    return data + bytes(-len(data) % align)


def pack_weights(rows):
    """Weights int8 of shape (output channels, K) in the order of the file.

    Both counts are padded with zero weights to a multiple of four. Blocks of four channels; in a block, for each four k
    one word a channel that holds the bytes w + 128 in the order k = 1, 3, 0, 2.
    """
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.min(initial=0) < -127 or rows.max(initial=0) > 127:
        raise ValueError("weights must be a matrix of integers in [-127, 127], received shape %s, range %s to %s"
                         % (rows.shape, rows.min(initial=0), rows.max(initial=0)))
    channels, k = rows.shape
    padded = np.zeros((channels + -channels % 4, k + -k % 4), np.int16)
    padded[:channels, :k] = rows
    words = (padded + 128).astype(np.uint8).reshape(len(padded) // 4, 4, -1, 4).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(words[..., [1, 3, 0, 2]]).tobytes()


def pack_conv2d(weights):
    """Weights of shape (output channels, kernel height, kernel width, input channels)."""
    return pack_rows(weights.reshape(weights.shape[:2] + (-1,)))


def pack_rows(weights):
    """Weights of shape (output channels, kernel rows, k of a row); each kernel row is padded to 4."""
    channels, height, run = weights.shape
    rows = np.zeros((channels, height, run + -run % 4), np.int16)
    rows[:, :, :run] = weights
    return pack_weights(rows.reshape(channels, -1))


def pack_depthwise(weights):
    """Weights of shape (kernel height, kernel width, output channels)."""
    return pack_weights(np.asarray(weights).reshape(-1, weights.shape[-1]).T)


def accumulator_bits(rows, bias):
    """For each output channel the least n >= 1 with |accumulator| < 2^n for every input, at most 32 (not known).

    rows: weights of shape (output channels, K); bias: input zero point folded in.
    """
    rows, bias = np.asarray(rows, np.int64), np.asarray(bias, np.int64)
    up, down = np.maximum(rows, 0).sum(1), np.maximum(-rows, 0).sum(1)  # int8 inputs are in [-128, 127]
    most = np.maximum(bias + 127 * up + 128 * down, -(bias - 128 * up - 127 * down))
    return np.array([min(max(int(value).bit_length(), 1), layout.MAX_BITS) for value in most], np.uint8)


def pack_channels(bias, multipliers, shifts, bits=None):
    """Bias (input zero point folded in) of each output channel, then multipliers, shifts and accumulator bits.

    bias: int32, wrapped; multipliers: int32 in [0, 2^31); shifts: positive is left; bits: see accumulator_bits(), None
    where they are not known. Of the last three one for each channel, or one for all (bits: the largest). As many
    multipliers as biases means per channel (FULLY_CONNECTED's `per_channel` is then 1, also where there is only one
    channel).
    """
    def int32(values):
        values = np.asarray(values, np.int64)
        return values.astype(np.uint32).astype("<u4")  # wraps as the engine's accumulator does

    def to_four(values):
        return np.concatenate([values, np.zeros(-len(values) % 4, values.dtype)])

    bias, multipliers, shifts = int32(bias), int32(multipliers), np.asarray(shifts, np.int8)
    if len(multipliers) != len(shifts) or len(multipliers) not in (1, len(bias)):
        raise ValueError("%d biases, %d multipliers and %d shifts do not fit together"
                         % (len(bias), len(multipliers), len(shifts)))
    bits = np.full(len(shifts), layout.MAX_BITS) if bits is None else np.asarray(bits)
    bits = (bits if len(bits) == len(shifts) else bits.max(keepdims=True)).astype(np.uint8)
    if len(multipliers) == len(bias):
        multipliers, shifts, bits = to_four(multipliers), to_four(shifts), np.maximum(to_four(bits), 1)
    return to_four(bias).tobytes() + multipliers.tobytes() + to_four(shifts).tobytes() + to_four(bits).tobytes()


def pack_channels_16(bias, multipliers, shifts):
    """Of the ops on 16-bit activations: int64 bias of each output channel, filled up to four; then multipliers and shifts as
    pack_channels() has them."""
    def to_four(values):
        return np.concatenate([values, np.zeros(-len(values) % 4, values.dtype)])

    bias, multipliers, shifts = np.asarray(bias, "<i8"), np.asarray(multipliers, "<i4"), np.asarray(shifts, np.int8)
    if len(multipliers) == len(bias):
        multipliers = to_four(multipliers)
    return to_four(bias).tobytes() + multipliers.tobytes() + to_four(shifts).tobytes()


def _metadata(entries):
    out = b""
    for key in sorted(entries):
        name, value = key.encode(), str(entries[key]).encode()
        if not 0 < len(name) < 256 or len(value) >= 65536:
            raise ValueError("metadata %r: a key has 1 to 255 bytes and a value up to 65535, received %d and %d"
                             % (key, len(name), len(value)))
        out += struct.pack("<BBH", len(name), 0, len(value)) + name + value
    return out


class _Data:
    """The data section: blobs one after another, the same bytes only once."""

    def __init__(self, start):
        self.start, self.bytes, self.places = start, b"", {}

    def place(self, blob, align):
        """File offset of the blob."""
        key = (blob, align)
        if key not in self.places:
            gap = -(self.start + len(self.bytes)) % align
            self.places[key] = self.start + len(self.bytes) + gap
            self.bytes += bytes(gap) + blob
        return self.places[key]

    def placed(self, params):
        """An op's fields with bytes replaced by their place, and the records of a transposed convolution's phases."""
        params = dict(params)
        for key, value in params.items():
            if isinstance(value, list):
                fields = layout.OPS[layout.CONV2D][1]
                value = b"".join([_pack(fields, self.placed(phase)) for phase in value])
            if isinstance(value, bytes):
                params[key] = self.place(value, layout.ALIGN if key.endswith("weights") else 4)
        return params


def _engine_version(ops):
    """The least one that knows all that the ops ask for."""
    if any(op["opcode"] >> layout.FAMILY_SHIFT for op in ops):
        return layout.FAMILIES_VERSION
    return layout.CODED_VERSION if any(op["params"].get("coding") for op in ops) else 1


def encode(tensors, ops, inputs, outputs, metadata, vectors=(), state_size=0, signature=b"", arena_size=0):
    """A whole file.

    tensors: dicts with kind, dtype, shape, scale, zero_point, and offset or, for constants, data (bytes); ring_rows where
    there is room for a few rows only.
    ops: dicts with opcode, order, inputs, outputs (tensor numbers), top, params (a value of bytes goes into the data
    section and the field gets its place; weights start on 16 bytes, the rest on 4; likewise a list of dicts, each the fields of
    a CONV2D), and fused and strip in a fused group.
    vectors: (seed, CRC-32 of each op's output) each. Raises ValueError where a value does not fit its field.
    """
    links = list(inputs) + list(outputs)
    op_links = []
    for op in ops:
        op_links.append(len(links))
        links += list(op["inputs"]) + list(op["outputs"])
    head = {
        "magic": layout.MAGIC,
        "format_version": layout.FORMAT_VERSION,
        "header_size": decode.HEADER_SIZE,
        "engine_version": _engine_version(ops),
        "state_size": state_size,
        "arena_size": arena_size,
        "tensor_count": len(tensors),
        "op_count": len(ops),
        "input_count": len(inputs),
        "output_count": len(outputs),
        "vector_count": len(vectors),
        "tensors": decode.HEADER_SIZE,
        "link_count": len(links),
    }
    head["ops"] = head["tensors"] + len(tensors) * decode.TENSOR_SIZE
    head["links"] = head["ops"] + len(ops) * decode.OP_SIZE
    link_bytes = _padded(struct.pack("<%dH" % len(links), *links), 4)
    head["vectors"] = head["links"] + len(link_bytes)
    vector_bytes = b"".join(struct.pack("<%dI" % (1 + len(ops)), seed, *crcs) for seed, crcs in vectors)
    head["metadata"] = head["vectors"] + len(vector_bytes)
    metadata_bytes = _metadata(metadata)
    head["metadata_size"] = len(metadata_bytes)
    metadata_bytes = _padded(metadata_bytes, 4)
    head["data"] = head["metadata"] + len(metadata_bytes)

    data = _Data(head["data"])
    op_bytes = b""
    for op, first in zip(ops, op_links):
        name, fields = layout.OPS[op["opcode"]]
        params = data.placed(op["params"])
        unknown = set(params) - {field for field, _ in fields}
        if unknown:
            raise ValueError("%s has no field %s" % (name, ", ".join(sorted(unknown))))
        op_bytes += _pack(layout.OP, {"opcode": op["opcode"], "order": op["order"], "input_count": len(op["inputs"]),
                                      "output_count": len(op["outputs"]), "links": first, "top": op["top"],
                                      "fused": op.get("fused", 0), "strip": op.get("strip", 0),
                                      "params": _pack(fields, params)})
    tensor_bytes = b""
    for tensor in tensors:
        shape = tuple(tensor["shape"])
        values = dict(tensor, rank=len(shape), shape=shape + (1,) * (layout.MAX_RANK - len(shape)))
        if "data" in tensor:
            values["offset"] = data.place(tensor["data"], 4)
        tensor_bytes += _pack(layout.TENSOR, values)

    head["data_size"] = len(data.bytes)
    head["signature"] = head["data"] + len(data.bytes)
    head["signature_size"] = len(signature)
    head["file_size"] = head["signature"] + len(signature)
    rest = tensor_bytes + op_bytes + link_bytes + vector_bytes + metadata_bytes + data.bytes + signature
    return seal(_pack(layout.HEADER, head) + rest)


def seal(file):
    """The same file with its CRC-32 set right."""
    at = decode.size(layout.HEADER[: [name for name, _ in layout.HEADER].index("crc32")])
    crc = zlib.crc32(file[at + 4 :], zlib.crc32(file[:at]))
    return file[:at] + struct.pack("<I", crc) + file[at + 4 :]
