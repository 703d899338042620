"""A strict stand-in for CircuitPython on a board: circuitpython.py [--no-ulab] SCRIPT [ARGUMENT...]

Runs a Python script on CPython and offers it, and all it imports, only what CircuitPython has: its syntax, builtins,
modules, ulab and numbers. Where a board would raise, it raises the same kind of error. Modules are looked for beside
the script and in the folders of PYTHONPATH, as .py files.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from loader import Loader  # noqa: E402
from modules import board_modules  # noqa: E402


def main(arguments):
    """Runs the script of the command line; its exceptions are the caller's."""
    ulab = arguments[:1] != ["--no-ulab"]
    arguments = arguments if ulab else arguments[1:]
    if not arguments:
        sys.exit("no script: circuitpython.py [--no-ulab] SCRIPT [ARGUMENT...]")
    if not Path(arguments[0]).is_file():
        sys.exit(f"no such script: {arguments[0]}")
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    path = [str(Path(arguments[0]).parent), *folders]
    modules = board_modules(arguments, path)
    if ulab:
        from ulab_numpy import ulab_modules

        modules.update(ulab_modules())
    Loader(modules, path).main(arguments[0])


if __name__ == "__main__":
    main(sys.argv[1:])
