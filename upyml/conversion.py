"""What a user gives predict(), as float32 numbers."""

from array import array

from upyml import loading
from upyml.errors import ModelError
from upyml.format import records

# What numbers, arrays and whatever else was given instead may raise when they are taken apart.
MISTAKES = (TypeError, ValueError, OverflowError, AttributeError, NotImplementedError, LookupError)

_UNORDERED = (str, dict)  # made once: a push allocates nothing

# Whether a float here holds all of a float32. CircuitPython's has 30 bits: there float32 numbers are copied as bytes.
EXACT = array("f", [16777213])[0] == 16777213


class _Refused(Exception):
    """A value that is no number, and its place among the numbers."""


def number_type(details):
    """(bytes of an element, type code) of an input or output."""
    return [(width, code) for name, width, code in records.DTYPES if name.lower() == details.dtype][0]


def bind(model, buffer, i):
    """Model.bind()."""
    if not 0 <= i < len(model.inputs):
        raise ModelError("there is no input %s, the model has %d" % (i, len(model.inputs)))
    details = model.input_details[i]
    if not model.caller_inputs[i]:
        raise ModelError("input %s lies in the model's arena: convert the model so that it does not" % details.name)
    width, code = number_type(details)
    try:
        view = model._module.cast(buffer, code)
    except MISTAKES:
        if not isinstance(buffer, memoryview):  # MicroPython casts whole buffers only
            raise ModelError("input %s takes a buffer, received %s" % (details.name, type(buffer).__name__)) from None
        view = buffer
    if len(view) != details.size:
        raise ModelError("input %s takes a buffer of %d bytes, received one of %d"
                         % (details.name, width * details.size, width * len(view)))
    model._engine.bind(i, buffer)
    model.inputs = model.inputs[:i] + (view,) + model.inputs[i + 1 :]
    model.input = model.inputs[0]


def own_inputs(model):
    """Give inputs that lie with the caller, who has not said where, buffers of the model's own."""
    for i, view in enumerate(model.inputs):
        if view is None:
            details = model.input_details[i]
            size = number_type(details)[0] * details.size
            bind(model, loading.arena(size, model._module, "input " + details.name)[0], i)


def converted(model, i, given):
    """What was given for input `i` as array('f'): itself where it is one, else the model's own for that input.

    Raises ModelError, and MemoryError where there is no room for the numbers.
    """
    details = model.input_details[i]
    try:
        x = as_array(given)
        if is_floats(x):
            count = len(x)
        else:
            if model._floats[i] is None:
                model._floats[i] = loading.floats(details.size, "input " + details.name)
            count = _fill(x, model._floats[i], 0, 0)
            x = model._floats[i]
    except _Refused as wrong:
        raise _mistake(details, "%s at place %d" % wrong.args) from None
    except MISTAKES:
        raise _mistake(details, type(given).__name__) from None
    if count != details.size:
        raise ModelError(
            "input %s takes %d numbers in shape %s, received %d" % (details.name, details.size, details.shape, count)
        )
    return x


def _mistake(details, received):
    return ModelError("input %s takes numbers in shape %s, received %s" % (details.name, details.shape, received))


def as_array(x):
    """NumPy and ulab arrays as array('f') or with one axis, views with several as lists, anything else as it is.

    Raises one of MISTAKES for a NumPy array of what is no number.
    """
    if hasattr(x, "astype") and hasattr(x, "tobytes"):
        if x.dtype.kind == "O":
            return x.flatten().tolist()
        if x.dtype.kind in "cSUMm":
            raise TypeError
        return array("f", x.astype("<f4").tobytes())
    if hasattr(x, "flatten"):
        x = x.flatten()
        if x.itemsize == 4:  # ulab's float; its numbers taken one by one would lose bits on CircuitPython
            return array("f", bytes(x))
    if isinstance(x, memoryview):
        if getattr(x, "ndim", 1) != 1:
            return x.tolist()
        if not EXACT and len(x) and isinstance(x[0], float) and len(bytes(x[:1])) == 4:
            return array("f", bytes(x))
    return x


def is_floats(x):
    """Whether x is an array('f')."""
    return isinstance(x, array) and repr(x[:0])[7] == "f"


def unordered(x):
    """Whether x is text, or has no order: a dict or a set."""
    return isinstance(x, _UNORDERED) or hasattr(x, "isdisjoint")


def _fill(x, out, at, depth):
    """Write the numbers of x, flat or nested, from place `at` on; answers the place after the last."""
    if depth > 8 or unordered(x):
        raise TypeError
    size = len(out)
    if not EXACT:
        x = as_array(x)
        if is_floats(x) and at + len(x) <= size:
            out[at : at + len(x)] = x
            return at + len(x)
    for value in x:
        try:
            out[at if at < size else 0] = value  # beyond the end only the count matters: it will be refused
            at += 1
        except MISTAKES:
            try:
                at = _fill(value, out, at, depth + 1)
            except MISTAKES:
                raise _Refused(type(value).__name__, at) from None
    return at
