"""`upyml record`, with MicroPython of this computer as the board: what is played there arrives here, whole."""

import json

import numpy as np
import pytest
from record_board import CHIPS, MOTION_COUNTS, bench, board, record, refused  # noqa: F401

from host_tools import recordings


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


@pytest.mark.parametrize("chip, address, who, rate", [("MPU6050", 0x68, 0x68, 100), ("LSM6DS3", 0x6A, 0x6A, 104)])
def test_an_imu_is_the_one_that_answers(chip, address, who, rate, board, tmp_path):
    (board.folder / "board_chips.py").write_text(CHIPS.format(chip=chip, address=address, who=who))
    told = json.loads(record(board, tmp_path / "got.npz", "--seconds", 1, "--json", sensor="imu").stdout)
    assert told["driver"] == chip.lower() and told["rate"] == rate and told["units"] == ["m/s2"] * 3 + ["rad/s"] * 3
    counts = recordings.load(tmp_path / "got.npz").pieces[0].counts
    # From the first frame after the FIFO was emptied.
    assert np.array_equal(counts - counts[0], np.outer(np.arange(rate), [1, 0, 0, 0, 0, 0])) and counts[0].tolist()[1:] == [1, 2, 3, 4, 5]
