"""Says what the wearer of the watch is doing, once a second.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It listens to an MPU-6050 (see README.md); where there is none, or a recording is named, it plays that.
"""

import sys

import upyml
from upyml.sensors import mpu6050, replay

RATE = 10  # samples a second, where the model does not say it


def sensor_of(recording, rate):
    """The sensor, or a recording of one: both give what the model was trained with, in m/s2 and radians a second."""
    if not recording:
        try:
            return mpu6050.Sensor(rate)
        except (ImportError, OSError) as error:  # no I2C, or nobody answers there
            print("no sensor (%s): playing recording.bin" % error)
    return replay.Sensor(recording or "recording.bin", rate=0)  # as fast as it goes


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    stream = model.stream()
    rate = float(model.metadata.get("sample_rate", RATE))
    sensor = sensor_of(recording, rate)
    if abs(sensor.rate / rate - 1) > 0.02:
        raise ValueError("the model takes %g samples a second, the sensor has %g" % (rate, sensor.rate))
    count = 0
    while True:
        sample = sensor.read()
        if sample is None:  # the end of a recording
            break
        count += 1
        answer = stream.push(sample)
        if answer:
            print("%3d s  %-10s %3d %%" % (count / rate, answer[0], round(100 * answer[1])))


if __name__ == "__main__":
    main(*sys.argv[1:])
