"""A driver for the MPU-6050, for MicroPython: copy it to the board as imu.py.

Wiring on a Raspberry Pi Pico: VCC to 3V3, GND to GND, SCL to GP5, SDA to GP4 (I2C 0); on an ESP32 give other pins.
"""

from struct import unpack_from

from machine import I2C, Pin

ADDRESS = 0x68
POWER, RANGE, DATA = 0x6B, 0x1C, 0x3B  # registers: power, accelerometer range, first of the 14 data bytes
GRAVITY = 9.81  # m/s2
PER_G = 4096  # counts, at +-8 g
PER_RADIAN = 131 * 57.29578  # counts per radian a second, at +-250 degrees a second

_bus = I2C(0, scl=Pin(5), sda=Pin(4), freq=400000)
_bus.writeto_mem(ADDRESS, POWER, b"\x00")
_bus.writeto_mem(ADDRESS, RANGE, b"\x10")


def read():
    """Accelerometer x, y, z in m/s2, gyroscope x, y, z in radians a second."""
    values = unpack_from(">7h", _bus.readfrom_mem(ADDRESS, DATA, 14))  # the fourth is the temperature
    return [v * GRAVITY / PER_G for v in values[:3]] + [v / PER_RADIAN for v in values[4:]]
