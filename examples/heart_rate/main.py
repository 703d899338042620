"""Tells the heart rate from a pulse sensor at the finger (a PPG), every two seconds.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It listens to an analog pulse sensor (see README.md); where there is none, or a recording is named, it plays that.
"""

import math
import sys
from array import array

import upyml
from upyml.sensors import adc, replay

RATE = 25  # samples a second
WINDOW = 200  # samples: eight seconds
HOP = 50  # samples from one answer to the next


def pulse_of(window, out):
    """The window as the model takes it: without its mean, and with its deviation as the unit."""
    mean = sum(window) / WINDOW
    square = 0.0
    for value in window:
        square += (value - mean) * (value - mean)
    unit = math.sqrt(square / WINDOW) or 1.0
    for i in range(WINDOW):
        out[i] = (window[i] - mean) / unit
    return out


def sensor_of(recording):
    """The sensor, or a recording of one."""
    if not recording:
        try:
            return adc.Sensor(RATE, pins=(26,))
        except (ImportError, OSError) as error:  # no analog input
            print("no sensor (%s): playing recording.bin" % error)
    return replay.Sensor(recording or "recording.bin", rate=0)  # as fast as it goes


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    sensor = sensor_of(recording)
    window, new = array("h", [0] * WINDOW), array("h", [0] * HOP)
    pulse = array("f", [0.0] * WINDOW)
    seen = 0
    while sensor.readinto(new) == HOP:
        seen += HOP
        for i in range(WINDOW - HOP):
            window[i] = window[i + HOP]
        for i in range(HOP):
            window[WINDOW - HOP + i] = new[i]
        if seen >= WINDOW:
            print("%3d s  %3d beats a minute" % (seen / RATE, round(model.predict(pulse_of(window, pulse))[0])))


if __name__ == "__main__":
    main(*sys.argv[1:])
