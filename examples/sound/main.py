"""Tells the digits that it hears: four times a second it looks at the last second of sound.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It listens to an I2S microphone (see README.md); where there is none, or a recording is named, it plays that.
"""

import sys
from array import array

import upyml
from upyml.sensors import mic_i2s, replay

RATE = 8000  # samples a second
PARTS = 4  # of the model's second; a new one for each look
SURE = 0.6  # answers below this are not told


def microphone_of(recording):
    """The microphone, or a recording of one."""
    if not recording:
        try:
            return mic_i2s.Sensor(RATE)
        except (ImportError, OSError) as error:  # no I2S
            print("no sensor (%s): playing recording.bin" % error)
    return replay.Sensor(recording or "recording.bin", rate=0)  # as fast as it goes


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    microphone = microphone_of(recording)
    size = len(model.input) // PARTS
    parts = [array("h", [0] * size) for _ in range(PARTS)]
    heard, before, told = 0, None, None
    while microphone.readinto(parts[0]) == size:
        parts.append(parts.pop(0))  # the newest goes last
        heard += size
        for i in range(PARTS):
            model.input[i * size : (i + 1) * size] = parts[i]
        model.run()
        label, score = best(model)
        if score < SURE or label == model.labels[-1]:  # the last one: no digit
            label = told = None
        if label == before != told:  # twice the same: half a word sounds like another, but not for long
            print("%5.2f s  %-5s  %3d %%" % (heard / RATE, label, round(100 * score)))
            told = label
        before = label


def best(model):
    """(label, score) of the model's output."""
    place = 0
    for i in range(len(model.output)):
        if model.output[i] > model.output[place]:
            place = i
    details = model.output_details[0]
    return model.labels[place], details.scale * (model.output[place] - details.zero_point)


if __name__ == "__main__":
    main(*sys.argv[1:])
