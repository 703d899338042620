"""Views of the arena's bytes as other number types, also where memoryview has no cast()."""

import struct
from array import array


def allocate(size):
    """A zeroed arena of `size` bytes that reads as int8. Raises MemoryError."""
    arena = array("b")
    chunk = bytes(min(size, 1024))
    while len(arena) + len(chunk) <= size:  # grows in place; bytes(size) would need the memory twice
        arena.extend(array("b", chunk))
    arena.extend(array("b", bytes(size - len(arena))))
    return arena


def cast(buffer, typecode):
    """The same memory seen as another type ("b", "B", "h", "i", "f"); bytes beyond the last whole element are left out.

    It is a memoryview where the runtime can make one, else an object with the same indexing, slicing and length.
    """
    view = memoryview(buffer)
    try:
        view = view.cast("B")
    except AttributeError:
        if typecode == "b" and isinstance(buffer, array):
            return view  # allocate() makes an array of int8
        return Cast(buffer, typecode, 0, len(view) * _itemsize(buffer) // struct.calcsize(typecode))
    width = struct.calcsize(typecode)
    return view[: len(view) // width * width].cast(typecode)


def _itemsize(buffer):
    """Bytes an element, for the types cast() is given: bytes, bytearray, memoryview, array."""
    return len(bytes(memoryview(buffer)[:1])) if len(buffer) else 1


class Cast:
    """Some elements of a byte buffer as numbers of one type, little-endian."""

    def __init__(self, buffer, typecode, start, count):
        self._buffer = buffer
        self._code = "<" + typecode
        self._width = struct.calcsize(self._code)
        self._start = start
        self._count = count

    def __len__(self):
        return self._count

    def _place(self, index):
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError("index %d of %d elements" % (index, self._count))
        return self._start + index * self._width

    def _range(self, part):
        first, last = part.start, part.stop
        first = 0 if first is None else first + self._count if first < 0 else first
        last = self._count if last is None else last + self._count if last < 0 else last
        first = min(first, self._count)
        return first, max(first, min(last, self._count))

    def __getitem__(self, index):
        if isinstance(index, slice):
            first, last = self._range(index)
            return Cast(self._buffer, self._code[1:], self._start + first * self._width, last - first)
        return struct.unpack_from(self._code, self._buffer, self._place(index))[0]

    def __setitem__(self, index, value):
        if not isinstance(index, slice):
            struct.pack_into(self._code, self._buffer, self._place(index), value)
            return
        first, last = self._range(index)
        if len(value) != last - first:
            raise ValueError("%d values for %d elements" % (len(value), last - first))
        for i in range(last - first):
            struct.pack_into(self._code, self._buffer, self._start + (first + i) * self._width, value[i])
