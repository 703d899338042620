"""No change makes the benchmark models and layers slower, or faster, on a processor without anybody knowing."""

import json

import baseline
import peers
import pytest

from host_tools.emulators import counts, machines

BEFORE = json.loads(baseline.FILE.read_text())


@pytest.mark.parametrize("name", baseline.NAMES)
@pytest.mark.parametrize("machine", baseline.MACHINES)
def test_counts_are_those_of_the_baseline(machine, name, request, require):
    require(not counts.missing(machine), counts.missing(machine), "make bare")
    folder = request.getfixturevalue("models_dir") / "mlperf_tiny" if name in baseline.TFLITE else baseline.SHARED
    now, before = baseline.count(machine, name, folder), BEFORE[machine][name]
    change = now / before - 1
    assert abs(change) <= 0.01, (
        f"{name}: {now:,} {machines.MACHINES[machine].unit} a run, {100 * change:+.1f} % from {before:,}; if that is meant: "
        "`make baseline`, and the numbers before and after into CHANGELOG.md"
    )


def test_the_baseline_names_what_is_counted():
    assert list(BEFORE) == list(baseline.MACHINES)
    assert all(list(counted) == baseline.NAMES for counted in BEFORE.values())
    assert set(peers.CYCLES) == set(baseline.TFLITE)
