"""The gesture example: its model, run by its main.py on every runtime. test_new.py trains it, as all kinds of projects."""

import subprocess
import sys

import numpy as np
from runtimes import ROOT

import upyml
from upyml.format.encode import seal

EXAMPLE = ROOT / "examples" / "gesture"
MODEL = EXAMPLE / "model.upm"

# A sensor on the board's bus that measures what was recorded, and then ends the program.
WITH_SENSOR = """
import machine
from array import array

class Chip(machine.MPU6050):
    def write(self, register, value):
        machine.MPU6050.write(self, register, value)
        if register == 0x23 and value:  # it begins to fill its FIFO
            for i in range(0, len(measured), 6):
                self.put(measured[i : i + 6])

    def read(self, register, buffer):
        if register == 0x72 and not self.fifo:
            raise SystemExit
        machine.MPU6050.read(self, register, buffer)

measured = array("h", {measured})
machine.I2C.chips = {{0x68: Chip()}}
"""


def test_accuracy():
    """Of the model that is there, on recordings that it was not trained on; the batch normalisations cost nothing."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        import train
    finally:
        sys.path.remove(str(EXAMPLE))
    parts, model = train.load(), upyml.load(str(MODEL))
    answers = np.array([model.predict(x.ravel()) for x in parts["x_test"]])
    assert (answers.argmax(axis=1) == parts["y_test"]).mean() > 0.97
    assert model.labels == tuple(parts["labels"])
    assert "depthwise" not in str(model)


def test_main_says_what_was_recorded(runtime):
    script, recording = EXAMPLE / "main.py", EXAMPLE / "recording.bin"
    lines = runtime.run(script, [MODEL, recording], timeout=900).splitlines()
    assert len(lines) == 37 and lines[0].split() == ["4", "s", "Walking", "100", "%"]
    for second, label in ((10, "Walking"), (20, "Standing"), (30, "Badminton"), (40, "Running")):
        assert lines[second - 4].split()[2] == label
    command = [sys.executable, script, MODEL, recording]
    on_cpython = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=True)
    assert lines == on_cpython.stdout.splitlines()


def test_main_listens_to_a_sensor(tmp_path):
    """Without a recording it reads the MPU-6050, in counts of its own, until that ends it: the answer is the recording's."""
    recorded = np.frombuffer((EXAMPLE / "recording.bin").read_bytes(), "<i2").reshape(-1, 6)[:41] / 500
    scales = np.repeat([8 * 9.80665 / 32768, np.radians(1000) / 32768], 3)
    measured = np.round(recorded / scales).astype(int).ravel().tolist()
    program = WITH_SENSOR.format(measured=measured) + (EXAMPLE / "main.py").read_text()
    (tmp_path / "main.py").write_text(program)
    environment = {"PYTHONPATH": f"{ROOT / 'tests/device/fake_board'}:{ROOT}"}
    command = [sys.executable, tmp_path / "main.py", MODEL]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.split()[:3] == ["4", "s", "Walking"] and done.stdout.count("\n") == 1


def test_without_a_sensor_it_says_so_and_plays_the_recording():
    environment = {"PYTHONPATH": f"{ROOT / 'tests/device/fake_board'}:{ROOT}"}
    command = [sys.executable, "main.py", MODEL]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=EXAMPLE, timeout=60, check=True)
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("no sensor (no MPU-6050 answers at I2C address 0x68") and second.split()[2] == "Walking"


def test_main_runs_a_model_without_a_rate(tmp_path):
    file = MODEL.read_bytes()
    assert file.count(b"sample_rate") == 1
    (tmp_path / "model.upm").write_bytes(seal(file.replace(b"sample_rate", b"sample_RATE")))
    command = [sys.executable, EXAMPLE / "main.py", tmp_path / "model.upm", EXAMPLE / "recording.bin"]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.split()[:3] == ["4", "s", "Walking"]


def test_recording_is_of_the_test_split():
    data = np.load(EXAMPLE / "data/basic_motions.npz")
    recorded = np.frombuffer((EXAMPLE / "recording.bin").read_bytes(), "<i2").reshape(4, 100, 6)
    for part, label in zip(recorded, ("Walking", "Standing", "Badminton", "Running")):
        (place,) = [i for i, x in enumerate(data["x_test"]) if np.array_equal(x, part)]
        assert data["labels"][data["y_test"][place]] == label
