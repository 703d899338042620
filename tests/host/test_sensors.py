"""The drivers of upyml.sensors, with chips made of registers behind the buses, and recordings that play."""

import ast
import json
import re

import numpy as np
import pytest
from runtimes import ROOT, runtime as runtime_named

DEVICE = ROOT / "tests" / "device"
COMPUTERS = ("cpython", "unix-module", "board-module")


def ready(name, require):
    runtime = runtime_named(name)
    require(not runtime.missing(), runtime.missing(), "make unix")
    return runtime


@pytest.fixture(scope="module")
def drivers():
    """What the script prints on CPython, by lines."""
    return runtime_named("cpython").run(DEVICE / "sensor_drivers.py", [DEVICE / "fake_board"]).splitlines()


@pytest.mark.parametrize("name", COMPUTERS[1:])
def test_a_driver_does_the_same_on_micropython(name, drivers, require):
    printed = ready(name, require).run(DEVICE / "sensor_drivers.py", [DEVICE / "fake_board"])
    assert printed.splitlines() == drivers


def test_imus_give_what_was_measured(drivers):
    """Counts, units, the rate of the hardware, and the settings that ask for them: the last line is registers."""
    per_chip = [drivers[i : i + 10] for i in range(0, 40, 10)]
    rates = [float(lines[4].split("] ")[-1]) for lines in per_chip]
    assert rates == [58.8235, 10, 104, 12.5]
    for lines, g, dps in zip(per_chip, (1 / 4096, 1 / 4096, 0.000244, 0.000244), (1000 / 32768,) * 2 + (0.035,) * 2):
        assert lines[4].startswith("('ax', 'ay', 'az', 'gx', 'gy', 'gz') ('m/s2', 'm/s2', 'm/s2', 'rad/s', 'rad/s', 'rad/s')")
        assert lines[5] == "4 True"
        expected = np.array([400 * g, -400 * g, 32767 * g]) * 9.80665, np.radians([-32768 * dps, 4 * dps, -dps])
        np.testing.assert_allclose([float(x) for x in eval(lines[6])], np.concatenate(expected), atol=1e-4)
        assert lines[7] == "1 [0, 0, 32767, -32768, 0, -1, 1, 2, 3, 4, 5, 6]"
        assert lines[8] == "[7, 7, 7, 7, 7, 7] 6"  # a FIFO that ran over: five frames in it, and one at least that was not
    mpu, _, lsm, _ = (eval(lines[9]) for lines in per_chip)
    # 1000 / 17 Hz, 21 Hz, 1000 degrees a second, 8 g; the FIFO is on, the chip awake
    assert mpu[2:] == [16, 4, 2 << 3, 2 << 3, 0x40, 0x01]
    assert lsm[:2] == [4 << 4 | 3 << 2, 4 << 4 | 2 << 2]  # 104 Hz and 8 g, 104 Hz and 1000 degrees a second


def test_what_is_wrong_with_a_sensor_is_a_sentence(drivers):
    wires = "look at its wires (SDA, SCL, power) and its address pin"
    assert f"SensorError no MPU-6050 answers at I2C address 0x68: {wires}" in drivers
    assert f"SensorError no LSM6DS3 answers at I2C address 0x6a: {wires}" in drivers
    assert "SensorError the chip at I2C address 0x68 is no MPU-6050: it calls itself 0x12" in drivers
    assert "ValueError rate must be from 4 to 1000, received 0" in drivers
    assert "ValueError pins must be at least one" in drivers


def test_an_imu_on_a_bus_of_circuitpython(drivers):
    assert drivers[40] == "['9.807', '0.000', '0.000', '0.000', '0.000', '-17.453']"


