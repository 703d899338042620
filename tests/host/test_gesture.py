"""The gesture example: trained, converted, and run by its main.py on every runtime."""

import subprocess
import sys

import numpy as np
import pytest
from runtimes import ROOT

import upyml
from host_tools.convert import convert

EXAMPLE = ROOT / "examples" / "gesture"
METADATA = {"labels": "Badminton\nRunning\nStanding\nWalking", "sample_rate": "10", "hop": "10"}

FAKE_SENSOR = """
from array import array
raw = array("h", bytes(12))
file = open("{recording}", "rb")

def read():
    if file.readinto(raw) != 12:
        raise SystemExit
    return [v / 500 for v in raw]
"""

FAKE_MACHINE = """
class Pin:
    def __init__(self, number):
        pass

class I2C:
    def __init__(self, bus, scl, sda, freq):
        self.written = []
    def writeto_mem(self, address, register, data):
        self.written.append((address, register, data))
    def readfrom_mem(self, address, register, count):
        assert (address, register, count) == (0x68, 0x3B, 14)
        return b"\\x10\\x00\\xf0\\x00\\x00\\x00\\x12\\x34\\x1d\\x52\\x00\\x00\\xe2\\xae"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with what train.py writes, and gesture.upm."""
    out = tmp_path_factory.mktemp("gesture")
    subprocess.run([sys.executable, EXAMPLE / "train.py", "--out", out], check=True, capture_output=True, timeout=300)
    samples = np.load(out / "calibration.npz")["x"]
    (out / "gesture.upm").write_bytes(convert(out / "gesture.keras", samples, METADATA).file)
    return out


def test_accuracy(built):
    """int8 within half a point of float on recordings not trained on; the batch normalisations cost nothing."""
    test = np.load(built / "test.npz")
    model = upyml.load(str(built / "gesture.upm"))
    answers = np.array([model.predict(x.ravel()) for x in test["x"]])
    floats, ints = ((a.argmax(axis=1) == test["y"]).mean() for a in (test["answers"], answers))
    assert floats > 0.95
    assert ints >= floats - 0.005
    assert "depthwise" not in str(model) and len(model.labels) == 4


def test_main_says_what_was_recorded(built, runtime):
    script, recording = EXAMPLE / "main.py", EXAMPLE / "recording.bin"
    lines = runtime.run(script, [built / "gesture.upm", recording], timeout=900).splitlines()
    assert len(lines) == 37 and lines[0].split() == ["4", "s", "Walking", "100", "%"]
    for second, label in ((10, "Walking"), (20, "Standing"), (30, "Badminton"), (40, "Running")):
        assert lines[second - 4].split()[2] == label
    command = [sys.executable, script, built / "gesture.upm", recording]
    on_cpython = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=True)
    assert lines == on_cpython.stdout.splitlines()


def test_main_listens_to_a_sensor(built, tmp_path):
    """With a module imu in reach it reads that, at the model's rate, until the driver ends it."""
    recording = tmp_path / "short.bin"
    recording.write_bytes((EXAMPLE / "recording.bin").read_bytes()[: 41 * 12])
    (tmp_path / "imu.py").write_text(FAKE_SENSOR.format(recording=recording))
    command = [sys.executable, EXAMPLE / "main.py", built / "gesture.upm", "no recording"]
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.split()[:3] == ["4", "s", "Walking"]


def test_main_runs_a_model_without_a_rate(built, tmp_path):
    samples = np.load(built / "calibration.npz")["x"]
    texts = {key: METADATA[key] for key in ("labels", "hop")}
    (tmp_path / "model.upm").write_bytes(convert(built / "gesture.keras", samples, texts).file)
    command = [sys.executable, EXAMPLE / "main.py", tmp_path / "model.upm", EXAMPLE / "recording.bin"]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.split()[:3] == ["4", "s", "Walking"]


def test_driver_converts_units(tmp_path):
    (tmp_path / "machine.py").write_text(FAKE_MACHINE)
    folders = [str(EXAMPLE), str(tmp_path)]
    code = f"import sys; sys.path[:0] = {folders}; import imu_mpu6050; print(imu_mpu6050.read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    np.testing.assert_allclose(eval(done.stdout), [9.81, -9.81, 0, 1.0, 0, -1.0], atol=1e-3)


def test_recording_is_of_the_test_split():
    data = np.load(EXAMPLE / "data/basic_motions.npz")
    recorded = np.frombuffer((EXAMPLE / "recording.bin").read_bytes(), "<i2").reshape(4, 100, 6)
    for part, label in zip(recorded, ("Walking", "Standing", "Badminton", "Running")):
        (place,) = [i for i, x in enumerate(data["x_test"]) if np.array_equal(x, part)]
        assert data["labels"][data["y_test"][place]] == label
