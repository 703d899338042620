"""Builds the C extension `_upyml`; everything else about the package stands in setup.cfg."""

import os
from pathlib import Path

from setuptools import Extension, setup

ENGINE = Path("ports/engine")
SOURCES = [str(ENGINE / name) for name in (ENGINE / "sources.txt").read_text().split()]
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-O2"]
if os.environ.get("UPYML_WERROR"):  # set by make: a user's newer compiler may warn of more, and must still install
    FLAGS.append("-Werror")

setup(
    ext_modules=[
        Extension(
            "_upyml",
            sources=["ports/cpython/_upyml.c", *SOURCES],
            depends=["ports/engine/sources.txt", *map(str, ENGINE.rglob("*.h"))],
            include_dirs=[str(ENGINE)],
            extra_compile_args=FLAGS,
        )
    ]
)
