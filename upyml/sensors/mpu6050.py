"""The MPU-6050 at I2C (and the MPU-6500 and MPU-9250, which have its registers): accelerometer and gyroscope.

The chip samples by its own clock and keeps frames until they are read, up to 42 of them (85 in an MPU-6050), so none is
lost while a program does something else. MicroPython; CircuitPython with a bus=busio.I2C(...).

Wiring on a Raspberry Pi Pico: VCC to 3V3, GND to GND, SCL to GP5, SDA to GP4; on other boards give other pins.
"""

from upyml.sensors.base import Base, SensorError, pause, whole
from upyml.sensors.i2c import Registers, bus_of

DIVIDER, FILTER, GYRO_RANGE, ACCEL_RANGE, FIFO_ENABLE = 0x19, 0x1A, 0x1B, 0x1C, 0x23
STATUS, CONTROL, POWER, FIFO_COUNT, FIFO, WHO = 0x3A, 0x6A, 0x6B, 0x72, 0x74, 0x75
KNOWN = 0x68, 0x70, 0x71, 0x73  # MPU-6050, -6500, -9250, -9255
OVERFLOW = 0x10  # in STATUS
FRAME = 12  # bytes

GRAVITY = 9.80665  # m/s2
DEGREE = 0.017453293  # radians
G_RANGES = 2, 4, 8, 16
DPS_RANGES = 250, 500, 1000, 2000
BANDWIDTHS = 184, 94, 44, 21, 10, 5  # Hz, of the settings 1 to 6 of the chip's low-pass filter


class Sensor(Base):
    """rate: frames a second, 4 to 1000; the chip has 1000 divided by a whole number, the nearest is taken.

    g, dps: the ranges, up to how many g (2, 4, 8, 16) and degrees a second (250, 500, 1000, 2000). The chip's low-pass
    filter is set to less than half of the rate, 5 Hz at least. Raises SensorError, ValueError.
    """

    def __init__(self, rate=100, *, g=8, dps=1000, bus=None, scl=5, sda=4, id=0, address=0x68):
        whole("rate", rate, 4, 1000)
        if g not in G_RANGES or dps not in DPS_RANGES:
            raise ValueError("g must be one of %s, dps one of %s: received %s, %s" % (G_RANGES, DPS_RANGES, g, dps))
        divider = int(1000 / rate + 0.5)
        Base.__init__(
            self,
            ("ax", "ay", "az", "gx", "gy", "gz"),
            ("m/s2",) * 3 + ("rad/s",) * 3,
            (g * GRAVITY / 32768,) * 3 + (dps * DEGREE / 32768,) * 3,
            1000 / divider,
        )
        self._chip = chip = Registers(bus_of(bus, scl, sda, id), address, "MPU-6050")
        self._count = bytearray(2)
        self._raw = bytearray(FRAME)
        self._poll = 250 * divider  # us, a quarter of a frame
        chip.expect(WHO, *KNOWN)
        chip.set(POWER, 0x80)  # reset
        pause(100000)
        chip.set(POWER, 0x01)  # awake, by the gyroscope's clock
        pause(50000)
        chip.set(FILTER, 1 + sum(2 * width > self.rate for width in BANDWIDTHS[:-1]))
        chip.set(DIVIDER, divider - 1)
        chip.set(GYRO_RANGE, DPS_RANGES.index(dps) << 3)
        chip.set(ACCEL_RANGE, G_RANGES.index(g) << 3)
        self._start()

    def _start(self):
        """Empties the FIFO and lets it fill."""
        self._waiting = 0  # frames that are known to be in it
        self._chip.set(FIFO_ENABLE, 0)
        self._chip.set(CONTROL, 0x04)  # empty it
        self._chip.set(CONTROL, 0x40)
        self._chip.set(FIFO_ENABLE, 0x78)  # three axes of the gyroscope, the accelerometer
        self._chip.get(STATUS)  # reading clears it

    def _wait(self):
        """Until a whole frame is in the FIFO; one that ran over is emptied, as the chip may have cut a frame in it."""
        for _ in range(100):  # a frame takes four of these pauses
            self._chip.read(FIFO_COUNT, self._count)
            count = self._count[0] << 8 | self._count[1]
            if self._chip.get(STATUS) & OVERFLOW:
                self.overruns += count // FRAME + 1  # at least: those in it, and what it had no room for
                self._start()
            elif count >= FRAME:
                self._waiting = count // FRAME
                return
            else:
                pause(self._poll)
        raise SensorError("the MPU-6050 answers but measures nothing: switch its power off and on")

    def readinto(self, counts):
        raw, at = self._raw, 0
        while at + 6 <= len(counts):
            if not self._waiting:
                self._wait()
            self._chip.read(FIFO, raw)
            self._waiting -= 1
            for i in range(0, FRAME, 2):
                counts[at] = ((raw[i] << 8 | raw[i + 1]) ^ 0x8000) - 0x8000
                at += 1
        return at // 6
