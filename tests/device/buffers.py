"""Buffers given to load(): buffers.py MODEL. Prints what a change of the buffer does, then other kinds of buffers."""

import sys
from array import array

from _engine import ENGINE

import upyml

with open(sys.argv[1], "rb") as file:
    data = file.read()

x = [0.5] * 192
expected = list(upyml.load(data, ENGINE).predict(x))

for kind in (bytearray, lambda content: array("B", content)):
    buffer = kind(data)
    model = upyml.load(buffer, ENGINE)
    print(list(model.predict(x)) == expected)
    rest = [kind(bytes(64)) for _ in range(8)]  # in the way: the buffer has to move
    buffer.extend(bytes(20000))
    for i in range(50):
        rest.append(bytearray(1000))
    try:
        print(list(model.predict(x)) == expected)
    except ValueError as error:
        print(error)

print(list(upyml.load(memoryview(data), ENGINE).predict(x)) == expected)
wide = array("H", data + bytes(len(data) % 2))
try:
    print(list(upyml.load(wide, ENGINE).predict(x)) == expected)
except upyml.ModelError as error:
    print(error)
