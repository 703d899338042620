"""`upyml record`, with MicroPython of this computer as the board: what is played there arrives here, whole."""

import json
import os
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from runtimes import PLAIN, ROOT
from unix_board import UnixBoard

from host_tools import recordings
from host_tools.cli import main
from host_tools.deploy import errors
from host_tools.deploy.connection import ScriptFailed
from host_tools.record import live
from host_tools.record.board import Facts, Sensor, wanted
from host_tools.record.packets import Loss

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import record as bench  # noqa: E402

MOTION, MOTION_COUNTS = bench.motion(8)


@pytest.fixture
def board(tmp_path, require):
    """A board whose file walk.bin is a recording, 8 s of real motion, and the folder of its files."""
    require(PLAIN.exists(), str(PLAIN), "make unix")
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "walk.bin").write_bytes(MOTION_COUNTS.tobytes())
    (folder / "walk.json").write_text(json.dumps(MOTION))
    with UnixBoard(folder) as board:
        board.folder = folder
        yield board


def record(board, out, *options, code=0, sensor="replay::walk.bin"):
    """What the command prints."""
    options = ["--sensor", sensor, *map(str, options)]
    if "--label" not in options:
        options += ["--label", "walk"]
    done = CliRunner().invoke(main, ["record", "--port", board.port, "--output", str(out), *options], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def refused(board, out, *options, code, sensor="replay::walk.bin"):
    """The one sentence of a recording that is none; no file was made."""
    before = {path: path.read_bytes() for path in out.parent.glob("*.*")}
    said = record(board, out, *options, code=code, sensor=sensor).stderr.splitlines()
    assert {path: path.read_bytes() for path in out.parent.glob("*.*")} == before
    assert len(said) == 1 or "Usage: " in said[0]
    return said[-1]


@pytest.mark.slow
@pytest.mark.parametrize("text", [(), ("--text",)])
@pytest.mark.parametrize("what", [bench.motion, bench.sound])
def test_all_that_is_played_arrives(what, text, board, tmp_path, data_dir):
    """At its rate, with a sensor that keeps no more than a chip's FIFO or a DMA's buffer does: half a second."""
    facts, counts = what(2)
    (board.folder / "played.bin").write_bytes(counts.tobytes())
    (board.folder / "played.json").write_text(json.dumps(facts))
    options = "--seconds", 2, "--set", f"buffer={facts['rate'] // 2}", "--json", *text
    told = json.loads(record(board, tmp_path / "got.npz", *options, sensor="replay::played.bin").stdout)
    assert told["frames"] == len(counts) and told["lost"] == {"packets": 0, "damaged": 0, "overruns": 0}
    assert told["measured_rate"] == pytest.approx(facts["rate"], rel=0.05)
    got = recordings.load(tmp_path / "got.npz")
    (piece,) = got.pieces
    assert np.array_equal(piece.counts, counts) and piece.label == "walk"
    assert (list(got.channels), list(got.units), got.rate) == (list(facts["channels"]), facts["units"], facts["rate"])
    np.testing.assert_allclose(got.scales, facts["scales"])


class Cable:
    """Lets all bytes through until packets come, and does something to those; counts the bytes of the stream."""

    def __init__(self, do):
        self.do, self.seen = do, -1

    def __call__(self, data):
        if self.seen < 0 and b"\xa9\x55\x00" in data:
            self.seen = 0
        if self.seen < 0:
            return data
        first, self.seen = self.seen, self.seen + len(data)
        return bytes(self.do(data, first))


def flipped(data, first):
    """One bit of the 1000th byte."""
    data = bytearray(data)
    if first <= 1000 < first + len(data):
        data[1000 - first] ^= 0x10
    return data


def dropped(count):
    """Bytes from the 1000th on."""
    return lambda data, first: data[: max(0, 1000 - first)] + data[max(0, 1000 + count - first) :]


def doubled(data, first):
    at = 1000 - first
    return data[:at] + data[at : at + 1] + data[at:] if 0 <= at < len(data) else data


@pytest.mark.parametrize("do, packets", [(flipped, 1), (dropped(1), 1), (doubled, 1), (dropped(400), 4)])
def test_a_bad_cable_is_noticed(do, packets, board, tmp_path):
    """A packet has 8 frames, 118 bytes: the 1000th byte lies in the ninth. Two recordings go into one file."""
    board.cable = Cable(do)
    fast = "--rate", 2000, "--seconds", 4
    done = record(board, tmp_path / "got.npz", *fast, code=1)
    words = f"{packets} packets? missing, 1 piece damaged on the way"
    assert re.search(f"upyml: not all of it arrived .{words}.: it lies in 2 pieces", done.stderr)
    first, second = recordings.load(tmp_path / "got.npz").pieces
    assert (first.recording, second.recording) == (0, 0)
    assert np.array_equal(first.counts, MOTION_COUNTS[:64])
    assert np.array_equal(second.counts, MOTION_COUNTS[64 + 8 * packets : 400])
    board.cable = Cable(do)
    done = record(board, tmp_path / "got.npz", *fast, "--allow-loss")
    assert re.search(words, done.stdout) and "walk 7." in done.stdout.splitlines()[-1]
    assert [piece.recording for piece in recordings.load(tmp_path / "got.npz").pieces] == [0, 0, 1, 1]


@pytest.mark.slow
def test_a_lost_end_is_noticed(board, tmp_path, monkeypatch):
    """Nothing arrives any more after the 1000th byte: the board has stopped, or its cable was cut."""
    monkeypatch.setattr("host_tools.record.board.SILENCE", 1)
    board.cable = Cable(lambda data, first: data[: max(0, 1000 - first)])
    done = record(board, tmp_path / "got.npz", "--seconds", 4, "--rate", 2000, code=14)
    assert "fell silent while it recorded: look at its cable and power; 0.6 s until then are in" in done.stderr
    assert np.array_equal(recordings.load(tmp_path / "got.npz").pieces[0].counts, MOTION_COUNTS[:64])


def test_frames_that_the_sensor_lost_are_noticed(board, tmp_path):
    """It keeps 20 frames, and the program on the board is busy for a while."""
    (board.folder / "busy.py").write_text(BUSY)
    done = record(board, tmp_path / "got.npz", "--seconds", 4, code=1, sensor=str(board.folder / "busy.py"))
    assert re.search(r"not all of it arrived \(\d+ frames lost by the sensor\): it lies in 2 pieces", done.stderr)
    first, second = (piece.counts for piece in recordings.load(tmp_path / "got.npz").pieces)
    assert np.array_equal(first, MOTION_COUNTS[: len(first)]) and len(first) == 40
    (start,) = [i for i in range(len(MOTION_COUNTS)) if np.array_equal(MOTION_COUNTS[i : i + len(second)], second)][-1:]
    assert start > 48 + 20


BUSY = """
import time
from upyml.sensors import replay

class Sensor(replay.Sensor):
    reads = 0

    def __init__(self):
        replay.Sensor.__init__(self, "walk.bin", rate=1000, buffer=20)

    def readinto(self, counts):
        self.reads += 1
        if self.reads == 6:
            time.sleep(0.2)
        return replay.Sensor.readinto(self, counts)
"""


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_recorded(board, tmp_path):
    command = [sys.executable, "-m", "host_tools", "record", "--port", board.port, "--sensor", "replay::walk.bin", "--label", "walk"]
    sent = []

    def interrupt(data, first):
        if first >= 1000 and not sent:
            sent.append(process.send_signal(signal.SIGINT))
        return data

    with subprocess.Popen([*command, "--output", tmp_path / "got.npz"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        board.cable = Cable(interrupt)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and err == b"" and b"(ended by Ctrl-C)" in out and b"nothing lost" in out
    (piece,) = recordings.load(tmp_path / "got.npz").pieces
    assert 48 <= len(piece.counts) < 800 and np.array_equal(piece.counts, MOTION_COUNTS[: len(piece.counts)])
    assert sent


def test_a_board_that_vanishes_leaves_what_was_recorded(board, tmp_path):
    board.cable = Cable(lambda data, first: first >= 1000 and board.unplug() or data)
    done = record(board, tmp_path / "got.npz", code=14)
    assert re.search(r"was lost while it recorded: .*; \d\.\d s until then are in", done.stderr)
    (piece,) = recordings.load(tmp_path / "got.npz").pieces
    assert len(piece.counts) >= 48 and np.array_equal(piece.counts, MOTION_COUNTS[: len(piece.counts)])


def test_a_driver_that_fails_in_the_middle(board, tmp_path):
    (board.folder / "loose.py").write_text(BUSY.replace("time.sleep(0.2)", "raise OSError('its wire broke')"))
    done = record(board, tmp_path / "got.csv", code=23, sensor=str(board.folder / "loose.py"))
    assert "the driver loose failed while it recorded: OSError: its wire broke; 0.4 s until then are in" in done.stderr
    assert recordings.load(tmp_path / "got.csv").frames == 40


def test_several_labels_in_one_data_set(board, tmp_path):
    """Each recording goes behind those that the file has; the windows are cut anew."""
    fast = "--rate", 4000, "--seconds"
    record(board, tmp_path / "set.npz", *fast, 4, "--window", 40, "--stride", 20)
    done = record(board, tmp_path / "set.npz", *fast, 3, "--label", "rest")
    assert done.stdout.splitlines()[-1] == f"{tmp_path / 'set.npz'}: rest 3.0 s in 1, walk 4.0 s in 1; 33 windows"
    with np.load(tmp_path / "set.npz") as file:
        x, y = file["x"], file["y"]
        assert x.shape == (19 + 14, 40, 6) and y.tolist() == [1] * 19 + [0] * 14
        np.testing.assert_allclose(x[1], MOTION_COUNTS[20:60] / 500, rtol=1e-5)
        assert file["labels"].tolist() == ["rest", "walk"] and file["groups"].tolist() == [0] * 19 + [1] * 14
    assert list(tmp_path.glob("*.part")) == []
    record(board, tmp_path / "set.npz", *fast, 1, "--stride", 40)
    assert recordings.load(tmp_path / "set.npz").cut == (40, 40)
    assert "--stride goes with --window" in refused(board, tmp_path / "new.npz", "--stride", 4, code=2)
    assert "for an .npz file, received " in refused(board, tmp_path / "new.csv", "--window", 4, code=2)


def test_a_recording_of_this_computer_plays_there(board, tmp_path):
    """Recorded as .bin, that is played, from .npz as well: sent along into the board's RAM."""
    record(board, tmp_path / "first.bin", "--rate", 4000, "--seconds", 2)
    record(board, tmp_path / "second.npz", "--rate", 4000, "--seconds", 9, sensor=f"replay:{tmp_path / 'first.bin'}")
    record(board, tmp_path / "third.csv", "--rate", 4000, sensor=f"replay:{tmp_path / 'second.npz'}")
    for name in ("first.bin", "second.npz", "third.csv"):
        (piece,) = recordings.load(tmp_path / name).pieces
        assert np.array_equal(piece.counts, MOTION_COUNTS[:200]), name
    assert sorted(path.name for path in board.folder.iterdir()) == ["walk.bin", "walk.json"]  # nothing was written there


CHIPS = """
import machine

class Chip(machine.{chip}):
    frame = 0

    def byte(self, register):
        if register in (0x3A, 0x72) and not self.fifo:
            self.put((self.frame, 1, 2, 3, 4, 5))
            self.frame += 1
        return machine.{chip}.byte(self, register)

machine.I2C.chips = {{{address}: Chip({who})}}
"""


@pytest.mark.parametrize("chip, address, who, rate", [("MPU6050", 0x68, 0x68, 100), ("LSM6DS3", 0x6A, 0x6A, 104)])
def test_an_imu_is_the_one_that_answers(chip, address, who, rate, board, tmp_path):
    (board.folder / "board_chips.py").write_text(CHIPS.format(chip=chip, address=address, who=who))
    told = json.loads(record(board, tmp_path / "got.npz", "--seconds", 1, "--json", sensor="imu").stdout)
    assert told["driver"] == chip.lower() and told["rate"] == rate and told["units"] == ["m/s2"] * 3 + ["rad/s"] * 3
    counts = recordings.load(tmp_path / "got.npz").pieces[0].counts
    # From the first frame after the FIFO was emptied.
    assert np.array_equal(counts - counts[0], np.outer(np.arange(rate), [1, 0, 0, 0, 0, 0])) and counts[0].tolist()[1:] == [1, 2, 3, 4, 5]


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


def test_a_full_disk_costs_no_recording(board, tmp_path, monkeypatch):
    """The file cannot be written, and what it was before stays; the recording is in another folder."""
    record(board, tmp_path / "got.npz", "--rate", 4000, "--seconds", 1)
    before = (tmp_path / "got.npz").read_bytes()
    write, full = recordings.write_atomically, []

    def fails_once(path, content):
        if full:
            return write(path, content)
        full.append(path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        try:
            write(path, content)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, ignored)

    monkeypatch.setattr(recordings, "write_atomically", fails_once)
    done = record(board, tmp_path / "got.npz", "--rate", 4000, "--seconds", 2, code=2)
    (other,) = re.findall(r"File too large: the recording is in (\S+), and could not be written to: ", done.stderr)
    assert recordings.load(other).frames == 300 and (tmp_path / "got.npz").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board", "got.npz"]


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


def dots(lines, columns):
    """Where a picture has dots: (column, row from the top)."""
    found = set()
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            for column, bits in enumerate(((1, 2, 4, 64), (8, 16, 32, 128))):
                found |= {(2 * x + column, 4 * y + row) for row, bit in enumerate(bits) if (ord(cell) - 0x2800) & bit}
    assert all(len(line) == columns for line in lines)
    return found


def test_a_curve_in_braille():
    assert dots(live.braille(np.arange(8), 4, 2), 4) == {(i, 7 - i) for i in range(8)} | {(i, 8 - i) for i in range(1, 8)}
    assert dots(live.braille(np.full(100, 7), 4, 2), 4) == {(i, 4) for i in range(8)}
    assert dots(live.braille(np.array([0, 1]), 4, 2), 4) == {(6, 7), *((7, row) for row in range(8))}
    assert dots(live.braille(np.zeros(0), 4, 2), 4) == set()
    swing = np.tile(np.array([-32768, 32767], np.int16), 400)
    assert dots(live.braille(swing, 4, 2), 4) == {(x, y) for x in range(8) for y in range(8)}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_picture_fits_the_terminal(width):
    from rich.console import Console

    facts = Facts(("ax", "sound"), ("m/s2", "FS"), (0.1, 1 / 32768), 100.0)
    shown = live.Live(facts, "wave", 10, quiet=True)
    shown._recent.append(np.array([[100, 32767]] * 300, np.int16))
    console = Console(width=width, record=True, file=open(os.devnull, "w"))
    console.print(shown.picture(width, Loss(packets=2)))
    lines = console.export_text().splitlines()
    assert len(lines) == 1 + 2 * live.HEIGHT and max(map(len, lines)) <= width
    assert "wave: 0.0 of 10 s" in lines[0] and "10 " in lines[1] and "full" in lines[3]


@pytest.mark.slow
def test_a_terminal_sees_it_live(board, tmp_path):
    """On a terminal the picture is drawn on standard error; what is printed to standard output is as without."""
    end, terminal = os.openpty()
    command = [sys.executable, "-m", "host_tools", "record", "--port", board.port, "--sensor", "replay::walk.bin", "--seconds", "2"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*command, "--label", "waving", "--output", tmp_path / "got.npz"], stdout=subprocess.PIPE, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        drawn = b""
        try:
            while True:
                drawn += os.read(end, 4096)
        except OSError:  # its other end is closed
            pass
        out = process.stdout.read().decode()
    os.close(end)
    text = drawn.decode(errors="replace")
    assert process.returncode == 0 and "waving: 2.0 s, 200 frames" in out
    assert "waving: 1." in text and "Ctrl-C ends it" in text and "rad/s" in text
    assert len(set(re.findall("[\u2801-\u28ff]", text))) > 20
