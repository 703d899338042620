"""A deployed model's trial on its board: load it, run its test vectors, count heap and time."""

from __future__ import annotations

from dataclasses import dataclass

import upyml
from host_tools.deploy import errors
from host_tools.deploy.connection import Connection, ScriptFailed

PATIENCE = 900  # seconds: an emulated board is slow, and a self test answers only at its end

_SCRIPT = """
import gc, sys, time
gc.collect()
h = [gc.mem_alloc()]
import upyml
t = {'version': upyml.__version__, 'file': getattr(upyml, '__file__', '')}
gc.collect()
h.append(gc.mem_alloc())
if upyml.__version__ == %(version)r:
    m = upyml.load(%(path)r)
    gc.collect()
    h.append(gc.mem_alloc())
    t['engine'] = m._module.__name__
    t['arena'] = m.arena_size
    t['heap_free'] = gc.mem_free()
    r = m.selftest()
    t['selftest'] = True if r else str(r)
    n, us = 0, 0
    while n < 3 and us < 20000:
        s = time.ticks_us() if hasattr(time, 'ticks_us') else time.monotonic_ns()
        m.run()
        us += time.ticks_diff(time.ticks_us(), s) if hasattr(time, 'ticks_us') else (time.monotonic_ns() - s) // 1000
        n += 1
    t['us'] = us / n
t['heap'] = h
print(t)
"""


@dataclass(frozen=True)
class Trial:
    """selftest: True, or the first difference; ms: one run by the board's clock; the rest is bytes of its heap.

    heap_import: taken by `import upyml`; heap_load: by loading the model, with what that imports and the arena;
    heap_used: all in use with the model loaded; heap_free: what is left then.
    """

    selftest: bool | str
    ms: float
    engine: str
    arena: int
    heap_import: int
    heap_load: int
    heap_used: int
    heap_free: int


def run(board: Connection, path: str) -> Trial:
    """Tries the model at `path` on a board that was just reset.

    Raises errors.OtherVersion, BoardFailed (out of RAM, a model that is refused), ConnectionLost.
    """
    script = _SCRIPT % {"path": path, "version": upyml.__version__}
    try:
        told = board.ask(script, PATIENCE, "the model was tried: it is on the board, its self test has not ended")
    except ScriptFailed as error:
        raise errors.BoardFailed(f"{path} is on the board, but does not work there: {error}") from None
    if told["version"] != upyml.__version__:
        raise errors.OtherVersion(
            f"the board imports upyml {told['version']} from {told['file']}, before the {upyml.__version__} that was "
            "put there: remove that one"
        )
    start, imported, loaded = told["heap"]
    return Trial(
        told["selftest"],
        told["us"] / 1000,
        told["engine"],
        told["arena"],
        imported - start,
        loaded - imported,
        loaded,
        told["heap_free"],
    )
