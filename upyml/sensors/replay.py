"""No sensor but a recording of one, which plays at its rate: for a board without the sensor, for tests, for a computer.

A recording is two files: NAME.bin, the counts as little-endian int16, channels side by side, and NAME.json: {"channels":
["ax", ...], "units": ["m/s2", ...], "scales": [0.0024, ...], "rate": 100}. `upyml record` writes them. MicroPython,
CircuitPython and CPython.
"""

import json

from upyml.sensors.base import Base, pause, ticks_add, ticks_diff, ticks_us


class Sensor(Base):
    """path: NAME.bin. rate: frames a second to play at; None: as recorded, 0: as fast as they are read. The attribute rate
    is what was recorded in any case. buffer: frames that wait for a late reader, as in a real sensor; those beyond are lost
    and counted as overruns; None: all wait.

    Raises OSError where a file is missing, ValueError where the header is none.
    """

    def __init__(self, path="recording.bin", rate=None, *, buffer=None):
        header = path[: path.rfind(".")] + ".json"
        with open(header) as file:
            try:
                facts = json.loads(file.read())
                units, scales = tuple(facts["units"]), tuple(facts["scales"])
                channels, recorded = tuple(facts["channels"]), facts["rate"]
            except (KeyError, TypeError, ValueError):
                raise ValueError("%s is no header of a recording: channels, units, scales, rate" % header)
        if not len(channels) == len(units) == len(scales) > 0 or not recorded > 0:
            raise ValueError("%s does not have one unit and one scale for each channel, and a rate" % header)
        Base.__init__(self, channels, units, scales, recorded)
        self._file = open(path, "rb")
        self._width = 2 * len(channels)
        rate = recorded if rate is None else rate
        self._step = int(16000000 / rate + 0.5) if rate else 0  # from frame to frame, in 1/16 us
        self._buffer = buffer
        self._due = None  # when the next frame is there, in us; and what is left of it in 1/16 us
        self._rest = 0

    def readinto(self, counts):
        if self._due is None:
            self._due = ticks_us()
        if self._step:
            self._wait(2 * len(counts) // self._width)
        return (self._file.readinto(counts) or 0) // self._width

    def _wait(self, frames):
        """Until so many frames are there."""
        if self._buffer is not None:
            self._lose()
        self._pass(frames)
        while True:
            left = ticks_diff(self._due, ticks_us())
            if left <= 0:
                break
            pause(left)

    def _lose(self):
        """The frames that a late reader finds no more."""
        late = ticks_diff(ticks_us(), self._due) * 16 // self._step - self._buffer
        if late > 0:
            self.overruns += late
            self._file.seek(late * self._width, 1)
            self._pass(late)

    def _pass(self, frames):
        """So many frames later."""
        passed = frames * self._step + self._rest
        self._due = ticks_add(self._due, passed >> 4)
        self._rest = passed & 15

    def close(self):
        self._file.close()
