"""Streams into inputs of every type: stream_types.py MODEL.... Each MODEL answers its window of (6, 2) as it is."""

import sys

from _engine import ENGINE

import upyml

for path in sys.argv[1:]:
    model = upyml.load(path, ENGINE)
    stream = model.stream(hop=1)
    print(model.input_details[0].dtype)
    for i in range(9):
        answer = stream.push([i / 4, -i / 2])
        if answer:
            print([round(value * 20) for value in answer])
