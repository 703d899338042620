"""What MicroPython adds to a run: model.run() on the emulated Pico against the engine alone on the same processor."""

import pytest
import small_models

from host_tools import boards, emulators
from host_tools.emulators import cycles, rp2040js

RUNS = 200
MOST = 8000  # cycles: 60 us at 133 MHz

# ticks_us() tells the chip's timer, and the emulator makes that follow the cycles.
SCRIPT = """
import time
import upyml
model = upyml.load("model.upm")
model.run()

start = time.ticks_us()
for _ in range({runs}):
    model.run()
print(time.ticks_diff(time.ticks_us(), start))
"""


@pytest.mark.parametrize("make", [small_models.gesture, small_models.wide])
def test_a_call_adds_less_than_60_microseconds(make, require):
    board = boards.get("pico")
    require(board.image.exists(), "the Pico's firmware", "make boards")
    require(rp2040js.package(), "rp2040js", "make setup")
    require(not cycles.missing(), cycles.missing(), "make bare")
    microseconds = int(emulators.run(board, SCRIPT.format(runs=RUNS), files={"model.upm": make()}, timeout=300))
    added = microseconds * board.clock_mhz / RUNS - cycles.count(make()).run
    assert 0 < added <= MOST, f"{added:,.0f} cycles a call"
