"""ulab.numpy: its names and no other. What the stand-in does not work out raises NotImplementedError by name."""

import math
import types

import buffers
import numpy
from floats import float
from ulab_ndarray import BOOL, FLOAT, INT8, INT16, TYPES, UINT8, UINT16, converted, ndarray, scalar

# ulab's names on CircuitPython that no script of ours needs.
OTHERS = """acos acosh arange argmin argsort around arctan2 asin asinh atan atanh concatenate cos cosh cross degrees
diag diff erf erfc exp expm1 eye flip gamma get_printoptions interp isfinite isinf lgamma linspace log log10 log2 logspace
mean median ndinfo nonzero radians roll set_printoptions sin sinc sinh sort sqrt std tan tanh trace trapz
vectorize""".split()


def array(values, *, dtype=FLOAT):
    """A new array of numbers, rows of numbers or another array's elements."""
    if isinstance(values, ndarray):
        return ndarray(converted(values._a, dtype))
    rows = [list(value) if hasattr(value, "__len__") else value for value in values]
    if rows and isinstance(rows[0], list) and len({len(row) for row in rows}) > 1:
        raise ValueError("iterables are not of the same length")
    values = numpy.array(rows)
    return ndarray(converted(values if values.size else values.astype(numpy.float32), dtype))


def _full(shape, value, dtype):
    if not isinstance(shape, (int, tuple)):
        raise TypeError("input argument must be an integer, a tuple, or a list")
    return ndarray(converted(numpy.full(shape, value), dtype))


def zeros(shape, *, dtype=FLOAT):
    """An array of zeros."""
    return _full(shape, 0, dtype)


def ones(shape, *, dtype=FLOAT):
    """An array of ones."""
    return _full(shape, 1, dtype)


def full(shape, fill_value, *, dtype=FLOAT):
    """An array of one value."""
    return _full(shape, fill_value, dtype)


def frombuffer(buffer, *, dtype=FLOAT, count=-1, offset=0):
    """A view of a buffer's memory from byte `offset` on; that byte has to be aligned to the dtype."""
    data = buffers.raw(buffer)
    width = TYPES[dtype]().itemsize
    if not 0 <= offset <= len(data):
        raise ValueError("offset must be non-negative and no greater than buffer length")
    if offset % width:
        raise ValueError("offset is not aligned")
    if count < 0:
        if (len(data) - offset) % width:
            raise ValueError("buffer size must be a multiple of element size")
        count = (len(data) - offset) // width
    if count * width > len(data) - offset:
        raise ValueError("buffer is smaller than requested size")
    return ndarray(numpy.frombuffer(data, TYPES[dtype], count, offset))


def dot(m1, m2):
    """The product in float, added up one by one; of two vectors a number."""
    if not isinstance(m1, ndarray) or not isinstance(m2, ndarray):
        raise TypeError("arguments must be ndarrays")
    a, b = m1._a, m2._a
    if a.shape[-1] != b.shape[0]:
        raise ValueError("dimensions do not match")
    if min(a.ndim, b.ndim) == 1 and b.ndim == 2:
        raise NotImplementedError("dot of a vector with a matrix")
    products = numpy.expand_dims(a, -1).astype(numpy.float32) * b.astype(numpy.float32).reshape(len(b), -1)
    # cumsum adds in order and in its dtype; sum() adds in pairs.
    answer = numpy.cumsum(products, axis=-2, dtype=numpy.float32)[..., -1, :]
    if b.ndim == 1:
        answer = answer[..., 0]
    return ndarray(answer) if answer.ndim else float(answer)


def _sum(array, *, axis=None):
    """The sum, in the array's own dtype: it wraps."""
    if axis is None:
        return scalar(array._a.sum(dtype=numpy.float32 if array.dtype == FLOAT else numpy.int64))
    return ndarray(array._a.sum(axis=axis, dtype=array._a.dtype))


def _element(function):
    def wrapped(x):
        if isinstance(x, ndarray):
            return ndarray(function(x._a.astype(numpy.float32)).astype(numpy.float32))
        return float(function(x))

    return wrapped


def _extreme(name):
    def wrapped(array, *, axis=None):
        values = array._a if isinstance(array, ndarray) else numpy.array(list(array))
        answer = getattr(values, name)(axis=axis)
        if axis is None:
            return scalar(answer)
        return ndarray(answer.astype(numpy.int16 if "arg" in name else values.dtype))

    return wrapped


def _two(function):
    def wrapped(a, b):
        left = a if isinstance(a, ndarray) else array([a])
        return function(left, b)

    return wrapped


def _choose(name):
    def function(a, b):
        other = b._a if isinstance(b, ndarray) else numpy.array(b).astype(a._a.dtype)
        return ndarray(getattr(numpy, name)(a._a, other))

    return _two(function)


def _clip(a, a_min, a_max):
    return _choose("minimum")(_choose("maximum")(a, a_min), a_max)


def _where(condition, x, y):
    x, y = (one._a if isinstance(one, ndarray) else numpy.float32(one) for one in (x, y))
    return ndarray(numpy.where(condition._a, x, y))


def _shift(name):
    def function(a, b):
        return ndarray(getattr(numpy, name)(a._a, b._a if isinstance(b, ndarray) else a._a.dtype.type(b)))

    return _two(function)


def _unavailable(name):
    def function(*args, **keywords):
        raise NotImplementedError(f"ulab has {name}, this stand-in does not work it out")

    return function


NUMPY = {
    **{name: _unavailable(name) for name in OTHERS},
    "bool": BOOL, "uint8": UINT8, "int8": INT8, "uint16": UINT16, "int16": INT16, "float": FLOAT,
    "e": float(math.e), "pi": float(math.pi), "inf": float(math.inf), "nan": float(math.nan),
    "ndarray": ndarray, "array": array, "zeros": zeros, "empty": zeros, "ones": ones, "full": full,
    "frombuffer": frombuffer, "dot": dot, "sum": _sum, "min": _extreme("min"), "max": _extreme("max"),
    "argmax": _extreme("argmax"), "floor": _element(numpy.floor), "ceil": _element(numpy.ceil),
    "minimum": _choose("minimum"), "maximum": _choose("maximum"), "clip": _clip, "where": _where,
    "equal": _two(lambda a, b: a == b), "not_equal": _two(lambda a, b: a != b),
    "left_shift": _shift("left_shift"), "right_shift": _shift("right_shift"),
}  # fmt: skip


def ulab_modules():
    """ulab and ulab.numpy by name."""
    package, module = types.ModuleType("ulab"), types.ModuleType("ulab.numpy")
    for one in (package, module):
        for name in ("__doc__", "__loader__", "__package__", "__spec__"):
            delattr(one, name)
    module.__dict__.update(NUMPY)
    package.__dict__.update(__version__="6.12.0-2D-c", numpy=module)
    return {"ulab": package, "ulab.numpy": module}
