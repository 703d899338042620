"""A model whose input lies in a buffer of the caller's: caller.py MODEL. Prints its outputs for frames in one bytearray."""

import sys

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)
print(model.input, model.caller_inputs)
try:
    model.run()
except ValueError as error:
    print(error)

frame = bytearray(model.input_details[0].size)
model.bind(frame)
for start in range(3):
    for i in range(len(frame)):
        frame[i] = (start * 71 + i * 89) % 256
    model.run()
    print(list(model.output), sum(frame))
model.bind(memoryview(frame))
model.run()
print(list(model.output))
model.bind(bytearray(len(frame)))  # nobody else holds this one
for _ in range(20):
    bytearray(1000)
model.run()
print(list(model.output))
for wrong in (bytearray(3), 7, None):
    try:
        model.bind(wrong)
    except upyml.ModelError as error:
        print(error)
print(" ".join(["%.3f" % value for value in model.predict([0.25] * len(frame))]))
