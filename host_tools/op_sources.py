"""Which Keras layers and .tflite ops become which ops of the format: found in the functions that read and lower them.

A reader's table names a function for each layer; in it, and in what it calls, stand the graph's kinds as words. The tables
LOWERINGS name a function for each kind, with the op codes that it makes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from host_tools import ops as graph_ops
from host_tools import passes, readers
from host_tools.op_kernels import ops
from host_tools.readers.builder import Builder

# Kinds that a pass makes into others before they are lowered.
_BECOMES = {
    "batch_norm": ("depthwise_conv2d",),  # where it cannot be folded into weights
    "average_pool": ("average_pool", "mean"),  # of the whole image
    "conv2d_transpose": ("conv2d_transpose", "conv2d"),  # without a stride
}

# Variables of .tflite files are no ops of the graph: they are its states, and windows over time where they move on.
_STATES = {"SHIFT": ("ASSIGN_VARIABLE", "READ_VARIABLE", "VAR_HANDLE"), "START": ("CALL_ONCE",)}

# Layers of one cell, which one function reads.
_CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}


def layers() -> dict[str, list[str]]:
    """Op to the Keras layers that it may come of, sorted; without what an `activation=` argument adds to each."""
    from host_tools.readers import keras_layers_attention, keras_reader

    return _by_op({**keras_reader.LAYERS, **keras_layers_attention.CALLS})


def tflite_ops() -> dict[str, list[str]]:
    """Op to the .tflite ops that it may come of, sorted."""
    from host_tools.readers import tflite_ops as reader

    found = _by_op(reader.CONVERTERS)
    return {op: sorted({*names, *_STATES.get(op, ())}) for op, names in found.items()}


def _by_op(table: dict[str, Callable]) -> dict[str, list[str]]:
    made = codes_of_kinds()
    found: dict[str, set[str]] = {name: set() for name, _ in ops().values()}
    for source, function in table.items():
        others = set(_CELLS.values()) - {_CELLS[source]} if source in _CELLS else set()
        for kind in kinds(function) - others:
            for lowered in _BECOMES.get(kind, (kind,)):
                for op in made.get(lowered, ()):
                    found[op].add(source)
    return {op: sorted(names) for op, names in found.items()}


def kinds(function: Callable) -> set[str]:
    """The graph's kinds that a reader's function may make."""
    known, found = set(graph_ops.KINDS), set()
    for part in _reached(function):
        for word in _constants(part):
            if word in known:
                found.add(word)
            elif word.endswith("_") and len(word) > 3:  # of an f-string, "resize_" and nearest or bilinear
                found.update(kind for kind in known if kind.startswith(word))
        found |= _of_function_tables(part)
    return found


def _of_function_tables(part: FunctionType) -> set[str]:
    """Kinds in a table that the code names: of functions of one value, "swish" to ("silu", {}), or of recurrent cells."""
    found = set()
    for name in {"FUNCTIONS", "_CELLS"} & set(part.__code__.co_names):
        table = part.__globals__.get(name)
        for entry in table.values() if isinstance(table, dict) else ():
            found.add(entry[0] if isinstance(entry, tuple) else entry)
    return {kind for kind in found if isinstance(kind, str) and kind in graph_ops.KINDS}


def codes_of_kinds() -> dict[str, list[str]]:
    """Kind to the ops that its lowerings make."""
    found: dict[str, set[str]] = {"reshape": {"RESHAPE"}}  # a view; a copy where the model has nothing else
    for module in _modules(passes):
        for kind, function in getattr(module, "LOWERINGS", {}).items():
            found.setdefault(kind, set()).update(_codes(function, kind))
    return {kind: sorted(names) for kind, names in found.items()}


def _codes(function: Callable, kind: str) -> set[str]:
    """The ops that a lowering names itself, or else those that it reaches: a helper may rescale an input by a TABLE."""
    parts = list(_reached(function, "host_tools.passes"))
    own = [part for part in parts if part.__module__ == function.__module__ and part in (function, *_held(function))]
    for group in (own, parts):
        found = {name for part in group for name in _named_codes(part, kind)}
        if found:
            return found
    return set()


def _named_codes(part: FunctionType, kind: str) -> Iterator[str]:
    names = {name for name, _ in ops().values()}
    yield from (name for code in _nested(part.__code__) for name in code.co_names if name in names)
    for variable, value in _cells(part):
        if variable in ("opcode", "code"):
            yield ops()[value][0]
    for name in part.__code__.co_names:  # a table of op codes by kind
        table = part.__globals__.get(name)
        if isinstance(table, dict) and isinstance(table.get(kind), int):
            yield ops()[table[kind]][0]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        yield importlib.import_module(found.name)


def _reached(function: Callable, package: str = readers.__name__) -> Iterator[FunctionType]:
    """The function and those of the package that it may call; not the activation that a layer may have besides."""
    queue, seen = [function], set()
    while queue:
        part = queue.pop()
        if not isinstance(part, FunctionType) or part in seen or not part.__module__.startswith(package):
            continue
        if part.__name__ == "activation" and part.__module__ != function.__module__:
            continue
        seen.add(part)
        yield part
        queue += _held(part)
        queue += [vars(Builder).get(name) for code in _nested(part.__code__) for name in code.co_names if name != "op"]
        for code in _nested(part.__code__):
            for name in code.co_names:
                value = part.__globals__.get(name)
                ours = isinstance(value, ModuleType) and value.__name__.startswith(package)
                queue += [vars(value).get(attribute) for attribute in code.co_names] if ours else [value]


def _nested(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _constants(part: FunctionType) -> Iterator[str]:
    """Words in the code, without its docstring, and in what it holds of the function around it."""
    for code in _nested(part.__code__):
        yield from (word for word in code.co_consts if isinstance(word, str))
    yield from (value for _, value in _cells(part) if isinstance(value, str))


def _cells(part: FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(part.__code__.co_freevars, part.__closure__ or ()):
        yield name, cell.cell_contents


def _held(part: Callable) -> list[Callable]:
    """Functions that a function holds of the one around it."""
    return [value for _, value in _cells(part) if callable(value)] if isinstance(part, FunctionType) else []
