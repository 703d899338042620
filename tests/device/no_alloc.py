"""run() allocates nothing: no_alloc.py MODEL RUNS. Prints by how many bytes the heap grew (0 where it cannot be asked).

The engine in Python makes garbage while it runs; it is collected first, so that only what stays is counted.
"""

import gc
import sys

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)


def runs(count):
    """Bytes by which the heap grew during `count` runs."""
    native = not hasattr(model._engine, "_steps")
    used = gc.mem_alloc if hasattr(gc, "mem_alloc") else int
    run = model.run
    run()
    gc.collect()
    gc.disable()
    before = used()
    for _ in range(count):
        run()
        if not native:
            gc.collect()
    after = used()
    gc.enable()
    return after - before


print(runs(int(sys.argv[2])))
print(list(model.output))
