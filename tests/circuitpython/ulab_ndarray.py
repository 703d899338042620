"""ulab's ndarray, on NumPy: at most two dimensions, five number types and bool, ulab's upcasting and wrapping.

float is float32; a number that leaves an array becomes a board's float of 30 bits (floats.py).
"""

import builtins
import operator

import buffers
import numpy
from floats import float, single

UINT8, INT8, UINT16, INT16, FLOAT, BOOL = map(ord, "BbHhf?")  # a dtype is an int
TYPES = {
    UINT8: numpy.uint8, INT8: numpy.int8, UINT16: numpy.uint16, INT16: numpy.int16, FLOAT: numpy.float32,
    BOOL: numpy.bool_,
}  # fmt: skip
CODES = {numpy.dtype(kind): code for code, kind in TYPES.items()}
_UPCAST = {
    frozenset((UINT8, INT8)): INT16, frozenset((UINT8, INT16)): INT16, frozenset((INT8, INT16)): INT16,
    frozenset((UINT8, UINT16)): UINT16, frozenset((INT8, UINT16)): UINT16,
}  # fmt: skip


def upcast(left, right):
    """The dtype of a sum of two."""
    if left == right:
        return UINT8 if left == BOOL else left
    left, right = (UINT8 if code == BOOL else code for code in (left, right))
    return left if left == right else _UPCAST.get(frozenset((left, right)), FLOAT)


def converted(values, code):
    """A NumPy array in another dtype: floats are rounded half away from zero; OverflowError beyond an int's range."""
    kind = TYPES[code]
    if values.dtype == kind or code in (FLOAT, BOOL):
        return values.astype(kind)
    if values.dtype.kind == "f":
        values = numpy.trunc(values + numpy.copysign(numpy.float64(0.5), values))
    limits = numpy.iinfo(kind)
    if not bool(((values >= limits.min) & (values <= limits.max)).all()):
        raise OverflowError(f"value must fit in {kind().itemsize} byte(s)")
    return values.astype(kind)


def scalar(value):
    """An element as a Python object."""
    return float(value) if isinstance(value, numpy.floating) else value.item()


def from_number(value, other):
    """An int or float beside an array of dtype `other`, as ulab would take it."""
    if isinstance(value, builtins.float):
        return ndarray(numpy.array([value], numpy.float32))
    if not isinstance(value, int):
        raise TypeError("wrong operand type")
    if not -32767 <= value <= 32767:
        return ndarray(numpy.array([single(value)], numpy.float32))
    if value < 0:
        code = INT8 if value > -128 else INT16
    elif other in (INT8, INT16):
        code = INT8 if value < 128 else INT16
    else:
        code = UINT8 if value < 256 else UINT16
    return ndarray(numpy.array([value], TYPES[code]))


class ndarray:
    """An array; `_a` is NumPy's, views share it."""

    __slots__ = ("_a",)
    __hash__ = None

    def __init__(self, values):
        if values.ndim > 2:
            raise ValueError("maximum number of dimensions is 2")
        self._a = values

    dtype = property(lambda self: CODES[self._a.dtype])
    shape = property(lambda self: self._a.shape)
    size = property(lambda self: self._a.size)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    T = property(lambda self: ndarray(self._a.T))

    def copy(self):
        """The same elements in another memory."""
        return ndarray(self._a.copy())

    def flatten(self, *, order="C"):
        """A copy in one dimension."""
        return ndarray(self._a.flatten(order))

    def reshape(self, shape):
        """A view in another shape. ValueError where that takes a copy."""
        view = self._a.view()
        try:
            view.shape = shape
        except AttributeError:
            raise ValueError("cannot reshape array") from None
        return ndarray(view)

    def transpose(self):
        """The view `.T`."""
        return self.T

    def tobytes(self):
        """The memory as a bytearray, for arrays in one piece."""
        if not self._a.flags.c_contiguous:
            raise ValueError("tobytes can be invoked for dense arrays only")
        return buffers.bytearray(self._a.tobytes())

    def tolist(self):
        """Nested lists of Python numbers."""
        return [one.tolist() if isinstance(one, ndarray) else one for one in self]

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        for i in range(len(self._a)):
            yield self[i]

    def __repr__(self):
        return f"array({self.tolist()})"

    def _place(self, index):
        for part in index if isinstance(index, tuple) else (index,):
            if isinstance(part, ndarray) and part.dtype == BOOL and part is index:
                return index._a
            if not isinstance(part, (int, slice)):
                raise IndexError("indices must be integers, slices, or Boolean lists")
        return index

    def __getitem__(self, index):
        found = self._a[self._place(index)]
        return ndarray(found) if isinstance(found, numpy.ndarray) else scalar(found)

    def __setitem__(self, index, value):
        place = self._place(index)
        if isinstance(value, ndarray):
            value = value._a
        elif isinstance(value, (int, builtins.float)):
            value = numpy.array(value, numpy.float32 if isinstance(value, builtins.float) else numpy.int64)
        else:
            value = numpy.array(list(value))
        self._a[place] = converted(value, self.dtype)

    def _with(self, other, operation, backward=False):
        if not isinstance(other, ndarray):
            other = from_number(other, self.dtype)
        left, right = (other, self) if backward else (self, other)
        name = operation.__name__
        if name in ("eq", "ne", "lt", "le", "gt", "ge"):
            return ndarray(operation(left._a.astype(numpy.float64), right._a.astype(numpy.float64)))
        code = upcast(left.dtype, right.dtype)
        if name == "pow":
            code = FLOAT
        a, b = left._a.astype(TYPES[code]), right._a.astype(TYPES[code])  # as in C: modulo 2^bits
        with numpy.errstate(all="ignore"):
            if name == "truediv":
                answer = (a / b) if code == FLOAT else numpy.trunc(a.astype(float) / b)
                return ndarray(answer.astype(numpy.float32))
            return ndarray(operation(a, b).astype(TYPES[code]))

    def _into(self, other, operation):
        answer = self._with(other, operation)._a
        if answer.shape != self._a.shape:
            raise ValueError("operands could not be broadcast together")
        self._a[...] = answer.astype(self._a.dtype)
        return self

    def __neg__(self):
        return ndarray(-self._a)

    def __abs__(self):
        return ndarray(abs(self._a))


def _memory(thing):
    if isinstance(thing, ndarray):
        if not thing._a.flags.c_contiguous:
            raise ValueError("a buffer of a view with gaps")
        return buffers.VIEW(thing._a.reshape(-1))
    return None


buffers.REGISTERED.append(_memory)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _operation = getattr(operator, _name)
    setattr(ndarray, f"__{_name}__", lambda self, other, op=_operation: self._with(other, op))
    setattr(ndarray, f"__r{_name}__", lambda self, other, op=_operation: self._with(other, op, True))
    setattr(ndarray, f"__i{_name}__", lambda self, other, op=_operation: self._into(other, op))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(ndarray, f"__{_name}__", lambda self, other, op=getattr(operator, _name): self._with(other, op))
