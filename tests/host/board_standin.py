"""The stand-in for CircuitPython (tests/circuitpython) inside a test's own process: quick where much is tried."""

import sys
import textwrap

from runtimes import ROOT

FOLDER = ROOT / "tests" / "circuitpython"


class Board:
    """A board that has just started: its modules are its own, nothing is imported yet.

    ulab: whether it has ulab. There is no limit to the depth of calls here; only the program circuitpython.py sets it.
    """

    def __init__(self, ulab: bool = True, path=()):
        sys.path.insert(0, str(FOLDER))
        try:
            import buffers
            from loader import Loader
            from modules import board_modules
            from ulab_numpy import ulab_modules
        finally:
            sys.path.remove(str(FOLDER))
        folders = [*map(str, path), str(ROOT)]
        modules = board_modules(["script.py"], folders) | (ulab_modules() if ulab else {})
        self._loader = Loader(modules, folders)
        self.bytearray = buffers.bytearray
        self.to_bytes = buffers.to_bytes

    def import_(self, name: str):
        """A module as the board imports it."""
        return self._loader.import_(name, fromlist=("*",))

    def run(self, code: str, folder) -> str:
        """The name of the exception that a piece of source ends with; "" where it ends without one.

        folder: where the source is written to.
        """
        script = folder / "script.py"
        script.write_text(textwrap.dedent(code))
        try:
            self._loader.run(script)
        except Exception as error:  # whatever it is, its type is the answer
            return type(error).__name__
        return ""
