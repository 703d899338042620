"""Each example as it stands: main.py plays the recording with the model that is there, and says the same on every runtime."""

import re

import pytest
from runtimes import ROOT, runtime as runtime_named

import upyml

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/main.py") if path.parent.name != "gesture")  # test_gesture.py
# What is to be heard, seen or told, in what main.py prints: (lines, a pattern that each matches, what the lines say together).
ONE_A_LINE = r"(\w+) +\d+ %$"
SAID = {
    "anomaly": (37, r"s +[\d.]+  (ANOMALY|)$", [""] * 18 + ["ANOMALY"] * 19),
    "image": (10, r"  (\d|\?) +\d+ %$", list("0123456789")),
    "sound": (4, r" s  " + ONE_A_LINE, ["one", "four", "one", "five"]),
    "tabular": (59, r"night +([-\d.]+) C", None),
}
RUNTIMES = "cpython", "unix-module", "unix-mpy", "board-module", "circuitpython", "pico"


SLOW = {"sound": ("circuitpython", "pico")}  # these get one word of the recording only
WORD = slice(2 * 12000, 4 * 12000)  # bytes


def files(example, name, folder):
    """The arguments for main.py on a runtime: model and recording."""
    recording = example / "recording.bin"
    if name in SLOW.get(example.name, ()):
        (folder / "recording.bin").write_bytes(recording.read_bytes()[WORD])
        (folder / "recording.json").write_bytes((example / "recording.json").read_bytes())
        recording = folder / "recording.bin"
    return [example / "model.upm", recording]


def said(example, name, folder, runtime="cpython"):
    """The lines that main.py prints on a runtime, of the files for one with that name."""
    return runtime_named(runtime).run(example / "main.py", files(example, name, folder), timeout=900).splitlines()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_says_what_was_recorded(example, tmp_path):
    count, pattern, expected = SAID[example.name]
    lines = said(example, "cpython", tmp_path)
    found = [re.search(pattern, line) for line in lines]
    assert len(lines) == count and all(found), lines
    assert expected is None or [match[1] for match in found] == expected


@pytest.mark.parametrize("name", RUNTIMES[1:])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_says_the_same_everywhere(example, name, tmp_path, require):
    require(not runtime_named(name).missing(), runtime_named(name).missing(), "make unix natmods boards")
    lines, here = said(example, name, tmp_path, name), said(example, name, tmp_path)
    assert here
    if example.name == "anomaly":  # its spectra become floats, which have 30 bits, 32 or 64
        assert alike(lines, here)
    else:
        assert lines == here


def alike(lines, others):
    """Whether numbers differ by little only, and all else is equal."""
    numbers = [[float(number) for number in re.findall(r"[\d.]+", " ".join(some))] for some in (lines, others)]
    words = [re.sub(r"[\d.]+", "", " ".join(some)) for some in (lines, others)]
    return words[0] == words[1] and max(abs(a - b) for a, b in zip(*numbers, strict=True)) < 0.3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_model_proves_itself_and_is_small(example):
    model = upyml.load(str(example / "model.upm"))
    assert model.selftest() is True
    assert (example / "model.upm").stat().st_size < 40_000
