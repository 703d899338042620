"""The LSM6DS3 at I2C (and the LSM6DS3TR-C, LSM6DSL, LSM6DSM, which have its FIFO): accelerometer and gyroscope.

The chip samples by its own clock and keeps frames until they are read, up to 341 of them, so none is lost while a
program does something else. MicroPython; CircuitPython with a bus=busio.I2C(...).

Wiring on a Raspberry Pi Pico: VIN to 3V3, GND to GND, SCL to GP5, SDA to GP4; on other boards give other pins.
"""

from upyml.sensors.base import Base, SensorError, pause
from upyml.sensors.i2c import Registers, bus_of

FIFO_DECIMATION, FIFO_MODE, WHO, ACCEL, GYRO, CONTROL = 0x08, 0x0A, 0x0F, 0x10, 0x11, 0x12
FIFO_STATUS, FIFO = 0x3A, 0x3E
KNOWN = 0x69, 0x6A  # LSM6DS3; LSM6DS3TR-C, LSM6DSL, LSM6DSM
OVERRUN, EMPTY = 0x40, 0x10  # in the second byte of FIFO_STATUS
FRAME = 12  # bytes: gyroscope, then accelerometer

GRAVITY = 9.80665  # m/s2
DEGREE = 0.017453293  # radians
RATES = 12.5, 26, 52, 104, 208, 416, 833, 1660  # Hz, of the settings 1 to 8
G_RANGES = {2: (0, 0.000061), 4: (2, 0.000122), 8: (3, 0.000244), 16: (1, 0.000488)}  # setting, g a count
DPS_RANGES = {250: (0, 0.00875), 500: (1, 0.0175), 1000: (2, 0.035), 2000: (3, 0.07)}  # setting, degrees/s a count


class Sensor(Base):
    """rate: frames a second; the chip has RATES, the nearest is taken (its clock may be off by some percent).

    g, dps: the ranges, up to how many g (2, 4, 8, 16) and degrees a second (250, 500, 1000, 2000). Raises SensorError,
    ValueError.
    """

    def __init__(self, rate=104, *, g=8, dps=1000, bus=None, scl=5, sda=4, id=0, address=0x6A):
        if g not in G_RANGES or dps not in DPS_RANGES:
            raise ValueError(
                "g must be one of %s, dps one of %s: received %s, %s"
                % (sorted(G_RANGES), sorted(DPS_RANGES), g, dps)
            )
        if not 0 < rate <= 2000:
            raise ValueError("rate must be one of %s, received %s" % (RATES, rate))
        setting = min(range(len(RATES)), key=lambda i: abs(RATES[i] - rate)) + 1
        accel, a_scale = G_RANGES[g]
        gyro, g_scale = DPS_RANGES[dps]
        Base.__init__(
            self,
            ("ax", "ay", "az", "gx", "gy", "gz"),
            ("m/s2",) * 3 + ("rad/s",) * 3,
            (a_scale * GRAVITY,) * 3 + (g_scale * DEGREE,) * 3,
            RATES[setting - 1],
        )
        self._chip = chip = Registers(bus_of(bus, scl, sda, id), address, "LSM6DS3")
        self._status = bytearray(2)
        self._raw = bytearray(FRAME)
        self._poll = int(250000 / self.rate)  # us, a quarter of a frame
        chip.expect(WHO, *KNOWN)
        # A TR-C's count of words has 11 bits; the twelfth is another flag there.
        self._high = 0x0F if chip.get(WHO) == 0x69 else 0x07
        chip.set(CONTROL, 0x01)  # reset
        pause(20000)
        chip.set(CONTROL, 0x44)  # no half new values; addresses count up
        chip.set(ACCEL, setting << 4 | accel << 2)
        chip.set(GYRO, setting << 4 | gyro << 2)
        chip.set(FIFO_DECIMATION, 0x09)  # both sensors, every sample
        self._mode = setting << 3 | 6  # continuous: when full, the oldest goes
        self._start()

    def _start(self):
        """Empties the FIFO and lets it fill."""
        self._waiting = 0  # frames that are known to be in it
        self._chip.set(FIFO_MODE, 0)
        self._chip.set(FIFO_MODE, self._mode)

    def _wait(self):
        """Until a whole frame is in the FIFO; one that ran over is emptied, as a frame may be cut in it."""
        status = self._status
        for _ in range(200):  # a frame takes four of these pauses, the first after a start some more
            self._chip.read(FIFO_STATUS, status)
            words = (status[1] & self._high) << 8 | status[0]
            if status[1] & OVERRUN:
                self.overruns += words // 6 + 1  # at least: those in it, and what it had no room for
                self._start()
            elif words >= 6 and not status[1] & EMPTY:
                self._waiting = words // 6
                return
            else:
                pause(self._poll)
        raise SensorError("the LSM6DS3 answers but measures nothing: switch its power off and on")

    def readinto(self, counts):
        raw, at = self._raw, 0
        while at + 6 <= len(counts):
            if not self._waiting:
                self._wait()
            self._chip.read(FIFO, raw)
            self._waiting -= 1
            for i in range(6):
                low = 2 * i + 6 if i < 3 else 2 * i - 6  # the accelerometer's are the last six bytes
                counts[at] = ((raw[low + 1] << 8 | raw[low]) ^ 0x8000) - 0x8000
                at += 1
        return at // 6
