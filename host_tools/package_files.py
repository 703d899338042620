"""Files that come with upyml and are no modules of it: native modules, boards' descriptions, the programs that count what a model
takes, the examples that projects begin as.

A checkout has them where they are written and built (ports/boards, build/natmod, build/bare, examples); in an installed wheel
they lie in host_tools/package_data, where setup.py puts them.
"""

from __future__ import annotations

from pathlib import Path

from host_tools.deploy import errors

PACKAGED = Path(__file__).resolve().parent / "package_data"
CHECKOUT = Path(__file__).resolve().parents[1]

# What native modules are built for, by the names that MicroPython's build gives these CPUs. xtensawin is for those
# with MAC16 and loops, ESP32 and ESP32-S3; xtensawin-plain for all others of that architecture. Lighter ones run models up
# to an engine version: ...-coded without the families of ops beyond the base one, ...-dense also without the codings of
# weights that are sparse or of four bits.
ARCHS = (
    "x64",
    "armv6m",
    "armv6m-coded",
    "armv6m-dense",
    "armv7m",
    "armv7emsp",
    "armv7emsp-coded",
    "armv7emsp-dense",
    "xtensawin",
    "xtensawin-coded",
    "xtensawin-dense",
    "xtensawin-plain",
    "rv32imc",
    "rv32imc-coded",
    "rv32imc-dense",
)
LIGHTER = {1: "-dense", 2: "-coded"}  # engine version of a model: what is behind the name of the module that is enough


class NotBuilt(errors.Missing, FileNotFoundError):
    """A native module that is not there; the message says how to get it."""


def is_installed() -> bool:
    """Whether this is an installed wheel, not a checkout."""
    return PACKAGED.is_dir()


def boards() -> Path:
    """The folder of the boards' descriptions, NAME.toml."""
    return PACKAGED / "boards" if is_installed() else CHECKOUT / "ports" / "boards"


def examples() -> Path:
    """The folder of the examples that `upyml new` copies."""
    return (PACKAGED if is_installed() else CHECKOUT) / "examples"


def natmod(arch: str) -> Path:
    """The native module _upyml.mpy for an architecture, one of ARCHS. Raises NotBuilt."""
    path = _natmods() / arch / "_upyml.mpy"
    if arch not in ARCHS:
        raise NotBuilt(f"there is no native module for {arch!r}; there are ones for {', '.join(ARCHS)}")
    if not path.is_file():
        how = "this installation came without it" if is_installed() else "run `make natmods`"
        raise NotBuilt(f"the native module for {arch} is not built: {how}")
    return path


def lightest(arch: str, version: int) -> str:
    """The name of the lightest native module that runs models of an engine version: arch, or a lighter one of it. What is built is
    preferred to what is not."""
    lighter = [arch + end for known, end in LIGHTER.items() if version <= known]
    enough = [name for name in (*lighter, arch) if name in ARCHS]
    return next((name for name in enough if name in natmods()), enough[0])


def forms(arch: str) -> list[str]:
    """A native module and the lighter ones of it, by name."""
    return [arch, *(arch + end for end in LIGHTER.values() if arch + end in ARCHS)]


def natmods() -> tuple[str, ...]:
    """The architectures whose native module is there."""
    return tuple(arch for arch in ARCHS if (_natmods() / arch / "_upyml.mpy").is_file())


def bare(machine: str) -> Path:
    """The program that counts what a model takes on an emulated machine (ports/bare/MACHINE); made by `make bare`."""
    return (PACKAGED if is_installed() else CHECKOUT / "build") / "bare" / machine / "bench.elf"


def _natmods() -> Path:
    return PACKAGED / "natmod" if is_installed() else CHECKOUT / "build" / "natmod"
