"""Load a model and predict on a small heap: heap.py MODEL. Prints the answer's raw bytes."""

import sys

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)
model.predict([i / 64 for i in range(model.input_details[0].size)])
print(list(model.output))
