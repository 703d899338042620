"""States: what a model remembers from run to run, the first bytes of its arena."""

import struct
from array import array

from upyml.format import decode, records

_PIECE = 64  # bytes written at a time: one by one would take a board long


def _fill(arena, first, size, element):
    """`size` bytes from `first` on: the element's again and again."""
    piece = memoryview(array("b", element * (_PIECE // len(element))))
    end = first + size
    while first < end:
        count = min(_PIECE, end - first)
        arena[first : first + count] = piece[:count]
        first += count


def reset(data, head, arena):
    """Set every element of every STATE tensor to its zero point, and what lies between them to 0.

    arena: a memoryview of int8.
    """
    _fill(arena, 0, head["state_size"], b"\0")
    for number in range(head["tensor_count"]):
        (kind,) = struct.unpack_from("B", data, head["tensors"] + number * decode.TENSOR_SIZE)
        if kind == records.STATE:
            tensor = decode.tensor(data, head, number)
            if tensor["zero_point"]:
                element = struct.pack("<" + records.DTYPES[tensor["dtype"]][2], tensor["zero_point"])
                _fill(arena, tensor["offset"], decode.nbytes(tensor), element)
