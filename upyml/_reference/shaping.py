"""Ops that only move data: CONCATENATE, PAD, RESHAPE, TRANSPOSE, STRIDED_SLICE; of any number type, as bytes."""


def _four(shape, fill=1):
    """A shape of four axes; missing ones stand at the back, as in the tensor table."""
    return tuple(shape) + (fill,) * (4 - len(shape))


def _product(shape):
    n = 1
    for count in shape:
        n *= count
    return n


def concatenate(model, step, out):
    """Any number of inputs along one axis."""
    axis = step.params["axis"]
    row = _product(step.y.shape[axis:]) * step.y.width
    start = 0
    for x in step.x:
        part = _product(x.shape[axis:]) * x.width
        o = start
        for first in range(0, len(x.data), part):
            out[o : o + part] = x.data[first : first + part]
            o += row
        start += part


def pad(model, step, out):
    """The input in a larger output; the rest is `value`."""
    value = step.params["value"]
    value = value - 256 if value > 127 else value
    for i in range(len(out)):
        out[i] = value
    x = step.x[0]
    a, b, c, d = _four(x.shape)
    _, h, w, v = _four(step.y.shape)
    before = step.params["before"]
    at = 0
    for i in range(a):
        for j in range(b):
            for k in range(c):
                o = (((i + before[0]) * h + j + before[1]) * w + k + before[2]) * v + before[3]
                out[o : o + d] = x.data[at : at + d]
                at += d


def reshape(model, step, out):
    """The same bytes."""
    out[:] = step.x[0].data


def _gather(step, out, begin, strides):
    """out[i, j, k, l] = x[begin + i * strides[0] + ...], counted in elements."""
    x, width = step.x[0].data, step.y.width
    a, b, c, d = _four(step.y.shape)
    last = strides[3] * width
    o = 0
    for i in range(a):
        for j in range(b):
            for k in range(c):
                at = (begin + i * strides[0] + j * strides[1] + k * strides[2]) * width
                for _ in range(d):
                    for n in range(width):
                        out[o + n] = x[at + n]
                    o += width
                    at += last


def _strides(shape):
    _, b, c, d = _four(shape)
    return (b * c * d, c * d, d, 1)


def transpose(model, step, out):
    """Output axis i is input axis permutation[i]."""
    strides = _strides(step.x[0].shape)
    _gather(step, out, 0, [strides[i] for i in step.params["permutation"]])


def strided_slice(model, step, out):
    """out[i...] = x[begin + i * stride...] on each axis."""
    strides = _strides(step.x[0].shape)
    begin, steps = step.params["begin"], step.params["stride"]
    first = sum([begin[i] * strides[i] for i in range(4)])
    _gather(step, out, first, [steps[i] * strides[i] for i in range(4)])