def test_a_microphone_keeps_the_upper_half_of_its_32_bits(drivers):
    facts, options, plain, louder, held, lost = drivers[41:47]
    assert facts == "('sound',) ('FS',) ['3.05176e-05'] 8000"
    assert options == "[('bits', 32), ('format', 1), ('ibuf', 640)] 640"  # 20 ms of four bytes at 8 kHz
    assert (plain, louder) == ("300 [0, 1, 2, 128, 299] 0", "300 [0, 4, 8, 512, 1196] 0")
    # Nobody read for 20 ms, which it holds (160 samples), then for 30: all of those are lost, and what was held is read first.
    assert (held, lost) == ("0 300", f"240 {300 + 256}")


def test_analog_inputs_are_sampled_by_a_timer(drivers):
    facts, counts, volts, full, missed, stopped = drivers[49:55]
    assert facts == "('adc26', 'adc27') ('V', 'V') ['0.000100711', '0.000100711'] 200"
    assert counts == "4 [0, 32767, 500, 32267, 1000, 31767, 1500, 31267] 0"  # ticks that jitter are none lost
    np.testing.assert_allclose([float(x) for x in eval(volts)], [3.3 * 4000 / 65535, 3.3 * 61535 / 65535], atol=1e-3)
    assert full == "9 4"  # of nine frames there was room for seven: they go, too, and four new ones are waited for
    assert missed == "20 8"  # ten ticks that did not come, the frame of the late one, and again four new ones
    assert stopped == "None"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """12 frames of two channels at 800 Hz."""
    path = tmp_path_factory.mktemp("recording") / "two.bin"
    path.write_bytes(np.arange(24, dtype="<i2").tobytes())
    facts = {"channels": ["a", "b"], "units": ["V", "m"], "scales": [0.5, 0.25], "rate": 800}
    path.with_suffix(".json").write_text(json.dumps(facts))
    return path


PLAYED = """\
('a', 'b') ('V', 'm') (0.5, 0.25) 800
5 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] [6250] 7250
['5.00', '2.75'] [6250] 19250
5 [12, 13, 14, 15, 16, 17, 18, 19] 0
1 0 None 0
[] 800
[0, 1] 0
[14, 15] 6
[16, 17] 6
OSError
damaged.json is no header of a recording: channels, units, scales, rate
short.json does not have one unit and one scale for each channel, and a rate
"""


@pytest.mark.parametrize("name", [*COMPUTERS, "circuitpython"])
def test_a_recording_plays_at_its_rate(name, recording, require):
    """The clock is the script's: what it slept, in us, and what the time is after that."""
    printed = ready(name, require).run(DEVICE / "sensor_replay.py", [recording])
    assert printed == PLAYED


@pytest.mark.parametrize("path", sorted((ROOT / "upyml" / "sensors").glob("*.py")), ids=lambda path: path.stem)
def test_the_stub_of_a_driver_says_what_it_takes(path):
    """Classes, functions and the parameters of each, with their defaults."""
    told, real = (_parameters(one.read_text()) for one in (path.with_suffix(".pyi"), path))
    assert told == {name: parameters for name, parameters in real.items() if name in told}
    public = {name for name in real if not re.search(r"(^|\.)_", name.replace(".__init__", ""))}
    assert path.stem == "recorder" or public - set(told) <= {"Sensor.readinto", "Sensor.read"}, "of Base"


def _parameters(source):
    """Parameters and defaults of each function and method, [] for a class."""
    found = {}
    body = ast.parse(source).body
    for node in [*body, *(one for tried in body if isinstance(tried, ast.Try) for one in tried.handlers[0].body)]:
        nodes = [("", node)]
        if isinstance(node, ast.ClassDef):
            found[node.name] = []
            nodes = [(node.name + ".", one) for one in node.body]
        for prefix, one in nodes:
            if isinstance(one, ast.FunctionDef):
                given = one.args
                names = [arg.arg for arg in (*given.args, *given.kwonlyargs)] + ([given.vararg.arg] if given.vararg else [])
                found[prefix + one.name] = [names, [d and ast.unparse(d) for d in (*given.defaults, *given.kw_defaults)]]
    return found
