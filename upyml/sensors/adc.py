"""Analog inputs, one or several, in volts (machine.ADC): a potentiometer, a light or gas sensor, a PPG, a microphone.

A timer samples them into a buffer, 256 frames by default, while a program does something else. Where that was full, or the
timer's ticks did not come, what is in the buffer goes, too, so that the gap is where the reader is. MicroPython.

Wiring on a Raspberry Pi Pico: the signal, 0 to 3.3 V, to GP26, GP27 or GP28; GND to AGND.
"""

from array import array

from upyml.sensors.base import Base, pause, ticks_add, ticks_diff, ticks_us, whole


class Sensor(Base):
    """rate: frames a second, 1 to 2000; the timer has whole microseconds between two. pins: numbers. reference: the voltage
    of a full count. timer: the number of the machine.Timer to use (-1: one in software, where the board has such).

    Raises ValueError, or what machine raises.
    """

    def __init__(self, rate=100, *, pins=(26,), reference=3.3, buffer=256, timer=-1):
        whole("rate", rate, 1, 2000)
        from machine import ADC, Pin, Timer

        if not pins:
            raise ValueError("pins must be at least one")
        self._period = int(1000000 / rate + 0.5)  # us
        count = len(pins)
        names = tuple("adc%d" % pin for pin in pins)
        Base.__init__(self, names, ("V",) * count, (reference / 32767,) * count, 1000000 / self._period)
        self._inputs = [ADC(Pin(pin)) for pin in pins]
        self._ring = array("h", bytes(2 * count * buffer))
        self._write = self._read = 0  # places in it; equal: it is empty
        self._lost = 0  # frames, since the reader looked
        self._due = None  # when the next tick should come
        self._timer = Timer(timer)
        self._timer.init(mode=Timer.PERIODIC, freq=self.rate, callback=self._sample)

    def _sample(self, timer):
        """What the timer calls. Allocates nothing."""
        now, period = ticks_us(), self._period
        late = 0 if self._due is None else ticks_diff(now, self._due)
        missed = (late + period // 2) // period
        if missed > 0:  # ticks that did not come
            self._lost += missed
            self._due = None
        # Two clocks never agree: an early or late tick moves the next one a little.
        self._due = ticks_add(now if self._due is None else self._due, period + (0 if missed > 0 else late // 16))
        ring, at = self._ring, self._write
        for pin in self._inputs:
            ring[at] = pin.read_u16() >> 1
            at += 1
        if at == len(ring):
            at = 0
        if at == self._read:  # full: this frame is lost
            self._lost += 1
        else:
            self._write = at

    def _drop(self):
        """Empties the buffer and counts what was lost."""
        lost = self._lost
        write = self._write
        self._lost -= lost
        self.overruns += lost + (write - self._read) % len(self._ring) // len(self._inputs)
        self._read = write

    def readinto(self, counts):
        ring, channels, at = self._ring, len(self._inputs), 0
        while at + channels <= len(counts):
            if self._lost:
                self._drop()
            while self._read == self._write:
                pause(self._period // 2)
            read = self._read
            for _ in range(channels):
                counts[at] = ring[read]
                at += 1
                read += 1
            self._read = read if read < len(ring) else 0
        return at // channels

    def close(self):
        """Stops the timer."""
        self._timer.deinit()
