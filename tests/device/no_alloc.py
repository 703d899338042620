"""run() and push() allocate nothing: no_alloc.py MODEL RUNS. Prints by how many bytes the heap grew in each, and in one
push that answers.

Where the heap cannot be asked it prints 0. The engine in Python makes garbage while it runs; it is collected first, so
that only what stays is counted.
"""

import gc
import sys

from _engine import ENGINE

import upyml

used = gc.mem_alloc if hasattr(gc, "mem_alloc") else int
model = upyml.load(sys.argv[1], ENGINE)


def growth(function, argument, count, collect):
    """Bytes by which the heap grew during `count` calls."""
    function(argument)
    gc.collect()
    gc.disable()
    before = used()
    for _ in range(count):
        function(argument)
        if collect:
            gc.collect()
    after = used()
    gc.enable()
    return after - before


in_python = hasattr(model._engine, "_steps")
count = int(sys.argv[2])
print(growth(model.run, None, count, in_python))
stream = model.stream(hop=2 * count)
print(growth(stream.push, [0.5] * stream.channels, 30, False))
stream = model.stream(hop=1)
for _ in range(stream.window + 1):
    stream.push([0.5] * stream.channels)
print(growth(stream.push, [0.5] * stream.channels, 10, in_python) // 10)
print(list(model.output))
