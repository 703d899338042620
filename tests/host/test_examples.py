"""Each example as it stands: main.py plays the recording with the model that is there, and says the same on every runtime."""

import contextlib
import http.client
import importlib.util
import re
import socket
import threading

import numpy as np
import pytest
from runtimes import ROOT, runtime as runtime_named

import upyml

# All but gesture, which has a test of its own: test_gesture.py.
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/main.py") if path.parent.name != "gesture")
# What is to be heard, seen or told, in what main.py prints: (lines, a pattern that each matches, what the lines say together).
ONE_A_LINE = r"(\w+) +\d+ %$"
SAID = {
    "cascade": (21, r"(\?|board|asked)$", [*["board"] * 10, "?", *["board"] * 3, "?", "board", "?", *["board"] * 3, "asked"]),
    "heart_rate": (17, r" s +(\d+) beats a minute$", None),
    "anomaly": (37, r"s +[\d.]+  (ANOMALY|)$", [""] * 18 + ["ANOMALY"] * 19),
    "image": (10, r"  (\d|\?) +\d+ %$", list("0123456789")),
    "sound": (4, r" s  " + ONE_A_LINE, ["one", "four", "one", "five"]),
    "tabular": (59, r"night +([-\d.]+) C", None),
}
RUNTIMES = "cpython", "unix-module", "unix-mpy", "board-module", "circuitpython", "pico"


FLOATS = "anomaly", "heart_rate"  # computed before the model, which have 30 bits, 32 or 64
SLOW = {"sound": ("circuitpython", "pico")}  # these get one word of the recording only
WORD = slice(2 * 12000, 4 * 12000)  # bytes


def files(example, name, folder):
    """The arguments for main.py on a runtime: model and recording."""
    recording = example / "recording.bin"
    if name in SLOW.get(example.name, ()):
        (folder / "recording.bin").write_bytes(recording.read_bytes()[WORD])
        (folder / "recording.json").write_bytes((example / "recording.json").read_bytes())
        recording = folder / "recording.bin"
    nobody = ["127.0.0.1:9"] if example.name == "cascade" else []  # a port at which nothing listens
    return [example / "model.upm", recording, *nobody]


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
    if example.name != "cascade":  # it expects a server
        assert_expected(example, lines)


def assert_expected(example, lines):
    """What README.md says is to be expected is said."""
    block = (example / "README.md").read_text().split("## What to expect\n\n")[1].split("\n\n")[0]
    expected = [line.split() for line in block.splitlines() if line.strip() != "..."]
    said = [line.split() for line in lines]
    assert len(expected) >= 2 and [line for line in expected if line not in said] == []


@pytest.mark.parametrize("name", RUNTIMES[1:])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_says_the_same_everywhere(example, name, tmp_path, require):
    require(not runtime_named(name).missing(), runtime_named(name).missing(), "make unix natmods boards")
    lines, here = said(example, name, tmp_path, name), said(example, name, tmp_path)
    assert here
    if example.name in FLOATS:
        assert alike(lines, here)
    else:
        assert lines == here


def alike(lines, others):
    """Whether numbers differ by little only, and all else is equal."""
    numbers = [[float(number) for number in re.findall(r"[\d.]+", " ".join(some))] for some in (lines, others)]
    words = [re.sub(r"[\d.]+", "", " ".join(some)) for some in (lines, others)]
    return words[0] == words[1] and max(abs(a - b) for a, b in zip(*numbers, strict=True)) < 0.3 + 0.01 * max(numbers[0])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_model_proves_itself_and_is_small(example):
    model = upyml.load(str(example / "model.upm"))
    assert model.selftest() is True
    assert (example / "model.upm").stat().st_size < 40_000


def module_of(example, name):
    """A module of an example."""
    spec = importlib.util.spec_from_file_location(f"{example}_{name}", ROOT / "examples" / example / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_models_are_right_on_what_they_did_not_learn():
    """The clips to test in data/ are none of those that the model was trained on, though that had more than data/ has."""
    _, _, x, y, labels = module_of("sound", "train").load(None)
    model, right = upyml.load(str(ROOT / "examples/sound/model.upm")), 0
    for clip, number in zip(x, y, strict=True):
        model.input[:] = memoryview(np.ascontiguousarray(clip))
        model.run()
        right += int(np.argmax(model.output)) == number
    assert len(x) == 60 and right >= 56 and model.labels[:-1] == tuple(labels)
    _, _, x, y = module_of("image", "train").load()
    model = upyml.load(str(ROOT / "examples/image/model.upm"))
    answers = [model.classify(image.ravel())[0] for image in x]
    assert len(x) == 600 and np.mean([int(answer) == digit for answer, digit in zip(answers, y)]) > 0.95


def test_forecasts_and_rates_are_near_the_truth(tmp_path):
    """The next line of the recording tells how cold the night became; the pulse of the recording is one of 80 to 110."""
    days = [re.findall(r"-?[\d.]+", line) for line in said(ROOT / "examples/tabular", "cpython", tmp_path)]
    errors = [abs(float(day[3]) - float(later[1])) for day, later in zip(days, days[1:])]
    assert len(errors) == 58 and np.mean(errors) < 2
    rates = [int(line.split()[2]) for line in said(ROOT / "examples/heart_rate", "cpython", tmp_path)]
    assert 80 <= min(rates) and max(rates) <= 110


@pytest.fixture
def server():
    """The cascade's server, at a port of this computer."""
    running = module_of("cascade", "server").make(0, "127.0.0.1")
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("name", ("cpython", "unix-module", "board-module"))
def test_the_server_is_asked_where_the_board_is_not_sure(name, server, require):
    runtime, example = runtime_named(name), ROOT / "examples/cascade"
    require(not runtime.missing(), runtime.missing(), "make unix")
    arguments = [example / "model.upm", example / "recording.bin"]
    lines = runtime.run(example / "main.py", [*arguments, f"127.0.0.1:{server.server_port}"], timeout=60).splitlines()
    assert [i for i, line in enumerate(lines, 1) if line.endswith("server")] == [11, 15, 17]
    assert_expected(example, lines)
    assert lines[10].split()[2:] == ["8", "100", "%", "server"] and lines[-1] == "3 of 20 were asked"
    alone = runtime.run(example / "main.py", [*arguments, "127.0.0.1:9"], timeout=60).splitlines()
    assert [a for a, b in zip(lines, alone) if b.endswith("board")] == [b for b in alone if b.endswith("board")]


GOOD = b"HTTP/1.0 200 OK\r\n\r\n"


def test_the_server_refuses_what_is_no_image(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("POST", "/", body=bytes(783))
    assert connection.getresponse().status == 400


@pytest.mark.parametrize("answer", (b"", b"HTTP/1.0 500 no\r\n\r\n", GOOD + b"<html>", GOOD + b"{}"))
@pytest.mark.parametrize("name", ("cpython", "unix-module"))
def test_a_server_that_talks_nonsense_is_nobody(name, answer, require):
    runtime, example = runtime_named(name), ROOT / "examples/cascade"
    require(not runtime.missing(), runtime.missing(), "make unix")
    arguments = [example / "model.upm", example / "recording.bin"]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            for _ in range(3):
                connection, _ = listening.accept()
                with connection, contextlib.suppress(OSError):  # whom it talks to may hang up first
                    connection.recv(2000)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(2000):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        lines = runtime.run(example / "main.py", [*arguments, address], timeout=60).splitlines()
        thread.join(10)
    assert sum(line.endswith("board?") for line in lines) == 3 and lines[-1] == "0 of 20 were asked"
