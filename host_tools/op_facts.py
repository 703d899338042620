"""What there is to say of each op of the format: number types, runtimes, fast paths, and what becomes it.

Every fact is asked of the code that makes it true: the checker is tried with every combination of number types, the
readers' and lowerings' functions are looked through (op_sources.py), the engine's sources too (op_kernels.py).
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass

from host_tools import op_kernels, op_sources, package_files
from upyml._reference import backend
from upyml.format import check_ops, layout

PLAIN = "plain"
CPUS = {
    "cortex_m0": "Cortex-M0+",
    "cortex_m_dsp": "Cortex-M4, M7, M33",
    "riscv": "RV32IMC",
    "xtensa": "Xtensa",
    "host": "host",
}  # titles of the folders; one that is not named here bears its folder's name


@dataclass(frozen=True)
class Fact:
    """An op.

    types: as "int8", or "float32 to int8"; codings: of its weights; engine: whether the C engine knows it; files: its
    plain kernel there; fast: CPU folder to the files that are in their place; python: of the engine in Python, "plain"
    loops, faster with "ulab", or None; keras, tflite: the layers and ops that it may come of.
    """

    code: int
    name: str
    family: str
    types: list[str]
    codings: list[str]
    engine: bool
    files: list[str]
    fast: dict[str, list[str]]
    python: str | None
    keras: list[str]
    tflite: list[str]


def facts() -> list[Fact]:
    """All ops, in the order of their codes."""
    kernels, layers, tflite = _kernels(), op_sources.layers(), op_sources.tflite_ops()
    return [
        Fact(
            code,
            name,
            family,
            types(code),
            [coding.lower() for coding in layout.CODINGS] if code in layout.CODED else [],
            **kernels[name],
            python=_python(name),
            keras=layers[name],
            tflite=tflite[name],
        )
        for code, (name, family) in op_kernels.ops().items()
    ]


def types_text(fact: Fact) -> str:
    """The number types, and the codings that weights may have."""
    codings = f" (weights {', '.join(fact.codings)})" if fact.codings else ""
    return f"{', '.join(fact.types) if ' to ' not in fact.types[0] else '; '.join(fact.types)}{codings}"


def python_text(fact: Fact) -> str:
    return {"plain": "yes", "ulab": "yes, faster with ulab", None: "no"}[fact.python]


def markdown(found: list[Fact]) -> str:
    """The table of docs/ops.md: a row for each op, a column for each CPU that has kernels of its own."""
    titles = cpus(found)
    heads = ["op", "number types", "C engine", "CircuitPython, in Python", *titles.values(), "Keras layers", ".tflite ops"]
    rows = [f"| {' | '.join(heads)} |", "| --- | --- | :---: | :---: |" + " :---: |" * len(titles) + " --- | --- |"]
    for fact in found:
        cells = [fact.name, types_text(fact), "yes" if fact.engine else "no", python_text(fact)]
        cells += ["fast" if cpu in fact.fast else PLAIN for cpu in titles]
        cells += [", ".join(fact.keras) or "-", ", ".join(fact.tflite) or "-"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def as_json(found: list[Fact]) -> str:
    return json.dumps([asdict(fact) for fact in found], indent=1)


def cpus(found: list[Fact]) -> dict[str, str]:
    """CPU folder to title, those that any op is faster on."""
    folders = {cpu for fact in found for cpu in fact.fast}
    known = [cpu for cpu in CPUS if cpu in folders]
    return {cpu: CPUS.get(cpu, cpu) for cpu in [*known, *sorted(folders - set(known))]}


def _kernels() -> dict[str, dict]:
    if package_files.is_installed():
        return json.loads((package_files.PACKAGED / "kernels.json").read_text())
    return op_kernels.facts(package_files.CHECKOUT / "ports" / "engine")


def _python(name: str) -> str | None:
    """Which engine in Python has the op: "ulab" where that library helps, "plain" loops, or None."""
    try:
        backend.kernel(name, "plain")
    except (ImportError, KeyError, AttributeError):
        return None
    try:
        function = backend.kernel(name, "ulab")
    except ImportError:  # its kernel asks for the library
        return "ulab"
    return "ulab" if "ulab" in function.__module__ else "plain"


def types(code: int) -> list[str]:
    """The number types of the first input, and of the output where that has others, that the checker lets through."""
    names = [name.lower() for name, _, _ in layout.DTYPES]
    passed = [pair for pair in itertools.product(range(len(names)), repeat=2) if _passes(code, *pair)]
    if all(x == y for x, y in passed):
        return [names[x] for x, _ in passed]
    sources: dict[tuple[str, ...], list[str]] = {}  # those with the same outputs together
    for x in sorted({x for x, _ in passed}):
        sources.setdefault(tuple(names[b] for a, b in passed if a == x), []).append(names[x])
    return [f"{', '.join(xs)} to {', '.join(ys)}" for ys, xs in sources.items()]


def _passes(code: int, x: int, y: int) -> bool:
    """Whether the checker has nothing to say of the types with some number of inputs, of whatever types and kinds."""
    others = list(itertools.product(range(len(layout.DTYPES)), (layout.ARENA, layout.STATE)))
    for count in range(_MOST_INPUTS):
        for rest in itertools.product(others, repeat=count):
            refused = _refused(code, [(x, layout.ARENA), *rest, (y, layout.ARENA)])
            if refused is None:
                return True
            if refused == "ARITY":
                break  # the number of inputs is wrong, whatever they are
    return False


def _refused(code: int, tensors: list[tuple[int, int]]) -> str | None:
    """ARITY or DTYPE, where the checker stops at inputs and output of these (number type, kind); else None."""
    made = [_tensor(dtype, kind) for dtype, kind in tensors]
    family = code >> layout.FAMILY_SHIFT
    if not family:  # the number of inputs is no matter of types there
        return None if check_ops.dtypes_fit(code, made) else "ARITY"
    params = {name: (0,) * int(kind[:-1]) if kind[:-1] else 0 for name, kind in layout.OPS[code][1]}

    def need(condition, error):
        if not condition:
            raise check_ops.Refused(error, 0)

    try:
        check_ops.family_check(family)(bytes(64), (0, 64), (code, layout.DISJOINT, params), made, need)
    except check_ops.Refused as refused:
        return refused.args[0] if refused.args[0] in ("ARITY", "DTYPE") else None
    except (LookupError, ArithmeticError, ValueError):  # a later question, of fields that are all 0 here
        return None
    return None


_MOST_INPUTS = 5


def _tensor(dtype: int, kind: int) -> dict:
    """A tensor of one element as check.py reads its record."""
    return {
        "dtype": dtype, "kind": kind, "rank": 1, "shape": (1, 1, 1, 1), "elements": 1, "offset": 0, "end": 4,
        "zero_point": 0, "scale": 1.0, "ring_rows": 0,
    }  # fmt: skip
