"""Says in the evening how cold the coming night will be, from the warmest and the coldest of two days and the season.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It measures with a TMP36 at an analog input (see README.md) and tells at midnight; where there is none, or a recording is named,
it plays the days of that.
"""

import math
import sys
import time
from array import array

import upyml
from upyml.sensors import adc, replay

FROST = 2.0  # degrees; forecasts below it are marked: the model errs by about as much
DAY = 86400  # seconds


def days_of(recording):
    """(warmest, coldest, day of the year) of each day: measured, or of a recording."""
    if not recording:
        try:
            return measured(adc.Sensor(rate=1, pins=(26,)))
        except (ImportError, OSError) as error:  # no analog input
            print("no sensor (%s): playing recording.bin" % error)
    return recorded(replay.Sensor(recording or "recording.bin", rate=0))


def recorded(sensor):
    """The days of a recording."""
    while True:
        day = sensor.read()
        if day is None:
            return
        yield day


def measured(sensor):
    """The days as a thermometer has them: the extremes of each day, told at its end, by the board's clock."""
    counts = array("h", [0] * 60)  # a minute: the middle of so many is free of spikes
    today, warmest, coldest = time.localtime()[7], -100.0, 100.0
    while True:
        sensor.readinto(counts)
        volts = sorted(counts)[30] * sensor.scales[0]
        celsius = (volts - 0.5) * 100  # of a TMP36: 0.5 V at 0 degrees, 10 mV a degree
        warmest, coldest = max(warmest, celsius), min(coldest, celsius)
        now = time.localtime()[7]
        if now != today:
            yield warmest, coldest, today
            today, warmest, coldest = now, celsius, celsius


def features(day, before):
    """What the model takes: the temperatures of a day and the day before, and the season as a point on a circle."""
    season = 2 * math.pi * day[2] / 365
    return [day[0], day[1], before[0], before[1], math.sin(season), math.cos(season)]


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    days = days_of(recording)
    before = None
    for day in days:
        if before:
            night = model.predict(features(day, before))[0]
            text = "frost is likely" if night < FROST else ""
            print("day %3d  %5.1f to %4.1f C; the next night %5.1f C  %s" % (day[2], day[1], day[0], night, text))
        before = day


if __name__ == "__main__":
    main(*sys.argv[1:])
