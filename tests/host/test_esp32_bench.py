"""ports/esp32/bench.py, for a board that is not here, on MicroPython for Unix and on an emulated LX6."""

import re

import pytest
import small_models
from runtimes import ROOT, runtime

import upyml
from host_tools import boards, emulators

SCRIPT = ROOT / "ports" / "esp32" / "bench.py"
BOARD = boards.get("xtensa-lx6")


def on_unix(path, model, require):
    unix = runtime("unix-module")
    require(not unix.missing(), unix.missing(), "make unix")
    return unix.run(SCRIPT, args=(path, 3))


def on_lx6(path, model, require):
    require(BOARD.image.exists(), BOARD.image.relative_to(ROOT), "python ports/build.py xtensa-lx6")
    return emulators.run(BOARD, SCRIPT, args=["gesture.upm", 3], files={"gesture.upm": model})


def by_itself(path, model, require):
    """As mpremote runs it, without arguments: it looks for a model."""
    script = SCRIPT.read_text().replace("else 10", "else 3")
    require(BOARD.image.exists(), BOARD.image.relative_to(ROOT), "python ports/build.py xtensa-lx6")
    return emulators.run(BOARD, script, files={"gesture.upm": model})


@pytest.mark.parametrize("run", [on_unix, on_lx6, by_itself])
def test_a_row_for_each_layer(run, require, tmp_path):
    model = small_models.with_vectors(small_models.gesture)
    path = tmp_path / "gesture.upm"
    path.write_bytes(model)
    head, facts, empty, *table = run(path, model, require).splitlines()
    assert f"upyml {upyml.__version__}" in head and empty == ""
    assert "self test: True" in facts and "of 3 runs" in facts and f"arena {upyml.load(model).arena_size} bytes" in facts
    assert table[:2] == ["| layer | op | us | cycles |", "| --- | --- | --- | --- |"]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    expected = [(str(number), name) for number, name, _, _ in upyml.load(model).profile()]
    assert [(row[0], row[1]) for row in rows] == [*expected, ("all", "")]
    assert all(re.fullmatch(r"\d+", row[2]) for row in rows)
    assert sum(int(row[2]) for row in rows[:-1]) <= int(rows[-1][2])  # the least of each layer, the least of a whole run
