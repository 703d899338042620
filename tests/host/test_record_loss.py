"""What goes wrong while `upyml record` records: what is lost is told, what came is kept."""

import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from record_board import MOTION_COUNTS, board, record  # noqa: F401

from host_tools import recordings


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
