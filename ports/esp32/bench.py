"""Times each layer of a model on an ESP32 and prints a Markdown table. (It runs wherever MicroPython has upyml.)

    mpremote connect PORT run ports/esp32/bench.py        the first model that the board has in / or /rom
    micropython ports/esp32/bench.py FILE [RUNS]

No ESP32 has run it yet: MicroPython for Unix and on an emulated LX6 have.

Of RUNS runs the least time of each layer counts: the first one fetches code and weights through the flash's cache, and
others are interrupted by Wi-Fi and timers. A layer of less than 100 us is not much longer than the two looks at the clock
around it. Cycles are those of the clock that machine.freq() tells; MicroPython starts with 160 MHz, machine.freq(240000000)
makes it 240.
"""

import gc
import os
import sys

import upyml

RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 10


def find():
    """The path of a model: the first argument, or the first file that looks like one."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    for folder in ("/", "/rom/"):
        try:
            found = sorted(name for name in os.listdir(folder) if name.endswith(".upm"))
        except OSError:
            found = []
        if found:
            return folder + found[0]
    raise OSError("no .upm file in / or /rom: upyml deploy MODEL.upm")


def clock():
    """Hz, or 0 where nobody tells."""
    try:
        from machine import freq

        return freq()
    except ImportError:
        return 0


def least(model):
    """Layers as Model.profile() has them, with the least time of each in RUNS runs, and the least sum of a run."""
    layers = model.profile()
    total = sum(layer[2] for layer in layers)
    for _ in range(RUNS - 1):
        gc.collect()
        again = model.profile()
        total = min(total, sum(layer[2] for layer in again))
        layers = [one if one[2] <= other[2] else other for one, other in zip(layers, again)]
    return layers, total


def row(number, name, us, hz):
    cycles = us * (hz // 1000) // 1000
    print("| {} | {} | {} | {} |".format(number, name, us, cycles if hz else "-"))


path = find()
model = upyml.load(path)
right = model.selftest()
hz = clock()
layers, total = least(model)
machine = getattr(sys.implementation, "_machine", sys.platform)
version = ".".join(str(part) for part in sys.implementation.version[:3])
print("{}, MicroPython {}, upyml {}, {}".format(machine, version, upyml.__version__,
                                                "{} MHz".format(hz // 1000000) if hz else "clock unknown"))  # fmt: skip
print("{}, arena {} bytes, engine {}, self test: {}; the least of {} runs".format(
    path, model.arena_size, model._module.__name__, right, RUNS))  # fmt: skip
print()
print("| layer | op | us | cycles |")
print("| --- | --- | --- | --- |")
for number, name, us, _ in layers:
    row(number, name, us, hz)
row("all", "", total, hz)
