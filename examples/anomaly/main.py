"""Says when something vibrates as it never did while the model learned: the spectrum of an accelerometer, an autoencoder.

    python main.py [MODEL [RECORDING]]        also micropython main.py; on a board it starts by itself

It listens to an MPU-6050 (see README.md); where there is none, or a recording is named, it plays that.
"""

import math
import sys
from array import array

import upyml
from upyml import signal
from upyml.sensors import mpu6050, replay

RATE = 10  # samples a second; a machine wants more, see README.md
WINDOW = 32  # samples that a spectrum is made of
HOP = 10  # samples from one to the next
UNIT = 0.005  # m/s2: a count of the spectrum's input
BINS = WINDOW // 2  # of each axis; that of the mean is left out, for it is gravity


class Spectrum:
    """Logarithms of how much of each frequency is in a window, for three axes: 3 * BINS numbers; an array('f') that is reused."""

    def __init__(self):
        self._hann = signal.hann(WINDOW)
        self._axis = array("h", [0] * WINDOW)
        self._bins = array("h", [0] * (WINDOW + 2))
        self._sizes = array("h", [0] * (BINS + 1))
        self.features = array("f", [0.0] * (3 * BINS))

    def __call__(self, window):
        """window: WINDOW frames of three numbers, one behind the other, in UNITs."""
        axis, sizes = self._axis, self._sizes
        for a in range(3):
            mean = 0
            for i in range(WINDOW):
                mean += window[3 * i + a]
            mean //= WINDOW
            for i in range(WINDOW):
                axis[i] = max(-32768, min(32767, window[3 * i + a] - mean))
            signal.weigh(axis, self._hann, axis)
            signal.rfft(axis, self._bins)
            signal.magnitude(self._bins, sizes)
            for i in range(BINS):
                self.features[a * BINS + i] = math.log(1 + sizes[i + 1])
        return self.features


def oddness(model, features):
    """How badly the model redraws a spectrum: the mean square of the differences."""
    total = 0.0
    for known, drawn in zip(features, model.predict(features)):
        total += (known - drawn) * (known - drawn)
    return total / len(features)


def sensor_of(recording):
    """The sensor, or a recording of one."""
    if not recording:
        try:
            return mpu6050.Sensor(RATE)
        except (ImportError, OSError) as error:  # no I2C, or nobody answers there
            print("no sensor (%s): playing recording.bin" % error)
    return replay.Sensor(recording or "recording.bin", rate=0)  # as fast as it goes


def main(model_path="model.upm", recording=None, *_):
    model = upyml.load(model_path)
    limit = float(model.metadata["threshold"])
    sensor, spectrum = sensor_of(recording), Spectrum()
    counts = array("h", [0] * (HOP * len(sensor.scales)))
    window = array("h", [0] * (3 * WINDOW))
    seen = 0
    while sensor.readinto(counts) == HOP:
        seen += HOP
        for i in range(3 * (WINDOW - HOP)):
            window[i] = window[i + 3 * HOP]
        for i in range(HOP):
            for a in range(3):
                value = counts[i * len(sensor.scales) + a] * sensor.scales[a] / UNIT
                window[3 * (WINDOW - HOP + i) + a] = int(max(-32768, min(32767, value)))
        if seen >= WINDOW:
            odd = oddness(model, spectrum(window)) / limit
            print("%3d s  %5.2f  %s" % (seen / RATE, odd, "ANOMALY" if odd > 1 else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
