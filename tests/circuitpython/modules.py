"""The builtin modules of a board, with CircuitPython's names only; what they take and give are a board's objects.

Names are those of CircuitPython 10 with a full firmware (small ones have fewer). Modules for hardware are not here.
"""

import binascii
import collections
import errno
import gc
import io
import json
import math
import os
import random
import re
import struct
import sys
import time
import types

import buffers
from floats import float, in_floats

_CODES = frozenset("bBhHiIlLqQfdsxP")


def _module(name, **names):
    module = types.ModuleType(name)
    for attribute in ("__doc__", "__loader__", "__package__", "__spec__"):
        delattr(module, attribute)
    module.__dict__.update(names)
    return module


def _pick(module, names):
    return {name: getattr(module, name) for name in names.split()}


def _format(text):
    """A struct format with the sizes of a 32-bit board."""
    if not set(text.lstrip("@=<>!")) <= _CODES | set("0123456789"):
        raise ValueError("bad typecode")
    return text if text[:1] in ("=", "<", ">", "!") else text.replace("l", "i").replace("L", "I").replace("P", "I")


def _calcsize(text):
    return struct.calcsize(_format(text))


def _unpack_from(text, data, offset=0):
    data = buffers.raw(data)
    if offset < 0:
        offset += len(data)
    if not 0 <= offset <= len(data) - _calcsize(text):
        raise RuntimeError("buffer too small")
    values = struct.unpack_from(_format(text), data, offset)
    return tuple(float(value) if type(value) is not int and not isinstance(value, bytes) else value for value in values)


def _unpack(text, data):
    if len(buffers.raw(data)) != _calcsize(text):
        raise RuntimeError("buffer size must match format")
    return _unpack_from(text, data)


def _pack_into(text, data, offset, *values):
    data = buffers.raw(data)
    if offset < 0:
        offset += len(data)
    if not 0 <= offset <= len(data) - _calcsize(text):
        raise RuntimeError("Buffer too small")
    try:
        struct.pack_into(_format(text), data, offset, *values)
    except struct.error as error:
        if "expected" in str(error):
            raise ValueError(str(error)) from None
        raise (TypeError if "required argument is not" in str(error) else OverflowError)(str(error)) from None


def _pack(text, *values):
    data = buffers.bytearray(_calcsize(text))
    _pack_into(text, data, 0, *values)
    return buffers.to_bytes(data)


def _crc32(data, value=0):
    return binascii.crc32(buffers.raw(data), value)


_MATH = """acos asin atan atan2 ceil copysign cos degrees exp fabs floor fmod frexp isfinite isinf isnan ldexp log modf
pow radians sin sqrt tan trunc"""
_IMPLEMENTATION = types.SimpleNamespace(
    name="circuitpython", version=(10, 3, 1, ""), _machine="a stand-in on CPython", _mpy=518
)


def board_modules(argv, path):
    """The modules by name. argv: the script and its arguments; path: sys.path."""
    binary = {name: in_floats(getattr(math, name)) for name in _MATH.split()}
    names = {
        "array": {"array": buffers.array},
        "binascii": {"crc32": _crc32, "hexlify": lambda data: binascii.hexlify(buffers.raw(data)),
                     **_pick(binascii, "a2b_base64 b2a_base64 unhexlify")},
        "collections": _pick(collections, "OrderedDict deque namedtuple"),
        "errno": _pick(errno, "EACCES EAGAIN EBADF EEXIST EINVAL EIO EISDIR ENODEV ENOENT ENOMEM EPERM ENOSPC EROFS"),
        # There is no heap to be asked about: a constant, so that only the name is tried.
        "gc": {"mem_alloc": lambda: 0, "mem_free": lambda: 1 << 17, **_pick(gc, "collect disable enable isenabled")},
        "io": _pick(io, "BytesIO StringIO open"),
        "json": {"loads": lambda text: json.loads(text, parse_float=float), **_pick(json, "dump dumps")},
        "math": {"e": float(math.e), "pi": float(math.pi), **binary},
        "micropython": {"const": lambda value: value},
        "os": {"getenv": lambda key, default=None: default,  # settings.toml's, not the system's; here is none
               **_pick(os, "chdir getcwd listdir mkdir remove rename rmdir sep statvfs sync uname unlink urandom"),
               "stat": lambda name: tuple(os.stat(name))},
        "random": {**_pick(random, "choice getrandbits randint randrange seed"),
                   **{name: in_floats(getattr(random, name)) for name in ("random", "uniform")}},
        "re": _pick(re, "compile match search sub"),
        "struct": {"calcsize": _calcsize, "pack": _pack, "pack_into": _pack_into, "unpack": _unpack,
                   "unpack_from": _unpack_from},
        "sys": {"argv": argv, "path": path, "byteorder": "little", "maxsize": 0x7FFFFFFF, "platform": "RP2040",
                "implementation": _IMPLEMENTATION, "version": "3.4.0", "version_info": (3, 4, 0),
                **_pick(sys, "exit stdin stdout stderr")},
        "time": {"monotonic": lambda: float(time.monotonic()), "time": lambda: int(time.time()),
                 **_pick(time, "localtime mktime monotonic_ns sleep struct_time")},
    }
    return {name: _module(name, **content) for name, content in names.items()}
