"""What `upyml record` refuses, in one sentence, with no file made or changed."""

import pytest
from record_board import CHIPS, board, record, refused  # noqa: F401

from host_tools.deploy import errors
from host_tools.deploy.connection import ScriptFailed
from host_tools.record.board import Sensor, wanted


def test_no_sensor_answers(board, tmp_path):
    said = refused(board, tmp_path / "got.npz", sensor="imu", code=23)
    assert "no MPU-6050 answers at I2C address 0x68" in said and "no LSM6DS3 answers at I2C address 0x6a" in said
    said = refused(board, tmp_path / "got.npz", "--set", "address=0x69", sensor="mpu6050", code=23)
    assert said == (
        "upyml: no MPU-6050 answers at I2C address 0x69: look at its wires (SDA, SCL, power) and its address pin"
    )
    (board.folder / "board_chips.py").write_text(CHIPS.format(chip="MPU6050", address=0x68, who=0x12))
    said = refused(board, tmp_path / "got.npz", sensor="mpu6050", code=23)
    assert said == "upyml: the chip at I2C address 0x68 is no MPU-6050: it calls itself 0x12"


@pytest.mark.parametrize(
    "options, sensor, code, words",
    [
        ((), "barometer", 3, "there is no sensor 'barometer': there are imu, mic, adc, replay:FILE, a driver"),
        ((), "replay:nothing.bin", 2, "there is no such file: nothing.bin"),
        ((), "replay::nothing.bin", 23, "has no recording nothing.bin: expected that file and, beside it, its .json"),
        ((), "nothing.py", 2, "No such file or directory: nothing.py"),
        (("--label", " "), "imu", 2, "Error: --label is missing: what is recorded, as --label wave"),
        (("--seconds", "0"), "imu", 2, "Error: --seconds must be a number above 0, received 0"),
        (("--seconds", "-3"), "imu", 2, "Error: --seconds must be a number above 0, received -3"),
        (("--seconds", "nan"), "imu", 2, "Error: --seconds must be a number above 0, received nan"),
        (("--rate", "inf"), "imu", 2, "Error: --rate must be a number above 0, received inf"),
        (("--window", "0"), "imu", 2, "Error: --window must be 1 or more frames, received 0"),
        (("--set", "scl"), "imu", 2, "Error: --set takes NAME=VALUE, received 'scl'"),
        (("--rate", "9999"), "imu", 23, "rate must be from 4 to 1000, received 9999"),
        (("--set", "color=red"), "mic", 23, "the driver mic_i2s with color='red' failed on the board: TypeError: "),
    ],
)
def test_what_is_wrong_is_a_sentence(options, sensor, code, words, board, tmp_path):
    assert words in refused(board, tmp_path / "got.npz", *options, code=code, sensor=sensor)


def test_no_board(tmp_path):
    class Nowhere:
        port = "/dev/ttyNONE"

    assert "there is no port /dev/ttyNONE" in refused(Nowhere, tmp_path / "got.npz", code=10)


def test_a_file_of_another_sensor_stays_as_it_is(board, tmp_path):
    record(board, tmp_path / "got.npz", "--rate", 4000, "--seconds", 1)
    said = refused(board, tmp_path / "got.npz", code=3, sensor="mic")
    assert said == (
        f"upyml: {tmp_path / 'got.npz'} has rate 100 frames a second, this recording 8000 frames a second: record to another file"
    )
    (tmp_path / "other.npz").write_bytes(b"no recording")
    assert "is no recording as `upyml record` writes it" in refused(board, tmp_path / "other.npz", code=3)
    assert "recordings are files that end in .npz, .csv, .bin" in refused(board, tmp_path / "got.txt", code=3)
    record(board, tmp_path / "got.bin", "--rate", 4000, "--seconds", 1)
    assert "a .bin holds one recording: give it another name" in refused(board, tmp_path / "got.bin", code=2)
    assert "there is no such folder: " in refused(board, tmp_path / "no" / "got.npz", code=2)


class Told:
    """A board that answers the first script with this."""

    port = "/dev/ttyACM7"

    def __init__(self, answer):
        self.answer = answer

    def ask(self, script, doing):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer, error, words",
    [
        (ScriptFailed("x", "...\nAttributeError: no attribute 'mount'"), errors.OldFirmware, "no attribute 'mount'.: recording needs"),
        ((False, True, 99999), errors.OldFirmware, "it reads no .mpy files of version 6.: recording needs MicroPython 1.23"),
        ((True, True, 3000), errors.NoRoom, "bytes of RAM, the board at /dev/ttyACM7 has 3,000 free"),
    ],
)
def test_a_board_that_cannot_record(answer, error, words):
    with pytest.raises(error, match=words):
        Sensor(Told(answer), wanted("imu", {}))
