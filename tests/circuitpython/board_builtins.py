"""The builtins of a CircuitPython board, and the helpers that syntax.py has called."""

import builtins

import attributes
import buffers
import faces
import floats
from attributes import Dict

_SAME = """ArithmeticError AssertionError AttributeError BaseException ConnectionError BrokenPipeError EOFError
Exception GeneratorExit ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError MemoryError NameError
NotImplementedError OSError OverflowError RuntimeError StopIteration SyntaxError SystemExit TimeoutError TypeError
UnicodeError ValueError ZeroDivisionError Ellipsis NotImplemented __build_class__ __debug__
abs all any bin bool callable chr classmethod complex delattr dir divmod enumerate filter frozenset globals hash hex id
input int issubclass iter len list locals map max min next object oct open ord print property range repr reversed round
set setattr slice sorted staticmethod str sum super tuple zip""".split()
ARGUMENTS = 400  # that fit the 2 KB on which CircuitPython keeps its frames, beside the frames

_FACES = {buffers.VIEW: faces.memoryview, buffers.FloatView: faces.memoryview, bytes: faces.bytes, dict: Dict}


def _type(thing, *rest):
    kind = type(thing, *rest)
    return kind if rest else _FACES.get(kind, kind)


def _isinstance(thing, kinds):
    """isinstance() that takes a dict of any making for one (that of **keywords is CPython's)."""
    return isinstance(thing, kinds) or (type(thing) is dict and isinstance(Dict(), kinds))


def _spread(values):
    values = tuple(values)
    if len(values) > ARGUMENTS:
        raise RuntimeError("pystack exhausted")
    return values


def _stepped(thing, step):
    if isinstance(thing, (buffers.VIEW, buffers.FloatView)):
        buffers.plain(slice(None, None, step))
    return thing


def board_builtins(import_):
    """The dict of builtins; import_: the function behind the import statement."""
    names = {name: getattr(builtins, name) for name in _SAME}
    names.update(
        __import__=import_,
        float=floats.float,
        pow=lambda *args: pow(*args) if len(args) > 2 else floats.power(*args),
        dict=Dict,
        type=_type,
        isinstance=_isinstance,
        getattr=attributes.get,
        hasattr=attributes.has,
        bytes=faces.bytes,
        bytearray=buffers.bytearray,
        memoryview=faces.memoryview,
        __attribute__=attributes.attribute,
        __assignable__=attributes.assignable,
        __dict__=Dict,
        __divide__=floats.divide,
        __power__=floats.power,
        __spread__=_spread,
        __stepped__=_stepped,
        __store__=buffers.store,
    )
    return names
