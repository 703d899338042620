"""Which attributes objects of the builtin types have on CircuitPython; all others are an AttributeError.

Modules and classes written in Python keep theirs. syntax.py sends an attribute here only where its name stands in
WATCHED: a name that some builtin type has in CPython and not in CircuitPython, or has in another way.
"""

import builtins
import io
import types

import buffers
from floats import float

_TEXT = """count endswith find format index isalpha isdigit islower isspace isupper join lower lstrip partition replace
rfind rindex rpartition rsplit rstrip split splitlines startswith strip upper center encode"""
_SET = """add clear copy difference difference_update discard intersection intersection_update isdisjoint issubset
issuperset pop remove symmetric_difference symmetric_difference_update union update"""
_FILE = "read readinto readline readlines write close flush seek tell"
_FUNCTION = "__name__ __globals__"
NAMES = {
    str: _TEXT,
    bytes: _TEXT.replace("encode", "decode") + " hex fromhex",
    int: "from_bytes to_bytes",
    bool: "from_bytes to_bytes",
    float: "",
    complex: "real imag",
    list: "append clear copy count extend index insert pop remove reverse sort",
    tuple: "count index",
    dict: "clear copy fromkeys get items keys pop popitem setdefault update values",
    set: _SET,
    frozenset: "copy difference intersection isdisjoint issubset issuperset symmetric_difference union",
    range: "start stop step",
    slice: "start stop step indices",
    types.FunctionType: _FUNCTION,
    types.MethodType: _FUNCTION,
    types.BuiltinFunctionType: "__name__",
    types.GeneratorType: "send throw close",
    buffers.VIEW: "cast",
    buffers.FloatView: "cast",
    buffers.array: "append extend",
    buffers.bytearray: "append extend decode",
    io.BufferedReader: _FILE,
    io.BufferedWriter: _FILE,
    io.BufferedRandom: _FILE,
    io.TextIOWrapper: _FILE,
}
NAMES = {kind: frozenset(names.split()) for kind, names in NAMES.items()}
# What classes, functions and modules have in CPython only.
_NEVER = frozenset("__doc__ __annotations__ __qualname__ __code__ __defaults__ __kwdefaults__ __closure__".split())
_ADAPTED = frozenset("cast readinto write from_bytes to_bytes split rsplit splitlines encode decode".split())
_MISSING = {name for kind, names in NAMES.items() for name in dir(kind) if name[0] != "_" and name not in names}
WATCHED = _MISSING | _NEVER | _ADAPTED


def _positional(function):
    def called(*args):
        return function(*args)

    return called


def _adapted(thing, name):
    """The attributes that do something else than CPython's."""
    if name in ("from_bytes", "to_bytes") and (isinstance(thing, int) or thing is int):
        if thing is int:
            return lambda data, order: int.from_bytes(buffers.to_bytes(data), order)
        return _positional(thing.to_bytes)
    if name == "cast" and type(thing) is buffers.VIEW:
        return lambda typecode: buffers.cast(thing, typecode)
    if isinstance(thing, io.IOBase):
        if name == "readinto":
            return lambda buffer: thing.readinto(buffers.raw(buffer))
        if name == "write" and not isinstance(thing, io.TextIOBase):
            return lambda buffer: thing.write(buffers.raw(buffer))
    if isinstance(thing, (str, bytes)) and name in ("split", "rsplit", "splitlines", "encode", "decode"):
        return _positional(getattr(thing, name))  # these take no keywords
    return getattr(thing, name)


def attribute(thing, name):
    """thing.name"""
    kind = thing if isinstance(thing, type) else type(thing)
    names = NAMES.get(kind)
    hidden = names is not None and name not in names and (name[:2] != "__" or kind is types.FunctionType)
    if hidden or name in _NEVER:
        raise AttributeError(f"'{kind.__name__}' object has no attribute '{name}'")
    return _adapted(thing, name)


def get(thing, name, *default):
    """The builtin getattr()."""
    try:
        return attribute(thing, name)
    except AttributeError:
        if not default:
            raise
        return default[0]


def has(thing, name):
    """The builtin hasattr()."""
    try:
        attribute(thing, name)
    except AttributeError:
        return False
    return True


def assignable(thing):
    """Raises AttributeError for what takes no attributes: functions."""
    if isinstance(thing, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        raise AttributeError("'function' object has no attribute that can be set")
    return thing


class Dict(builtins.dict):
    """A dict whose order is another one than that of insertion."""

    def _order(self):
        keys = list(builtins.dict.__iter__(self))
        return keys[1::2] + keys[::2][::-1]

    def __iter__(self):
        return iter(self._order())

    def keys(self):
        """Its keys."""
        return self._order()

    def values(self):
        """Its values."""
        return [self[key] for key in self._order()]

    def items(self):
        """Its keys and values."""
        return [(key, self[key]) for key in self._order()]

    def __repr__(self):
        return "{%s}" % ", ".join(f"{key!r}: {value!r}" for key, value in self.items())

    def popitem(self):
        """Any key and its value."""
        key = self._order()[0]
        return key, self.pop(key)

    def copy(self):
        """Another one with the same entries."""
        return Dict(self)


Dict.__name__ = "dict"
NAMES[Dict] = NAMES[dict]
