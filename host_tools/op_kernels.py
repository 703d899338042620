"""Which C files compute an op, and which CPU has faster ones: read from the engine's sources, not written down again.

The op loops (ports/engine/run.c and the run_*.c of the families) name each op's kernel; sources.sh says which files a CPU's
folder puts into the place of plain ones. In an installed wheel the engine's sources are not there: setup.py writes down
what `facts` finds, for host_tools/op_facts.py to read.
"""

from __future__ import annotations

import re
import subprocess
from functools import cached_property
from pathlib import Path

from upyml.format import layout

_FUNCTION = re.compile(r"^(static )?[\w \*]*?\b(\w+)\(([^;{}]*?)\)\s*\{\n(.*?)^\}", re.M | re.S)
_LABEL = re.compile(r"(?:case UPYML_OPCODE_(\w+)|default):")
_FOR = re.compile(r"UPYML_FOR\((\w+),(.*?)\);", re.S)
_NO_KERNELS = re.compile(r"model|record|group|params|check|scratch")  # in names of files that lead to kernels, or beside them


def ops() -> dict[int, tuple[str, str]]:
    """Op code to (name, family) of every op of the format, in the order of the codes."""
    return {code: (layout.OPS[code][0], layout.FAMILIES[code >> layout.FAMILY_SHIFT]) for code in sorted(layout.OPS)}


def facts(engine: Path) -> dict[str, dict]:
    """For each op: whether the `engine` knows it; `files`, the plain C files that compute it; `fast`, CPU folder to the
    files that are in the place of some of them there.

    engine: the folder ports/engine.
    """
    sources = Sources(engine)
    chosen = {folder: _chosen(engine, folder) for folder in cpus(engine)}
    layouts = [engine / "format_layout.h", *engine.glob("*/layout_*.h")]
    known = {name for path in layouts for name in re.findall(r"X\((\w+)\)", path.read_text())}  # UPYML_EACH_BASE_OP...
    found = {}
    for name, family in ops().values():
        files = sources.files(name, family)
        names = {Path(file).name for file in files}
        fast = {
            cpu: [file for file in own if Path(file).name in names and file not in files] for cpu, own in chosen.items()
        }
        found[name] = {"engine": name in known, "files": files, "fast": {cpu: own for cpu, own in fast.items() if own}}
    return found


def cpus(engine: Path) -> list[str]:
    """The folders of CPUs with kernels of their own."""
    return sorted(path.parent.name for path in engine.glob("*/sources.txt"))


def _chosen(engine: Path, cpu: str) -> list[str]:
    run = subprocess.run(["sh", str(engine / "sources.sh"), cpu], check=True, capture_output=True, text=True)
    return run.stdout.split()


class Sources:
    """The plain engine's functions: who calls whom."""

    def __init__(self, engine: Path):
        self.engine = engine
        self.names = (engine / "sources.txt").read_text().split()

    @cached_property
    def functions(self) -> dict[str, dict[str, str]]:
        """Function to the files that define it and its body there; static ones may have namesakes."""
        found: dict[str, dict[str, str]] = {}
        for name in (name for name in self.names if name.endswith(".c")):
            for _, function, _, body in _FUNCTION.findall((self.engine / name).read_text()):
                found.setdefault(function, {})[name] = body
        return found

    def files(self, op: str, family: str) -> list[str]:
        """The C files with kernels that the op loop reaches for the op; the loop's own file where it needs none."""
        start = "upyml_step_run" if family == "BASE" else f"upyml_run_{family.lower()}"
        (loop,) = self.functions[start]
        found: list[str] = []
        self._follow(start, loop, op, found, set())
        return sorted(found) or [loop]

    def _follow(self, function: str, file: str, op: str, found: list[str], seen: set) -> None:
        if (function, file) in seen:
            return
        seen.add((function, file))
        body = _part(self.functions[function][file], op)
        for called in re.findall(r"\b(\w+)\(", body):
            places = self.functions.get(called, {})
            place = file if file in places else next(iter(places), None)
            if place is None or "UPYML_FAMILY_SHIFT)" in places[place] or _NO_KERNELS.search(Path(place).stem):
                continue
            if not Path(place).stem.startswith("run") and place not in found:
                found.append(place)
            self._follow(called, place, op, found, seen)


def _part(body: str, op: str) -> str:
    """What a function does for an op: the branch of a switch over op codes, without what UPYML_FOR does for others."""
    head, switch, cases = body.partition("switch (s->op.opcode) {")
    if switch:
        body = head + _branch(cases, op)
    names = {name for name, _ in ops().values()}
    return _FOR.sub(lambda call: "" if call[1] in names - {op} else call[2] + ")", body)


def _branch(cases: str, op: str) -> str:
    """The statements behind the op's label, or else behind `default`."""
    labels = list(_LABEL.finditer(cases))
    other = ""
    for i, label in enumerate(labels):
        if label[1] == op or label[1] is None:
            following = zip(labels[i:], labels[i + 1 :])  # labels without statements between them share those behind
            ends = [b.start() for a, b in following if cases[a.end() : b.start()].strip()]
            text = cases[label.end() : ends[0] if ends else len(cases)]
            if label[1] == op:
                return text
            other = text
    return other
