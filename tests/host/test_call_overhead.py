"""What MicroPython adds to a run: model.run() on the emulated Pico against the engine alone on the same processor."""

import pytest
import small_models

from host_tools import boards, emulators
from host_tools.convert import convert
from host_tools.emulators import counts, rp2040js

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


@pytest.fixture
def pico(require):
    board = boards.get("pico")
    require(board.image.exists(), "the Pico's firmware", "make boards")
    require(rp2040js.package(), "rp2040js", "make setup")
    require(not counts.missing(), counts.missing(), "make bare")
    return board


def run_cycles(board, file, runs):
    """Cycles of a call of model.run() in the firmware, of its interrupts too, on the average."""
    microseconds = emulators.run(board, SCRIPT.format(runs=runs), files={"model.upm": file}, timeout=300)
    return int(microseconds) * board.clock_mhz / runs


@pytest.mark.parametrize("make", [small_models.gesture, small_models.wide])
def test_a_call_adds_less_than_60_microseconds(make, pico):
    added = run_cycles(pico, make(), 200) - counts.count(make()).run
    assert 0 < added <= MOST, f"{added:,.0f} cycles a call"


def test_the_count_is_what_the_firmware_takes(pico, models_dir):
    """USB asks for the processor every millisecond: 0.4 %."""
    file = convert(models_dir / "mlperf_tiny" / "kws_ref_model.tflite").file
    assert run_cycles(pico, file, 3) == pytest.approx(counts.count(file).run, rel=0.01)
