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

    buffer: what allocate() made, or other bytes. Answers a memoryview where the runtime can make one, else an object
    with the same indexing, slicing and length.
    """
    view = memoryview(buffer)
    width = struct.calcsize(typecode)
    try:
        view = view.cast("B")
    except AttributeError:  # MicroPython
        if typecode == "b" and isinstance(buffer, array):
            return view
        return Cast(view[: len(view) // width * width], typecode)
    return view[: len(view) // width * width].cast(typecode)


def raw(view):
    """The bytes of what cast() answered, as a buffer."""
    return view.raw if isinstance(view, Cast) else view


class Cast:
    """A memoryview of bytes (`raw`) as little-endian numbers of one type."""

    def __init__(self, view, typecode):
        self.raw = view
        self._code = "<" + typecode
        self._width = struct.calcsize(self._code)

    def __len__(self):
        return len(self.raw) // self._width

    def _range(self, part):
        if part.step not in (None, 1):
            raise NotImplementedError("only slices with step 1")
        count = len(self)
        first = 0 if part.start is None else part.start
        last = count if part.stop is None else part.stop
        first = min(first, count) if first >= 0 else max(first + count, 0)
        last = min(last, count) if last >= 0 else last + count
        return first, max(first, last)

    def _place(self, index):
        count = len(self)
        if not -count <= index < count:
            raise IndexError("index %d of %d elements" % (index, count))
        return (index + count if index < 0 else index) * self._width

    def __getitem__(self, index):
        if isinstance(index, slice):
            first, last = self._range(index)
            return Cast(self.raw[first * self._width : last * self._width], self._code[1:])
        return struct.unpack_from(self._code, self.raw, self._place(index))[0]

    def __setitem__(self, index, value):
        if not isinstance(index, slice):
            struct.pack_into(self._code, self.raw, self._place(index), value)
            return
        first, last = self._range(index)
        if len(value) != last - first:
            raise ValueError("%d values for %d elements" % (len(value), last - first))
        if isinstance(value, Cast) and value._code == self._code:  # as bytes: a float may hold fewer bits
            self.raw[first * self._width : last * self._width] = value.raw
            return
        for i in range(last - first):
            struct.pack_into(self._code, self.raw, (first + i) * self._width, value[i])
