"""No change makes the benchmark models slower, or faster, on a Cortex-M0+ without anybody knowing."""

import json

import baseline
import peers
import pytest

from host_tools.emulators import cycles

BEFORE = json.loads(baseline.FILE.read_text())


@pytest.mark.parametrize("name", baseline.NAMES)
def test_cycles_are_those_of_the_baseline(name, request, require):
    require(not cycles.missing(), cycles.missing(), "make bare")
    folder = request.getfixturevalue("models_dir") / "mlperf_tiny" if name in baseline.TFLITE else None
    now = baseline.count(name, folder)
    change = now / BEFORE[name] - 1
    assert abs(change) <= 0.01, (
        f"{name}: {now:,} cycles a run, {100 * change:+.1f} % from {BEFORE[name]:,}; if that is meant: "
        "`make baseline`, and the numbers before and after into CHANGELOG.md"
    )


def test_the_baseline_names_what_is_counted():
    assert list(BEFORE) == baseline.NAMES
    assert set(peers.CYCLES) == set(baseline.TFLITE)
