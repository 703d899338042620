"""float32 numbers keep all their bits on the way into a model: float_bits.py MODEL. MODEL answers its input as it is.

A Python float of CircuitPython has 30 bits: numbers that went through one would come back changed.
"""

import sys
from array import array

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)
count = model.input_details[0].size
x = array("f", bytes(array("I", [0x3F800001 + 0x00ABCDEF * i for i in range(count)])))


def show(answer):
    print(bytes(answer) == bytes(x), list(array("I", bytes(answer)))[:3])


for given in (x, memoryview(x), [x[:6], x[6:]], [[x]], [memoryview(x)[:4], memoryview(x)[4:]]):
    show(model.predict(given))

for samples in (x, memoryview(x)):
    stream = model.stream()
    for i in range(0, count, stream.channels):
        answer = stream.push(samples[i : i + stream.channels])
    show(answer)
