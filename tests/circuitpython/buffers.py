"""array, bytearray and memoryviews as CircuitPython has them.

array and bytearray are classes of their own: theirs is another memory after they grow, while a view stays on the old
one (CPython would refuse to grow). A memoryview of integers is CPython's, restricted by attributes.py and store();
one of floats is a class here, because its numbers are a board's floats.
"""

import array as cpython_array
import builtins

from floats import float, single

CODES = {code: code for code in "bBhHiIqQfd"} | {"l": "i", "L": "I"}  # a long has 32 bits
VIEW = builtins.memoryview
REGISTERED = []  # functions that give the memory of objects of other modules (ulab), or None


def memory(thing):
    """CPython's memoryview of a buffer's memory in the buffer's own type; TypeError where the object has none."""
    if isinstance(thing, Array):
        return VIEW(thing._data)
    if isinstance(thing, FloatView):
        return thing._view
    for other in REGISTERED:
        view = other(thing)
        if view is not None:
            return view
    if isinstance(thing, (VIEW, builtins.bytes)):
        return VIEW(thing)
    raise TypeError("object with buffer protocol required")


def raw(thing):
    """The same, as bytes."""
    view = memory(thing)
    return view.cast("B") if view.nbytes else VIEW(b"")


def plain(part):
    """A slice without a step; another one is what CircuitPython does not do."""
    if part.step not in (None, 1):
        raise NotImplementedError("only slices with step=1 (aka None) are supported")
    return part


def _number(code, value):
    if code in "fd":
        if not isinstance(value, (int, builtins.float)):
            raise TypeError(f"can't convert {type(value).__name__} to float")
        return single(value) if code == "f" else builtins.float(value)
    if not isinstance(value, int):
        raise TypeError(f"can't convert {type(value).__name__} to int")
    return value


class Array:
    """What array and bytearray share."""

    __slots__ = ("_code", "_data")
    __hash__ = None

    def _same(self, data):
        other = type(self).__new__(type(self))
        other._code, other._data = self._code, data
        return other

    def _fill(self, code, values):
        self._code = code
        self._data = data = cpython_array.array(CODES[code])
        if isinstance(values, (builtins.bytes, bytearray)):
            values = raw(values)
            data.frombytes(values[: len(values) // data.itemsize * data.itemsize])
        else:
            for value in values:
                data.append(_number(code, value))  # OverflowError where it does not fit, as on a board

    def __len__(self):
        return len(self._data)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._same(self._data[plain(index)])
        value = self._data[index]
        return float(value) if self._code in "fd" else value

    def __setitem__(self, index, value):
        if not isinstance(index, slice):
            self._data[index] = _number(self._code, value)
            return
        first, last, _ = plain(index).indices(len(self._data))
        new = _compatible(value, self._data.itemsize)
        if len(new) == (last - first) * self._data.itemsize:
            VIEW(self._data).cast("B")[first * self._data.itemsize : last * self._data.itemsize] = new
        else:
            self._move(self._data[:first].tobytes() + new + self._data[max(first, last) :].tobytes())

    def _move(self, data):
        self._data = cpython_array.array(self._data.typecode, data)

    def __iter__(self):
        for i in range(len(self._data)):
            yield self[i]

    def __contains__(self, value):
        return value in list(self)

    def __eq__(self, other):
        try:
            return list(self) == list(memory(other))
        except TypeError:
            return NotImplemented

    def __add__(self, other):
        new = _compatible(other, self._data.itemsize)
        return self._same(self._data + cpython_array.array(self._data.typecode, new))

    def append(self, value):
        """One more element, in another memory."""
        self.extend(array(self._code, [value]))

    def extend(self, values):
        """More elements, in another memory."""
        try:
            new = _compatible(values, self._data.itemsize)
        except NotImplementedError:
            new = array(self._code, values)._data.tobytes()
        self._move(self._data.tobytes() + new)


class array(Array):  # noqa: A001
    """array.array, without typecode, tobytes, frombytes and the like."""

    __slots__ = ()

    def __init__(self, typecode, values=()):
        if typecode not in CODES:
            raise ValueError("bad typecode")
        self._fill(typecode, values)

    def __repr__(self):
        values = ", ".join(map(repr, self))
        return f"array('{self._code}', [{values}])" if len(self) else f"array('{self._code}')"


class bytearray(Array):  # noqa: A001
    """bytearray, with append(), extend() and decode() only."""

    __slots__ = ()

    def __init__(self, source=b"", encoding=None):
        if isinstance(source, int):
            source = builtins.bytes(source)
        elif encoding is not None:
            source = source.encode(encoding)
        elif not isinstance(source, builtins.bytes):
            source = to_bytes(source)
        self._fill("B", source)

    def __repr__(self):
        return f"bytearray({self._data.tobytes()!r})"

    def decode(self, encoding="utf-8"):
        """Its text."""
        return self._data.tobytes().decode(encoding)


class FloatView:
    """A memoryview of float32 numbers."""

    __slots__ = ("_view",)
    __hash__ = None

    def __init__(self, view):
        self._view = view

    def __len__(self):
        return len(self._view)

    def __getitem__(self, index):
        return FloatView(self._view[plain(index)]) if isinstance(index, slice) else float(self._view[index])

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            _copy(self._view[plain(index)], value)
        else:
            self._view[index] = _number(self._view.format, value)

    def __iter__(self):
        return (float(value) for value in self._view)

    def __eq__(self, other):
        return self._view == memory(other)

    def cast(self, typecode):
        """The same memory as numbers of another type."""
        return cast(self._view, typecode)


def facing(view):
    """A memoryview as a board shows it: one of floats as FloatView."""
    return FloatView(view) if view.format in "fd" else view


def cast(view, typecode):
    """memoryview.cast(): the whole memory's start for a slice, as CircuitPython forgets where the slice began."""
    if typecode not in CODES:
        raise ValueError("bad typecode")
    whole = VIEW(view.obj)
    if not view.nbytes:
        return VIEW(cpython_array.array(CODES[typecode]))
    whole = whole.cast("B")[: view.nbytes]
    if len(whole) % cpython_array.array(CODES[typecode]).itemsize:
        raise TypeError("memoryview: length is not a multiple of itemsize")
    return facing(whole.cast(CODES[typecode]))


def _compatible(value, itemsize):
    """The bytes of the right side of a slice assignment."""
    if not isinstance(value, (Array, FloatView, VIEW, builtins.bytes)):
        raise NotImplementedError("array/bytes required on right side")
    view = memory(value)
    if view.itemsize != itemsize:
        raise ValueError("lhs and rhs should be compatible")
    return view.tobytes()


def _copy(part, value):
    new = _compatible(value, part.itemsize)
    if len(new) != part.nbytes:
        raise ValueError("lhs and rhs should be compatible")
    if new:
        part.cast("B")[:] = new


def store(value, target, index):
    """target[index] = value."""
    if type(target) is not VIEW:
        target[index] = value
    elif isinstance(index, slice):
        _copy(target[plain(index)], value)
    else:
        try:
            target[index] = value
        except ValueError:
            raise OverflowError(f"value must fit in {target.itemsize} byte(s)") from None


def to_bytes(source=b"", encoding=None, errors="strict"):
    """What the builtin bytes() makes of its arguments."""
    if encoding is not None:
        return builtins.bytes(source, encoding, errors)
    try:
        return memory(source).tobytes()
    except TypeError:
        if isinstance(source, str):
            raise
        return builtins.bytes(source)
