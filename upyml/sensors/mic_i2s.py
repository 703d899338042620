"""A digital microphone at I2S (INMP441, ICS-43434, SPH0645 and their like), for MicroPython (machine.I2S).

The board's DMA fills a buffer while a program does something else: half a second by default. MicroPython does not tell
when that has run over; the driver sees it by its clock, and leaves out what is in the buffer, so that the gap is where the
reader is. CircuitPython has no input by I2S.

Wiring on a Raspberry Pi Pico: VDD to 3V3, GND to GND, SCK to GP16, WS to GP17, SD to GP18, L/R to GND (left).
"""

from array import array

from upyml.sensors.base import Base, ticks_diff, ticks_us, whole


class Sensor(Base):
    """rate: samples a second. bits: how many of each 32 that the microphone sends are above the 16 that are kept, less 16:
    gain=4 doubles four times, and what is too loud then wraps. buffer_ms: what the board keeps while nobody reads.

    On a Pico ws must be the pin behind sck. Raises ValueError, or what machine.I2S raises.
    """

    def __init__(self, rate=8000, *, gain=0, buffer_ms=500, sck=16, ws=17, sd=18, id=0):
        whole("rate", rate, 4000, 48000)
        whole("gain", gain, 0, 15)
        from machine import I2S, Pin

        Base.__init__(self, ("sound",), ("FS",), (1 / 32768,), rate)
        self._gain = gain
        self._shift = I2S.shift
        self._raw = array("h", bytes(4 * 128))  # 128 samples of 32 bits
        self._view = memoryview(self._raw)
        self._buffer_us = buffer_ms * 1000
        self._held = rate * buffer_ms // 1000  # samples
        self._bus = I2S(
            id,
            sck=Pin(sck),
            ws=Pin(ws),
            sd=Pin(sd),
            mode=I2S.RX,
            bits=32,
            format=I2S.MONO,
            rate=rate,
            ibuf=4 * self._held,
        )
        self._last = None

    def _drop(self):
        """Empties the buffer, and counts all since the last read as lost."""
        left = self._held
        while left > 0:
            left -= self._bus.readinto(self._raw) // 4
        self.overruns += (ticks_diff(ticks_us(), self._last) * self.rate + 999999) // 1000000

    def readinto(self, counts):
        raw, count, at = self._raw, len(counts), 0
        if self._last is not None and ticks_diff(ticks_us(), self._last) > self._buffer_us:
            self._drop()
        while at < count:
            some = min(count - at, len(raw) // 2)
            part = raw if 2 * some == len(raw) else self._view[: 2 * some]
            self._bus.readinto(part)
            if self._gain:
                self._shift(buf=part, bits=32, shift=self._gain)
            for i in range(1, 2 * some, 2):  # the upper half of each
                counts[at] = raw[i]
                at += 1
        self._last = ticks_us()
        return count
