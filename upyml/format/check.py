"""Is this a .upm file the engine may run? The same questions in the same order as ports/engine/model.c.

check() answers the arena's size or a negative number that explain.py turns into a sentence. A file is hostile until it
has passed: nothing in it can then make an engine read or write outside the file and the arena.
"""

import binascii

from upyml.format import check_ops, check_weights, decode, layout
from upyml.format.check_ops import Refused


def check(buf, crc=True):
    """Bytes of arena the model needs with this (plain) engine, or -(1 + error + 64 * number of the op or tensor)."""
    try:
        return _check(buf, crc)
    except Refused as refused:
        error, where = refused.args
        for number, (name, _) in enumerate(layout.ERRORS):
            if name == error:
                return -(1 + number + 64 * where)


def _check(buf, crc):
    size = len(buf)
    if size < 4:
        raise Refused("TOO_SHORT", 0)
    if bytes(buf[:4]) != layout.MAGIC:
        raise Refused("MAGIC", 0)
    if size < decode.HEADER_SIZE:
        raise Refused("TOO_SHORT", 0)
    head = decode.header(buf)
    if head["format_version"] != layout.FORMAT_VERSION:
        raise Refused("VERSION", 0)
    if head["file_size"] != size:
        raise Refused("SIZE", 0)
    if crc and _crc(buf) != head["crc32"]:
        raise Refused("CRC", 0)
    if head["engine_version"] > layout.ENGINE_VERSION:
        raise Refused("ENGINE", 0)
    _header(head)
    _sections(buf, head, size)
    tensors = [_tensor(buf, head, number) for number in range(head["tensor_count"])]
    _links(buf, head, tensors)
    arena, group = 0, (0, 0)
    for number in range(head["op_count"]):
        needed, group = check_ops.check_op(buf, head, tensors, number, group)
        arena = max(arena, needed)
    for number in decode.inputs(buf, head) + decode.outputs(buf, head):
        if tensors[number]["kind"] == layout.ARENA:
            arena = max(arena, tensors[number]["end"])
    return head["state_size"] + arena


def _crc(buf):
    view = memoryview(buf)
    return binascii.crc32(view[16:], binascii.crc32(view[:12])) & 0xFFFFFFFF


def _header(head):
    if (
        head["header_size"] != decode.HEADER_SIZE
        or head["flags"] != 0
        or head["state_size"] > layout.MAX_ELEMENTS
        or head["state_size"] % 16
        or head["arena_size"] > 2 * layout.MAX_ELEMENTS
        or head["input_count"] < 1
        or head["output_count"] < 1
        or head["op_count"] < 1
        or head["link_count"] > 65535
        or head["input_count"] + head["output_count"] > head["link_count"]
    ):
        raise Refused("HEADER", 0)


def _sections(buf, head, size):
    ops = head["op_count"]
    for start, length in (
        (head["tensors"], head["tensor_count"] * decode.TENSOR_SIZE),
        (head["ops"], ops * decode.OP_SIZE),
        (head["links"], head["link_count"] * 2),
        (head["data"], head["data_size"]),
        (head["metadata"], head["metadata_size"]),
        (head["vectors"], head["vector_count"] * 4 * (1 + ops)),
        (head["signature"], head["signature_size"]),
    ):
        if start < decode.HEADER_SIZE or start > size or length > size - start:
            raise Refused("SECTION", 0)
    at = head["metadata"]
    end = at + head["metadata_size"]
    while at < end:
        if end - at < 4:
            raise Refused("SECTION", 0)
        at += 4 + buf[at] + buf[at + 2] + 256 * buf[at + 3]
    if at != end:
        raise Refused("SECTION", 0)


def _tensor(buf, head, number):
    out = decode.record(layout.TENSOR, buf, head["tensors"] + number * decode.TENSOR_SIZE)
    if (
        out["kind"] > layout.CALLER
        or out["dtype"] > layout.FLOAT32
        or not 1 <= out["rank"] <= layout.MAX_RANK
    ):
        raise Refused("TENSOR", number)
    ring = out["ring_rows"]
    if ring and (out["kind"] != layout.ARENA or out["rank"] != 3 or ring > out["shape"][0]):
        raise Refused("TENSOR", number)
    elements = 1
    for axis in range(layout.MAX_RANK):
        count = out["shape"][axis]
        if count < 1 or (axis >= out["rank"] and count != 1) or count > layout.MAX_ELEMENTS // elements:
            raise Refused("TENSOR", number)
        elements *= count
    width = layout.DTYPES[out["dtype"]][1]
    offset, length = out["offset"], elements * width
    if out["kind"] == layout.ARENA:
        inside = offset <= layout.MAX_ELEMENTS
    elif out["kind"] == layout.CALLER:
        inside = offset < min(head["input_count"], layout.MAX_CALLERS)
    elif out["kind"] == layout.STATE:
        inside = offset <= head["state_size"] and length <= head["state_size"] - offset
    else:
        start, end = head["data"], head["data"] + head["data_size"]
        inside = start <= offset <= end and length <= end - offset
    if not inside or (offset % width and out["kind"] != layout.CALLER):
        raise Refused("TENSOR", number)
    zero_point = out["zero_point"]
    if out["dtype"] <= layout.INT16:
        # A float is read as its bits: scale must be a positive normal number.
        scale = check_weights.unsigned(buf, head["tensors"] + number * decode.TENSOR_SIZE + 24)
        low, high = ((-128, 127), (0, 255), (-32768, 32767))[out["dtype"]]
        if not 0x00800000 <= scale <= 0x7F7FFFFF or not low <= zero_point <= high:
            raise Refused("TENSOR", number)
    elif zero_point != 0:
        raise Refused("TENSOR", number)
    out["elements"] = elements
    out["end"] = offset + (length // out["shape"][0] * ring if ring else length)
    return out


def _links(buf, head, tensors):
    inputs = head["input_count"]
    edge = inputs + head["output_count"]
    for place in range(head["link_count"]):
        at = head["links"] + 2 * place
        number = buf[at] + 256 * buf[at + 1]
        if number >= len(tensors):
            raise Refused("LINK", place)
        tensor = tensors[number]
        if tensor["kind"] == layout.CALLER:
            if not _caller_fits(buf, head, tensors, place, tensor):
                raise Refused("LINK", place)
        elif place < edge and (tensor["kind"] != layout.ARENA or tensor["ring_rows"]):
            raise Refused("LINK", place)
        if place < inputs and tensors[number]["dtype"] == layout.INT32:
            raise Refused("LINK", place)


def _caller_fits(buf, head, tensors, place, tensor):
    """A tensor that lies with the caller is an input at the place it names, or has as many bytes as that one."""
    if place < head["input_count"] + head["output_count"]:
        return place < head["input_count"] and tensor["offset"] == place
    at = head["links"] + 2 * tensor["offset"]
    other = tensors[buf[at] + 256 * buf[at + 1]]
    return other["kind"] == layout.CALLER and tensor["end"] - tensor["offset"] == other["end"] - other["offset"]
