"""The drivers of upyml.sensors with chips made of registers behind the buses: sensor_drivers.py FOLDER_OF_MACHINE.

Prints what they give; nothing of it depends on the runtime.
"""

import sys
from array import array

sys.path.insert(0, sys.argv[1])

import machine  # noqa: E402

from upyml.sensors import adc, lsm6ds3, mic_i2s, mpu6050  # noqa: E402


def fails(call, **options):
    try:
        call(**options)
    except (OSError, ValueError) as error:
        print(type(error).__name__, error)


def facts(sensor):
    print(sensor.channels, sensor.units, ["%.6g" % scale for scale in sensor.scales], "%.6g" % sensor.rate)


def imu(driver, chip, rate):
    """Frames come as they were measured, in counts and in units; a FIFO that ran over is counted."""
    machine.I2C.chips = {}
    fails(driver.Sensor)
    fails(driver.Sensor, g=3)
    fails(driver.Sensor, rate=0)
    address = 0x68 if driver is mpu6050 else 0x6A
    machine.I2C.chips = {address: machine.MPU6050(who=0x12) if driver is mpu6050 else machine.LSM6DS3(who=0x12)}
    fails(driver.Sensor)
    machine.I2C.chips = {address: chip}
    sensor = driver.Sensor(rate=rate)
    facts(sensor)
    frames = [(100 * i, -100 * i, 32767, -32768, i, -1) for i in range(5)]
    for frame in frames:
        chip.put(frame)
    counts = array("h", bytes(4 * 12))
    print(sensor.readinto(counts), [tuple(counts[6 * i : 6 * i + 6]) for i in range(4)] == frames[:4])
    print(["%.4f" % value for value in sensor.read()])
    view = memoryview(counts)
    chip.put((1, 2, 3, 4, 5, 6))
    print(sensor.readinto(view[6:12]), list(counts[:12]))
    if chip.overrun is False:
        for frame in frames:
            chip.put(frame)
        chip.overrun = True
        put = chip.write

        def write(register, value):  # emptied: the next frame comes
            put(register, value)
            if register in (0x0A, 0x23) and value:
                chip.put((7, 7, 7, 7, 7, 7))

        chip.write = write
        print([round(value / scale) for value, scale in zip(sensor.read(), sensor.scales)], sensor.overruns)
    print([chip.registers[i] for i in (0x10, 0x11, 0x19, 0x1A, 0x1B, 0x1C, 0x6A, 0x6B)])


imu(mpu6050, machine.MPU6050(), 60)
imu(mpu6050, machine.MPU6050(who=0x70), 10)
imu(lsm6ds3, machine.LSM6DS3(), 100)
imu(lsm6ds3, machine.LSM6DS3(who=0x6A), 10)


class Busio:
    """A bus as CircuitPython's busio.I2C."""

    def __init__(self, chip):
        self.chip, self.locked = chip, False

    def try_lock(self):
        self.locked = not self.locked
        return self.locked

    def unlock(self):
        self.locked = False

    def writeto(self, address, data):
        assert self.locked and address == 0x68
        self.chip.write(data[0], data[1])

    def writeto_then_readfrom(self, address, data, buffer):
        assert self.locked and address == 0x68
        self.chip.read(data[0], buffer)


chip = machine.MPU6050()
sensor = mpu6050.Sensor(rate=100, bus=Busio(chip))
chip.put((4096, 0, 0, 0, 0, -32768))
print(["%.3f" % value for value in sensor.read()])

now = 0  # us
mic_i2s.ticks_us = adc.ticks_us = lambda: now
for gain in (0, 2):
    sound = mic_i2s.Sensor(rate=8000, gain=gain, buffer_ms=20)
    if not gain:
        facts(sound)
        print(sorted(machine.made[-1].options.items(), key=lambda item: item[0])[:3], machine.made[-1].options["ibuf"])
    counts = array("h", bytes(2 * 300))
    print(sound.readinto(counts), [counts[i] for i in (0, 1, 2, 128, 299)], sound.overruns)
for late in (20000, 30000):  # us: what the buffer holds, and more
    now += late
    before = sound._bus.given
    sound.readinto(counts)
    print(sound.overruns, sound._bus.given - before)
fails(mic_i2s.Sensor, rate=1)
fails(mic_i2s.Sensor, gain=16)

machine.ADC.values = {26: array("H", range(0, 60000, 1000)), 27: array("H", range(65535, 5535, -1000))}
analog = adc.Sensor(rate=200, pins=(26, 27), buffer=8)
facts(analog)
timer = machine.made[-1]


def tick(late=0):
    global now
    now += 5000 + late
    timer.callback(timer)


for jitter in (0, 2000, -2000, 1000, -1000):
    tick(jitter)
counts = array("h", bytes(4 * 4))
print(analog.readinto(counts), list(counts), analog.overruns)
print(["%.3f" % value for value in analog.read()])
for _ in range(9):  # two more than there is room for
    tick()
sleeps = []
adc.pause = lambda us: (sleeps.append(us), tick())
analog.readinto(counts)
print(analog.overruns, len(sleeps))
tick(50000)  # ten ticks did not come; this one's frame goes with them
analog.readinto(counts)
print(analog.overruns, len(sleeps))
analog.close()
print(timer.callback)
fails(adc.Sensor, pins=())
fails(adc.Sensor, rate=5000)
