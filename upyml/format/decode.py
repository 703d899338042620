"""Bytes of a .upm file to plain values. Trusts the file: check.py is what looks at every field first."""

import struct

from upyml.format import records


def size(fields):
    """Bytes of a record."""
    return struct.calcsize("<" + "".join([code for _, code in fields]))


def record(fields, buf, at):
    """The record at byte `at` as a dict; a field of several numbers (as "4I") becomes a tuple."""
    out = {}
    for name, code in fields:
        values = struct.unpack_from("<" + code, buf, at)
        out[name] = values[0] if len(values) == 1 else values
        at += struct.calcsize("<" + code)
    return out


HEADER_SIZE = size(records.HEADER)
TENSOR_SIZE = size(records.TENSOR)
OP_SIZE = size(records.OP)
_PARAMS_AT = OP_SIZE - 52


def header(buf):
    """The header's fields. Raises ValueError where the buffer is shorter than a header."""
    if len(buf) < HEADER_SIZE:
        raise ValueError("a .upm file has at least %d bytes, this has %d" % (HEADER_SIZE, len(buf)))
    return record(records.HEADER, buf, 0)


def tensor(buf, head, number):
    """One tensor's record; `shape` holds only its `rank` counts."""
    out = record(records.TENSOR, buf, head["tensors"] + number * TENSOR_SIZE)
    out["shape"] = out["shape"][: out["rank"]]
    return out


def _links(buf, head, first, count):
    at = head["links"] + 2 * first
    return struct.unpack_from("<%dH" % count, buf, at)


def inputs(buf, head):
    """Tensor numbers of the model's inputs."""
    return _links(buf, head, 0, head["input_count"])


def outputs(buf, head):
    """Tensor numbers of the model's outputs."""
    return _links(buf, head, head["input_count"], head["output_count"])


def op(buf, head, number):
    """One op: `opcode`, `order`, `top`, tensor numbers `inputs` and `outputs`, and its own fields as `params`."""
    from upyml.format import layout  # large, and loading a model does without

    at = head["ops"] + number * OP_SIZE
    out = record(records.OP[:-1], buf, at)
    first, taken = out["links"], out["input_count"]
    out["inputs"] = _links(buf, head, first, taken)
    out["outputs"] = _links(buf, head, first + taken, out["output_count"])
    out["params"] = record(layout.OPS[out["opcode"]][1], buf, at + _PARAMS_AT)
    return out


def elements(shape):
    """Number of elements of a shape."""
    n = 1
    for count in shape:
        n *= count
    return n


def nbytes(tensor_record):
    """Bytes there are of a tensor's data: all, or those of the rows in its ring."""
    shape = tensor_record["shape"]
    if tensor_record["ring_rows"]:
        shape = (tensor_record["ring_rows"],) + tuple(shape[1:])
    return elements(shape) * records.DTYPES[tensor_record["dtype"]][1]


def _texts(buf, head):
    """(key, place of the value, its size) of each metadata record; the key as bytes."""
    at = head["metadata"]
    end = at + head["metadata_size"]
    while at < end:
        key_size, _, value_size = struct.unpack_from("<BBH", buf, at)
        at += 4 + key_size
        yield bytes(buf[at - key_size : at]), at, value_size
        at += value_size


def text(buf, head, key, default=None):
    """The metadata's text of one key. Raises UnicodeError where it is not UTF-8."""
    key = bytes(key, "utf-8")
    for found, at, size in _texts(buf, head):
        if found == key:
            return str(bytes(buf[at : at + size]), "utf-8")
    return default


def metadata(buf, head):
    """The metadata as a dict of text to text. Raises UnicodeError where it is not UTF-8."""
    return {str(key, "utf-8"): str(bytes(buf[at : at + size]), "utf-8") for key, at, size in _texts(buf, head)}


def vector(buf, head, number):
    """Test vector: (seed of the input, CRC-32 of each op's output)."""
    count = head["op_count"]
    values = struct.unpack_from("<%dI" % (1 + count), buf, head["vectors"] + number * 4 * (1 + count))
    return values[0], values[1:]
