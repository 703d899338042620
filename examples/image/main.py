"""Reads digits from a camera.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It asks your module `camera` for images (see README.md); where there is none, or a recording is named, it plays that.
"""

import sys
from array import array

import upyml
from upyml.sensors import replay

SIDE = 28  # pixels
SURE = 0.8  # answers below this are not told: mostly there is no digit, or half of one


def camera_of(recording):
    """A function that fills a buffer with the pixels of the next image, and answers False where there is no more."""
    if not recording:
        try:
            from camera import capture

            return capture
        except ImportError as error:
            print("no camera (%s): playing recording.bin" % error)
    sensor = replay.Sensor(recording or "recording.bin", rate=0)
    counts = array("h", [0] * (SIDE * SIDE))

    def played(frame):
        if sensor.readinto(counts) < len(frame):
            return False
        for i, value in enumerate(counts):
            frame[i] = value
        return True

    return played


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    capture = camera_of(recording)
    frame = bytearray(SIDE * SIDE)
    number = 0
    while capture(frame):
        number += 1
        digit, score = model.classify(frame)
        print("image %2d  %s  %3d %%" % (number, digit if score >= SURE else "?", round(100 * score)))


if __name__ == "__main__":
    main(*sys.argv[1:])
