"""The builtins memoryview and bytes: classes to call and to ask isinstance() about, of which nothing is an instance."""

import builtins

import buffers


class _Face(type):
    """The type of a class that stands for a builtin: what it makes, and `kinds`, are its instances."""

    def __instancecheck__(cls, thing):
        return isinstance(thing, cls.kinds)


class memoryview(metaclass=_Face):  # noqa: A001
    """memoryview(buffer)."""

    kinds = (buffers.VIEW, buffers.FloatView)

    def __new__(cls, buffer):
        view = buffers.memory(buffer)
        return buffers.facing(view if view.ndim == 1 else view.cast("B").cast(view.format))


class bytes(metaclass=_Face):  # noqa: A001
    """bytes(...)."""

    kinds = (builtins.bytes,)
    __new__ = staticmethod(lambda cls, *args: buffers.to_bytes(*args))
    fromhex = builtins.bytes.fromhex
