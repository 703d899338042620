"""Data sets of recordings: files that give back what was put in, and windows to train with."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from host_tools import recordings, samples
from host_tools.errors import ConversionError
from host_tools.recordings import Piece, Recordings
from upyml.sensors import replay


def walk(frames, first=0, label="walk", recording=0):
    counts = np.arange(first, first + 2 * frames, dtype=np.int16).reshape(frames, 2)
    return Piece(counts, label, recording)


def two(*pieces, rate=50.0, cut=None, **other):
    facts = {"channels": ("a", "b"), "units": ("m/s2", "V"), "scales": (8 * 9.80665 / 32768, 3.3 / 32767)} | other
    return Recordings(rate=rate, pieces=pieces, cut=cut, **facts)


WHAT = two(walk(30), walk(12, -5), walk(7, -32768, "a, \"quoted\" rest", 1), cut=(10, 5))


def same(left, right):
    assert (left.channels, left.units, left.rate) == (right.channels, right.units, right.rate)
    np.testing.assert_allclose(left.scales, right.scales)
    for a, b in zip(left.pieces, right.pieces, strict=True):
        assert (a.label, a.recording) == (b.label, b.recording) and np.array_equal(a.counts, b.counts)


@pytest.mark.parametrize("ending", ["npz", "csv"])
def test_a_file_gives_back_what_was_put_in(ending, tmp_path):
    path = tmp_path / f"data.{ending}"
    recordings.save(path, WHAT)
    same(recordings.load(path), WHAT)
    more = recordings.load(path).added(two(walk(5, 900, "run")), str(path))
    recordings.save(path, more)
    assert [piece.recording for piece in recordings.load(path).pieces] == [0, 0, 1, 2]
    assert recordings.load(tmp_path).labels == ("a, \"quoted\" rest", "run", "walk")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=40), st.floats(1e-6, 1e3))
def test_units_in_a_csv_lead_back_to_the_counts(tmp_path_factory, values, scale):
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    what = Recordings(("a",), ("V",), (scale,), 8000.0, (Piece(np.array(values, np.int16)[:, np.newaxis], "x", 0),))
    recordings.save(path, what)
    same(recordings.load(path), what)


def test_a_csv_says_what_its_columns_are(tmp_path):
    recordings.save(tmp_path / "data.csv", two(walk(2)))
    comment, titles, first, second = (tmp_path / "data.csv").read_text().splitlines()
    assert comment.startswith("# rate 50.0 Hz, scales 0.0023942")
    assert titles == "label,recording,piece,time [s],a [m/s2],b [V]"
    assert second.startswith("walk,0,0,0.020000,") and float(second.split(",")[4]) == pytest.approx(2 * 0.00239420166)


def test_a_bin_is_what_replay_plays(tmp_path):
    recordings.save(tmp_path / "walk.bin", two(walk(9), walk(3, 500)))
    sensor = replay.Sensor(str(tmp_path / "walk.bin"), rate=0)
    assert (sensor.channels, sensor.units, sensor.rate) == (("a", "b"), ("m/s2", "V"), 50)
    played = [sensor.read() for _ in range(12)]
    expected = np.array([*range(18), *range(500, 506)]).reshape(12, 2) * WHAT.scales
    np.testing.assert_allclose(played, expected)
    assert sensor.read() is None
    same(recordings.load(tmp_path / "walk.bin"), two(Piece(np.concatenate([walk(9).counts, walk(3, 500).counts]), "walk", 0)))
    assert json.loads((tmp_path / "walk.json").read_text())["label"] == "walk"


def test_windows_span_no_gap(tmp_path):
    x, y, groups = WHAT.windows(10, 5)
    assert x.shape == (5 + 1, 10, 2) and x.dtype == np.float32
    np.testing.assert_allclose(x[1], WHAT.pieces[0].counts[5:15] * WHAT.scales, rtol=1e-6)
    np.testing.assert_allclose(x[5], WHAT.pieces[1].counts[:10] * WHAT.scales, rtol=1e-6)
    assert y.tolist() == [1] * 6 and groups.tolist() == [0] * 6  # the other label's piece is shorter than a window
    assert WHAT.windows(7)[1].tolist() == [1] * 5 + [0] and WHAT.windows(7)[2].tolist() == [0] * 5 + [1]
    with pytest.raises(ConversionError, match="1 or more frames, received 0 and 3"):
        WHAT.windows(0, 3)


def test_what_reads_sample_data_reads_the_windows(tmp_path):
    """`upyml convert --data`, `upyml prune --data`, `upyml search --data`."""
    recordings.save(tmp_path / "data.npz", WHAT)
    x, y, groups = WHAT.windows(*WHAT.cut)
    (given_x,) = samples.load(tmp_path / "data.npz", ["motion"])
    assert np.array_equal(given_x, x)
    found = samples.arrays(tmp_path / "data.npz")
    assert np.array_equal(found["x"], x) and np.array_equal(found["y"], y) and np.array_equal(found["groups"], groups)
    assert recordings.load(tmp_path / "data.npz").cut == (10, 5)


@pytest.mark.parametrize(
    "other, words",
    [
        ({"rate": 100.0}, "data.npz has rate 50 frames a second, this recording 100 frames a second: record to another"),
        ({"units": ("g", "V")}, "has units m/s2, V, this recording g, V"),
        ({"channels": ("a", "c")}, "has channels a, b, this recording a, c"),
        ({"scales": (0.5, 3.3 / 32767)}, "has scales 0.0023942, 0.000100711 units a count, this recording 0.5, 0.000100711 units"),
        ({"channels": ("a",), "units": ("V",), "scales": (1.0,)}, "has channels a, b, this recording a"),
    ],
)  # fmt: skip
def test_other_sensors_go_into_other_files(other, words):
    with pytest.raises(ConversionError, match=words):
        WHAT.added(two(**other), "data.npz")


@pytest.mark.parametrize(
    "name, content",
    [
        ("data.npz", b"nothing"),
        ("data.npz", None),
        ("data.csv", b"a,b\n1,2\n"),
        ("data.csv", b"# rate 5 Hz, scales 1\nlabel,recording,piece,time [s],a [V]\nx,0,0,0\n"),
        ("data.csv", b"# rate 5 Hz, scales 1 2\nlabel,recording,piece,time [s],a [V]\nx,0,0,0,1\n"),
        ("data.csv", b"# rate fast Hz, scales 1\nlabel,recording,piece,time [s],a [V]\nx,0,0,0,1\n"),
        ("data.bin", b"\0\0"),
    ],
)
def test_what_is_no_recording_is_a_sentence(name, content, tmp_path):
    path = tmp_path / name
    if content is None:
        np.savez(path, x=np.zeros(3))
    else:
        path.write_bytes(content)
    path.with_suffix(".json").write_text('{"channels": ["a"], "units": ["V"], "scales": []}')
    with pytest.raises(ConversionError, match="is no recording as `upyml record` writes it: "):
        recordings.load(path)


def test_no_file_and_no_kind_of_file(tmp_path):
    for path in (tmp_path / "data.npz", tmp_path / "data.bin"):
        with pytest.raises(FileNotFoundError):
            recordings.load(path)
    (tmp_path / "data.bin").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="data.json"):
        recordings.load(tmp_path / "data.bin")
    with pytest.raises(ConversionError, match="end in .npz, .csv, .bin"):
        recordings.save(tmp_path / "data.txt", WHAT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConversionError, match="empty holds no recordings"):
        recordings.load(tmp_path / "empty")
