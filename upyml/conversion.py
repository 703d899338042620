"""What a user gives predict(), as float32 numbers."""

from array import array

from upyml.errors import ModelError


def buffers(details):
    """An array('f') for each input."""
    return [array("f", bytes(4 * one.size)) for one in details]


def floats(x, details, out):
    """The numbers of x as array('f'): x itself where it is one, else written to `out`. Raises ModelError."""
    try:
        x = _as_array(x)
        if isinstance(x, array) and repr(x[:0])[7] == "f":
            count, out = len(x), x
        else:
            count = _fill(x, out, 0, 0)
    except (TypeError, ValueError, OverflowError):
        raise ModelError(
            "input %s takes numbers in shape %s, received %s" % (details.name, details.shape, type(x).__name__)
        ) from None
    if count != details.size:
        raise ModelError(
            "input %s takes %d numbers in shape %s, received %d" % (details.name, details.size, details.shape, count)
        )
    return out


def _as_array(x):
    """NumPy and ulab arrays as array('f') or with one axis, anything else as it is."""
    if hasattr(x, "astype"):
        return array("f", x.astype("<f4").tobytes())
    if hasattr(x, "flatten"):
        x = x.flatten()
        if x.itemsize == 4:  # ulab's float; its numbers taken one by one would lose bits on CircuitPython
            return array("f", bytes(x))
    return x


def _fill(x, out, at, depth):
    """Write the numbers of x, flat or nested, from place `at` on; answers the place after the last."""
    if isinstance(x, str) or depth > 8:
        raise TypeError
    size = len(out)
    for value in x:
        try:
            out[at if at < size else 0] = value  # beyond the end only the count matters: it will be refused
            at += 1
        except TypeError:
            at = _fill(value, out, at, depth + 1)
    return at
