"""upyml as packages that MicroPython's `mip` installs: a folder for any static web server.

    OUT/ARCH/package.json    for boards whose native modules are for ARCH: the engine in C, Python compiled to .mpy
    OUT/py/package.json      for boards that take no native modules or no .mpy: Python as source
"""

from __future__ import annotations

import json

import upyml
from host_tools import package_files
from host_tools.deploy import bundle

SOURCE = "py"  # the package without native module


def packages(url: str = "") -> dict[str, dict[str, bytes]]:
    """Every package by its folder's name: contents by path within the folder.

    url: where the folder will be served. With it a package names whole addresses, which the mip of MicroPython 1.24 and
    before understands, too; without it they are relative, and the folder may be served from anywhere.
    Raises package_files.NotBuilt where there is no native module at all, bundle.CompileError.
    """
    archs = package_files.natmods()
    if not archs:
        package_files.natmod(package_files.ARCHS[0])  # says how to get them
    found = {arch: bundle.files(arch) for arch in archs}
    found[SOURCE] = bundle.files(None, mpy=False)
    prefix = f"{url.rstrip('/')}/" if url else ""
    return {
        name: files | {"package.json": _list(files, f"{prefix}{name}/" if prefix else "")}
        for name, files in found.items()
    }


def _list(files: dict[str, bytes], prefix: str) -> bytes:
    """package.json: each file's place below the board's lib folder, and its address."""
    content = {"urls": [[path, prefix + path] for path in sorted(files)], "deps": [], "version": upyml.__version__}
    return (json.dumps(content, indent=1) + "\n").encode()
