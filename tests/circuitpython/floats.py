"""The float of a CircuitPython board: 30 bits in a word that also says it is a float (MicroPython's object repr. C).

A number is worked out in float32 and loses its two lowest mantissa bits when it becomes an object; when it is read they
are filled with the two bits above them. So integers are exact to 2^20, and int() of one is to 2^22.
"""

import builtins
import math
import operator
import struct

_PARTS = struct.Struct("<f"), struct.Struct("<I")


def single(x):
    """The float32 nearest to a number: what C's mp_float_t holds."""
    try:
        return _PARTS[0].unpack(_PARTS[0].pack(x))[0]
    except OverflowError:
        return math.copysign(math.inf, 1 if x > 0 else -1)


def stored(x):
    """A number as it comes back from an object."""
    try:
        (bits,) = _PARTS[1].unpack(_PARTS[0].pack(x))
    except OverflowError:
        return single(x)
    bits &= ~3
    return _PARTS[0].unpack(_PARTS[1].pack(bits | (bits >> 2 & 3)))[0] if x == x else math.nan


class float(builtins.float):  # noqa: A001 (it stands for the builtin)
    """A Python float of a board. Everything it is worked into is one again."""

    __slots__ = ()

    def __new__(cls, value=0.0):
        if isinstance(value, int):
            value = single(value)
        return builtins.float.__new__(cls, stored(builtins.float(value)))

    def __repr__(self):
        text = "%.6g" % self
        return text if any(mark in text for mark in ".en") else text + ".0"

    __str__ = __repr__
    __hash__ = builtins.float.__hash__

    def __round__(self, digits=None):
        return builtins.float.__round__(self) if digits is None else float(builtins.float.__round__(self, digits))

    def __divmod__(self, other):
        return self // other, self % other

    def __neg__(self):
        return float(-builtins.float(self))

    def __abs__(self):
        return float(abs(builtins.float(self)))

    def __pos__(self):
        return self


def _arithmetic(operation):
    def forward(self, other):
        if not isinstance(other, (int, builtins.float)):
            return NotImplemented
        return _scalar(operation(builtins.float(self), single(other)))

    def backward(self, other):
        if not isinstance(other, (int, builtins.float)):
            return NotImplemented
        return _scalar(operation(single(other), builtins.float(self)))

    return forward, backward


def _scalar(x):
    return float(x) if isinstance(x, builtins.float) else x


def _comparison(operation):
    def compare(self, other):
        if not isinstance(other, (int, builtins.float)):
            return NotImplemented
        return operation(builtins.float(self), single(other))

    return compare


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _forward, _backward = _arithmetic(getattr(operator, _name))
    setattr(float, f"__{_name}__", _forward)
    setattr(float, f"__r{_name}__", _backward)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(float, f"__{_name}__", _comparison(getattr(operator, _name)))


def divide(a, b):
    """a / b; two ints give a board's float."""
    return float(single(a)) / b if isinstance(a, int) and isinstance(b, int) else a / b


def power(a, b):
    """a ** b; an int to a negative power is a board's float."""
    return _scalar(a**b)


def in_floats(function):
    """A function of CPython's math, its answers as a board gives them."""

    def wrapped(*args):
        answer = function(*args)
        return tuple(map(_scalar, answer)) if isinstance(answer, tuple) else _scalar(answer)

    return wrapped
