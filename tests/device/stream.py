"""A stream gives what predict() gives on whole windows: stream.py MODEL. Prints (sample number, answer's raw bytes)."""

import sys
from array import array

from _engine import ENGINE

import upyml

model = upyml.load(sys.argv[1], ENGINE)
window, channels = model.input_details[0].shape
samples = array("f", [((i * 37) % 256 - 128) / 32 for i in range(100 * channels)])

for hop in (None, 1, 5, 32, 40):
    stream = model.stream(hop=hop)
    print(stream.window, stream.hop, stream.channels)
    for i in range(100):
        answer = stream.push(samples[i * channels : (i + 1) * channels])
        if answer is None:
            continue
        streamed = list(model.output)
        model.predict(samples[(i + 1 - window) * channels : (i + 1) * channels])
        print(i, answer[0], streamed, streamed == list(model.output))
