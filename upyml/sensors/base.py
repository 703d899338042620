"""What every driver of this package is: a Sensor whose frames are int16 counts, with what turns them into units.

A frame is one sample of every channel, at one time. A driver gives its base class the facts, and has readinto().
"""

import time
from array import array

try:
    from time import sleep_ms, sleep_us, ticks_add, ticks_diff, ticks_us

    def pause(us):
        """Waits so long, or a bit shorter: whole milliseconds, in which a board serves its USB and saves power."""
        if us < 2000:
            sleep_us(us)
        else:
            sleep_ms(us // 1000 - 1)

except ImportError:  # CPython and CircuitPython

    def ticks_us():
        return time.monotonic_ns() // 1000

    def ticks_add(ticks, us):
        return ticks + us

    def ticks_diff(later, earlier):
        return later - earlier

    def pause(us):
        time.sleep(us / 1000000)


class SensorError(OSError):
    """A sensor that does not answer, or is another one; the message is a sentence."""


class Base:
    """channels, units, scales: a tuple each, one entry a channel: its name, its unit, how much of that a count is.

    rate: frames a second, as the hardware gives them. overruns: frames that were lost so far because nobody read them in
    time, as far as the hardware tells; it rises in the readinto() that has the gap before or among its frames.
    """

    def __init__(self, channels, units, scales, rate):
        self.channels = channels
        self.units = units
        self.scales = scales
        self.rate = rate
        self.overruns = 0
        self._one = array("h", bytes(2 * len(channels)))

    def readinto(self, counts):
        """Waits for frames until counts is full of them: an array("h") or a memoryview of one, channels side by side.

        Answers how many frames it got: fewer only where there are no more (a recording has an end). Allocates nothing.
        """
        raise NotImplementedError

    def read(self):
        """The next frame in units, a list of floats; None where there are no more."""
        counts, scales = self._one, self.scales
        if not self.readinto(counts):
            return None
        return [counts[i] * scales[i] for i in range(len(scales))]


def whole(name, value, least, most):
    """The value, a number from least to most. Raises ValueError with a sentence."""
    if not least <= value <= most:
        raise ValueError("%s must be from %s to %s, received %s" % (name, least, most, value))
    return value
