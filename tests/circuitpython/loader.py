"""Import as on a board: builtin modules, then the .py files of sys.path, each translated by syntax.py."""

import sys
import types
from pathlib import Path

from board_builtins import board_builtins
from syntax import translate

DEPTH = 45  # calls that a 2 KB stack of frames holds
_IMPORT = 6  # frames of CPython that an import takes here and not on a board
_HELPERS = 8  # and those of the helpers, below the deepest call


class Loader:
    """Holds the imported modules. builtin: modules by name; path: folders to look in, which a script may change."""

    def __init__(self, builtin, path):
        self.builtin = builtin
        self.path = path
        self.loaded = {}
        self.builtins = board_builtins(self.import_)
        if "sys" in builtin:
            builtin["sys"].modules = self.loaded

    def run(self, path, name="__main__", search=None):
        """Executes a file as the module of that name."""
        module = types.ModuleType(name)
        module.__dict__.update(__file__=str(path), __builtins__=self.builtins)
        if search is not None:
            module.__path__ = str(search)
        self.loaded[name] = module
        try:
            exec(self._compiled(path), module.__dict__)
        except BaseException:
            del self.loaded[name]
            raise
        return module

    def _compiled(self, path):
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 1000)
        try:
            return translate(Path(path).read_text(), str(path))
        finally:
            sys.setrecursionlimit(limit)

    def main(self, path):
        """Executes a script with no more frames than a board has."""
        frame, depth = sys._getframe(), 0
        while frame is not None:
            frame, depth = frame.f_back, depth + 1
        sys.setrecursionlimit(depth + DEPTH + _HELPERS)
        self.run(path)

    def import_(self, name, globals=None, locals=None, fromlist=(), level=0):
        """What the import statement calls."""
        if level:
            here = globals["__name__"].split(".")
            base = here[: len(here) - level + ("__path__" in globals)]
            name = ".".join([*base, name] if name else base)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + _IMPORT)
        try:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                module = self._one(".".join(parts[:end]))
            for part in fromlist or ():
                if part != "*" and not hasattr(module, part) and hasattr(module, "__path__"):
                    self._one(f"{name}.{part}")
        finally:
            sys.setrecursionlimit(limit)
        return module if fromlist else self.loaded[parts[0]]

    def _one(self, name):
        if name in self.loaded:
            return self.loaded[name]
        if name in self.builtin:
            self.loaded[name] = self.builtin[name]
            return self.loaded[name]
        parent, _, last = name.rpartition(".")
        folders = [self.loaded[parent].__path__] if parent else self.path
        for folder in folders:
            place = Path(folder) / last
            if (place / "__init__.py").is_file():
                module = self.run(place / "__init__.py", name, place)
            elif place.with_name(last + ".py").is_file():
                module = self.run(place.with_name(last + ".py"), name)
            elif place.with_name(last + ".mpy").is_file():
                raise ValueError("incompatible .mpy file")
            else:
                continue
            if parent:
                setattr(self.loaded[parent], last, module)
            return module
        raise ImportError(f"no module named '{name}'")
