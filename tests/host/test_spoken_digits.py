"""Spoken digits from samples to label, the front end in the file: tests/bench/sound.py with less training."""

import sys
from pathlib import Path

import pytest
from runtimes import ROOT

from host_tools.emulators import counts

sys.path.append(str(ROOT / "tests" / "bench"))


@pytest.mark.slow
def test_a_second_of_sound_becomes_a_digit(tmp_path: Path, monkeypatch, require):
    import sound

    folder = sound.tasks.SHARED / "data" / "fsdd"
    require(any(folder.glob("*.wav")), "600 recordings of spoken digits", "put them at ../shared/data/fsdd, or set UPYML_SHARED")
    require(not counts.missing(), counts.missing(), "make bare")
    monkeypatch.setattr(sound, "EPOCHS", 15)
    monkeypatch.setattr(sound, "COPIES", 3)
    found = sound.measure(tmp_path)
    assert found["accuracy"] >= 0.92 and found["clips"] == 180
    assert found["same_in_python"] and found["ms_at_133_mhz"] < 60
    assert (tmp_path / "spoken.upm").stat().st_size == found["file_bytes"] < 32768
