"""A model that remembers starts from its states' zero points, after load() and reset(): states.py MODEL. Prints outputs."""

import sys

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)
for _ in range(2):
    for run in range(3):
        for view in model.inputs:
            for i in range(len(view)):
                view[i] = (i * 37 + run * 11) % 251 - 125
        model.run()
        print([list(view) for view in model.outputs])
    model.reset()
print(model.selftest(), model.selftest())
