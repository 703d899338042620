"""`upyml new`: each kind of project is trained, converted and run on what it brings along."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from runtimes import ROOT, runtime as runtime_named

import upyml
from host_tools import new_project, recordings
from host_tools.cli import main

KINDS = tuple(new_project.KINDS)
pytestmark = pytest.mark.xdist_group("new")

# One process for all of them: TensorFlow takes longest to start.
TRAIN_ALL = """
import runpy, sys
for line in sys.argv[1:]:
    folder, *arguments = line.split("|")
    sys.argv[1:] = arguments
    sys.path.insert(0, folder)
    sys.modules.pop("main", None)
    print(folder)
    runpy.run_path(folder + "/train.py", run_name="__main__")
    sys.path.remove(folder)
"""


def upyml_command(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def train(*lines):
    """Runs train.py with arguments, each a line FOLDER|ARGUMENT|...; answers what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TRAIN_ALL, *lines]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def tiny_recordings(folder):
    """What `upyml record` might have written for gesture, anomaly and sound: four recordings of two labels each."""
    data = np.load(ROOT / "examples/gesture/data/basic_motions.npz")
    picked = {"normal": [20, 21, 22, 23], "odd": [0, 1, 2, 3]}
    pieces = [(label, data["x_train"][place]) for label, places in picked.items() for place in places]
    pieces = tuple(recordings.Piece(counts, label, i) for i, (label, counts) in enumerate(pieces))
    names, units = ("ax", "ay", "az", "gx", "gy", "gz"), ("m/s2",) * 3 + ("rad/s",) * 3
    recordings.save(folder / "motion.npz", recordings.Recordings(names, units, (0.002,) * 6, 10.0, pieces))
    sound = np.frombuffer((ROOT / "examples/sound/recording.bin").read_bytes(), "<i2").reshape(5, -1, 1)
    pieces = [recordings.Piece(sound[i % 5], ("three", "one", "four")[i % 3], i) for i in range(7)]
    pieces.append(recordings.Piece(np.zeros((8000, 1), np.int16), "-", 8))
    recordings.save(folder / "sound.npz", recordings.Recordings(("sound",), ("FS",), (1 / 32768,), 8000.0, tuple(pieces)))


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """The folder with a project of each kind, on whose sample data train.py ran for one round; what was printed is in told.txt.

    In folders KIND-own are the results for recordings of one's own.
    """
    folder = tmp_path_factory.mktemp("projects")
    for kind in KINDS:
        done = upyml_command("new", folder / f"my_{kind}", "--kind", kind)
        assert done.exit_code == 0, done.output
    tiny_recordings(folder)
    lines = [f"{folder}/my_{kind}|--epochs|1" for kind in KINDS]
    for kind, data in (("gesture", "motion"), ("anomaly", "motion"), ("sound", "sound")):
        lines.append(f"{folder}/my_{kind}|--epochs|1|--data|{folder}/{data}.npz|--out|{folder}/{kind}-own")
    (folder / "told.txt").write_text(train(*lines))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_trains_on_what_it_brings_along(kind, projects):
    project = projects / f"my_{kind}"
    shipped = (ROOT / "examples" / kind / "model.upm").read_bytes()
    assert (project / "model.upm").read_bytes() != shipped
    model = upyml.load(str(project / "model.upm"))
    assert model.selftest() is True and model.metadata["name"] == f"my_{kind}"
    assert [details.shape for details in model.input_details] == [d.shape for d in upyml.load(shipped).input_details]
    result = json.loads((project / "result.json").read_text())
    assert result["tested"] > 50 and abs(result["float"] - result["int8"]) < 0.2
    told = (projects / "told.txt").read_text()
    assert f"{result['measure']}: {result['float']:.4g} in Keras, {result['int8']:.4g} in int8" in told


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sound"])  # its front end is a part of the file
def test_convert_takes_what_it_leaves(kind, projects):
    project = projects / f"my_{kind}"
    output = projects / f"{kind}.upm"
    done = upyml_command("convert", project / "model.keras", "--data", project / "samples.npz", "-o", output)
    assert done.exit_code == 0, done.output
    first, again = (upyml.load(str(path)) for path in (project / "model.upm", output))
    x = np.load(project / "samples.npz")["x"][0].ravel()
    assert list(first.predict(x)) == list(again.predict(x))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_main_plays_the_recording_in_its_folder(kind, projects, require):
    """On this computer and on MicroPython, with no arguments, as the README says."""
    project, printed = projects / f"my_{kind}", []
    for name in ("cpython", "unix-module"):
        runtime = runtime_named(name)
        require(not runtime.missing(), runtime.missing(), "make unix")
        printed.append(runtime.run(project / "main.py", cwd=project))
    told, played = zip(*(text.split("\n", 1) for text in printed))
    assert all(line.startswith("no ") and line.endswith(": playing recording.bin") for line in told)
    assert played[0] == played[1]
    assert kind == "sound" or len(played[0].splitlines()) >= 10  # a network that learned nothing hears nothing


