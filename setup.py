"""Builds the C extension `_upyml` and packs what boards need; everything else about the package stands in setup.cfg."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

ENGINE = Path("ports/engine")
HOST = "host" if sys.byteorder == "little" else ""  # kernels that take the file's words for the processor's
CORTEX_M0 = ENGINE / "cortex_m0"  # its kernels' scratch is asked for by the planner
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-O3"]
if os.environ.get("UPYML_WERROR"):  # set by make: a user's newer compiler may warn of more, and must still install
    FLAGS.append("-Werror")


def sources(folder):
    """The engine's C files, as ports/engine/sources.sh prints them: a file of the folder replaces its namesake."""
    own = (ENGINE / folder / "sources.txt").read_text().split() if folder else []
    plain = [name for name in (ENGINE / "sources.txt").read_text().split() if Path(name).name not in own]
    return [str(ENGINE / name) for name in [*plain, *(f"{folder}/{name}" for name in own)]]


# What host_tools/package_files.py finds in an installation: boards, examples, and what `make natmods` and `make bare` built.
PACKAGE_DATA = Path("host_tools/package_data")
NATMODS = re.search(r"NATMODS := (.*)", Path("Makefile").read_text())[1].split()
PACKED = {
    "boards": (Path("ports/boards"), ["*.toml"]),
    "natmod": (Path("build/natmod"), [f"{arch}/_upyml.mpy" for arch in NATMODS]),
    "bare": (Path("build/bare"), ["*/bench.elf"]),
    "examples": (Path("examples"), [f"*/{name}" for name in ("README.md", "*.py", "*.upm", "recording.*", "data/*")]),
}


class BuildWithBoardFiles(build_py):
    """Also copies files that are no part of a Python package's folder in the checkout."""

    def run(self):
        super().run()
        if self.editable_mode:
            return  # the checkout itself is used, and has them where they are
        target = Path(self.build_lib) / PACKAGE_DATA
        shutil.rmtree(target, ignore_errors=True)  # of an earlier build
        for kind, (folder, patterns) in PACKED.items():
            for path in (path for pattern in patterns for path in folder.glob(pattern)):
                place = target / kind / path.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        from host_tools import op_kernels

        (target / "kernels.json").write_text(json.dumps(op_kernels.facts(ENGINE)))


setup(
    cmdclass={"build_py": BuildWithBoardFiles},
    ext_modules=[
        Extension(
            "_upyml",
            sources=[*map(str, sorted(Path("ports/cpython").glob("*.c"))), *sources(HOST)],
            depends=[*map(str, [*ENGINE.rglob("sources.txt"), *ENGINE.rglob("*.h"), *ENGINE.rglob("scratch_*.c")])],
            include_dirs=[str(ENGINE), str(CORTEX_M0)],
            extra_compile_args=FLAGS,
        )
    ]
)
