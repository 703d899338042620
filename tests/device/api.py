"""Every method of a model once: api.py GESTURE EDGES. Prints numbers that must be the same everywhere."""

import sys
from array import array

from _engine import ENGINE

import upyml


def bits(numbers):
    """float32 numbers as integers: the same bytes everywhere."""
    return list(array("I", bytes(numbers)))


def signal(count, seed=1):
    """Numbers between -4 and 4 in steps of 1/32."""
    out = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(((seed >> 24) - 128) / 32)
    return out


model = upyml.load(sys.argv[1], ENGINE)
print(upyml.__version__, model)
print(model.arena_size, model.labels, sorted(model.metadata.items()))
print(model.input_details, model.output_details)

# predict: a list, nested lists, an array, a memoryview and a tuple are the same numbers.
x = signal(32 * 6)
nested = [x[i : i + 6] for i in range(0, len(x), 6)]
for given in (x, nested, array("f", x), memoryview(array("f", x)), tuple(x), array("d", x), [nested]):
    print(bits(model.predict(given)))
print(bits(model.predict(bytes(range(192)))), bits(model.predict([0] * 192)))
label, score = model.classify(x)
print(label, int(score * 256))

# The raw way: bytes in, bytes out.
model.input[:] = array("b", [i - 96 for i in range(192)])
model.run()
print(list(model.output), list(model.outputs[0]), len(model.inputs))

# profile: one entry an op; the microseconds are the runtime's own.
profile = model.profile(x)
print([(number, name, nbytes) for number, name, _, nbytes in profile], min([us for _, _, us, _ in profile]) >= 0)
model.reset()
print(model.selftest())

# A model from a buffer, with several inputs and outputs of other types.
with open(sys.argv[2], "rb") as file:
    model = upyml.load(file.read(), ENGINE)
print(model)
product, best = model.predict((signal(15, 2), [1, 2, 3]))
print(bits(product), [int(i) for i in best])
model.inputs[0][3] = -300
model.inputs[1][2] = 200
print(model.inputs[0][3], model.inputs[1][2], len(model.inputs[0]), [len(y) for y in model.outputs])
model.run()
print([int(i * 1024) for i in model.outputs[0]], list(model.outputs[1]))