@pytest.mark.slow
def test_own_recordings_train_models_with_their_labels(projects):
    own = [projects / f"{kind}-own" / "model.upm" for kind in ("gesture", "sound", "anomaly")]
    gesture, sound, anomaly = (upyml.load(str(path)) for path in own)
    assert gesture.labels == ("normal", "odd") and len(gesture.output) == 2
    assert sound.labels == ("four", "one", "three", "-") and len(sound.output) == 4
    assert float(anomaly.metadata["threshold"]) > 0
    results = [json.loads((projects / f"{kind}-own" / "result.json").read_text())["tested"] for kind in ("gesture", "sound")]
    assert results == [2 * 7, 1]  # every fourth of eight recordings, seven windows each; of seven and one of nothing


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_has_all_that_it_speaks_of(kind, tmp_path):
    upyml_command("new", tmp_path / "bell", "--kind", kind)
    project = tmp_path / "bell"
    readme = (project / "README.md").read_text()
    assert readme.startswith("# bell\n\n")
    for name in ("train.py", "main.py", "model.upm", "recording.bin", "recording.json", ".gitignore", "data/DATA_CARD.md"):
        assert (project / name).is_file() and not (project / name).is_symlink(), name
    card = (project / "data/DATA_CARD.md").read_text()
    assert all(word in card for word in ("| source |", "| licence |", "Known")), kind
    commands = {line.split()[1] for line in readme.splitlines() if line.startswith(("    upyml", "        upyml"))}
    assert {"convert", "deploy", "report"} & commands == {"convert", "deploy"} | ({"report"} & commands)
    assert commands <= set(main.commands) | {"record"}
    assert sum(path.stat().st_size for path in project.rglob("*")) < 1_000_000


def refusal(*args):
    done = upyml_command("new", *args)
    (line,) = done.output.strip().splitlines()
    return done.exit_code, line.removeprefix("upyml: ")


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "bell").mkdir()
    (tmp_path / "bell" / "mine.txt").write_text("mine")
    code, said = refusal(tmp_path / "bell", "--kind", "sound")
    assert code == 2 and said == f"the folder exists already, nothing was written: {tmp_path / 'bell'}"
    assert [path.name for path in tmp_path.rglob("*")] == ["bell", "mine.txt"]


def test_a_kind_or_a_name_that_is_none(tmp_path):
    assert refusal(tmp_path / "bell", "--kind", "smell") == (
        3,
        "there is no kind 'smell': there are gesture, sound, image, anomaly, tabular",
    )
    for name in ("2bells", "a b", "ä", ".x"):
        code, said = refusal(tmp_path / name, "--kind", "sound")
        assert code == 3 and said.startswith(f"{name!r} is no name for a project: it begins with a letter"), name
    assert refusal(tmp_path / "no" / "bell", "--kind", "sound") == (2, f"there is no such folder: {tmp_path / 'no'}")
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(new_project.package_files, "examples", lambda: tmp_path / "nowhere")
    with pytest.raises(OSError):
        new_project.create(tmp_path / "bell", "sound")
    assert list(tmp_path.iterdir()) == []
