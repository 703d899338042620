"""What a board needs of upyml in its files: nothing, the native module, Python files, or both."""

from __future__ import annotations

from dataclasses import dataclass

import upyml
from host_tools import boards, package_files
from host_tools.deploy import bundle, errors
from host_tools.deploy.facts import Facts
from upyml.format import layout

# Boards of one architecture whose processors differ: only those that are known get the one that is called like it.
PLAIN = {"xtensawin": "xtensawin-plain"}

# A board whose floats are in single precision registers takes armv7emsp only; one without them what its core has.
MODULES = {arch: arch for arch in package_files.ARCHS if "-" not in arch} | {"armv7em": "armv7m", "armv7emdp": "armv7emsp"}

# The engine in Python and its check of a file: of no use beside the engine in C.
REFERENCE = ("upyml/_reference/", "upyml/format/check")


@dataclass(frozen=True)
class Plan:
    """files: contents by path on the board; stale: paths that would be imported instead of them; how: in words.

    native: bytes of native module among the files, which lie in RAM once imported; python: true where the Python files
    are among them. reference: no engine in C runs.
    """

    files: dict[str, bytes]
    stale: list[str]
    how: str
    native: int = 0
    python: bool = False
    reference: bool = False


def plan(
    facts: Facts,
    python: bool = False,
    version: int = layout.ENGINE_VERSION,
    drivers: dict[str, bytes] | None = None,
) -> Plan:
    """What has to be on the board. python: the engine in Python, where none in C would fit the board. version: the engine's
    that a native module must have at least. drivers: sources of drivers that the program imports, by paths below /lib; they
    are in the firmware where upyml is.

    Raises errors.OtherVersion, OldFirmware; package_files.NotBuilt; bundle.CompileError.
    """
    _same_version(facts)
    native = None if facts.builtin or python or facts.name == "circuitpython" else _native(facts, version)
    reference = not facts.builtin and native is None
    files = {} if native is None else {facts.lib + "/" + bundle.NATIVE: native}
    stale = [facts.lib + "/_upyml.py"] if native is not None else [facts.lib + "/" + bundle.NATIVE] * reference
    if not facts.frozen:
        for path, source in (bundle.sources() | (drivers or {})).items():
            if not reference and path.startswith(REFERENCE):
                continue
            place, other, content = _python(facts, path, source)
            files[place] = content
            stale.append(other)
    how = " and ".join(
        [text for text, there in (("native module", native), ("Python files", not facts.frozen)) if there]
    )
    return Plan(files, stale, how or "in the firmware", len(native or b""), not facts.frozen, reference)


def _python(facts: Facts, path: str, source: bytes) -> tuple[str, str, bytes]:
    """(path on the board, the same as the other kind of file, content)."""
    place = f"{facts.lib}/{path}"
    compiled = place.removesuffix(".py") + ".mpy"
    if facts.name == "micropython" and facts.mpy_version[0] == bundle.MPY_VERSION:
        return compiled, place, bundle.compile_mpy(path, source)
    return place, compiled, source


def _same_version(facts: Facts) -> None:
    """The firmware comes first wherever a module is looked for: nothing beside it can replace it."""
    for version in (facts.frozen, facts.builtin):
        if version and version != upyml.__version__:
            raise errors.OtherVersion(
                f"the board's firmware has upyml {version} in it, this is upyml {upyml.__version__}: flash the "
                f"firmware of this version (`upyml flash`), or use that one here (pip install upyml=={version})"
            )


def _native(facts: Facts, version: int) -> bytes:
    """The native module for the board."""
    slow = "or add --python for the engine in Python, which is much slower"
    if facts.arch not in MODULES:
        what = f"its .mpy architecture is {facts.arch}" if facts.arch else "it takes no native modules"
        raise errors.OldFirmware(
            f"{facts.machine} with {facts.firmware}: {what}, and upyml has modules for "
            f"{', '.join(sorted(MODULES))}: flash firmware with upyml in it, {slow}"
        )
    content = package_files.natmod(_module(facts, version)).read_bytes()
    needed = content[1], content[2] & 3
    if facts.mpy_version != needed:
        raise errors.OldFirmware(
            f"{facts.firmware} reads native modules of .mpy version {_dotted(facts.mpy_version)}, upyml's have "
            f"{_dotted(needed)}: flash MicroPython 1.23 or one of a later release with .mpy {_dotted(needed)}, {slow}"
        )
    return content


def _module(facts: Facts, version: int) -> str:
    """The name of the lightest native module for the board that runs models of an engine version."""
    name = MODULES[facts.arch]
    if name in PLAIN:
        known = boards.get(facts.board) if facts.chip_is_known else None
        name = known.natmod if known and known.arch == name else PLAIN[name]
    return package_files.lightest(name, version)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
