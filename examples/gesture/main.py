"""Says what the wearer of the watch is doing, once a second.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

With a driver module `imu` on the board (see README.md) it listens to the sensor; without one it plays a recording:
little-endian int16 numbers of six values a sample (accelerometer x, y, z, gyroscope x, y, z), 500 to a unit.
"""

import sys
import time
from array import array

import upyml

try:
    import imu  # read() gives six values in the units that the model was trained with
except ImportError:
    imu = None

STEPS = 500  # stored integers per unit
RATE = 10  # samples a second, where the model does not say it


def recorded(path):
    """The samples of a recording, each a list of six values."""
    raw = array("h", bytes(12))
    sample = [0.0] * 6
    with open(path, "rb") as file:
        while file.readinto(raw) == 12:
            for i in range(6):
                sample[i] = raw[i] / STEPS
            yield sample


def live(rate):
    """Samples from the sensor, `rate` a second, for ever."""
    while True:
        yield imu.read()
        time.sleep(1 / rate)


def main(model_path="gesture.upm", recording="recording.bin"):
    model = upyml.load(model_path)
    stream = model.stream()
    rate = float(model.metadata.get("sample_rate", RATE))
    count = 0
    for sample in live(rate) if imu else recorded(recording):
        count += 1
        answer = stream.push(sample)
        if answer:
            print("%3d s  %-10s %3d %%" % (count / rate, answer[0], round(100 * answer[1])))


main(*sys.argv[1:])
