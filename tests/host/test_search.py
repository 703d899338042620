"""`upyml search`: what it finds, what it prunes, that it goes on where it ended, and what it answers to mistakes."""

import json
import re

import keras_models  # noqa: F401  Keras without TensorFlow's greetings
import keras
import numpy as np
import pytest
import search_spaces
from runtimes import ROOT
from test_cli import upyml_command

import upyml
from host_tools import bench, boards
from host_tools.emulators import counts
from host_tools.search import study as studies


# A board whose emulator is ready in a fifth of the time that a Pico's takes.
PICO2 = ("--board", "pico2")


QUICK = search_spaces.QUICK


def space_with(old, new):
    assert old in QUICK
    return QUICK.replace(old, new)


@pytest.fixture(autouse=True)
def counter(require):
    for machine in ("cortex_m0", "cortex_m33"):
        require(not counts.missing(machine), counts.missing(machine), "make bare")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    search_spaces.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def searched(*args, code=0):
    """What --json says."""
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", "--json", *args)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def beaten(values, others):
    """Whether one of the others is at least as good in all and better in one: accuracy up, costs down."""
    signs = np.array([1, -1, -1, -1])
    return any(np.all(signs * o >= signs * values) and np.any(o != values) for o in others)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    """A search with eight trials: (its folder, what the command printed)."""
    folder = tmp_path_factory.mktemp("eight")
    search_spaces.write(folder)
    done = upyml_command(
        "search", folder / "space.py", "-d", folder / "train.npz", "-o", folder / "out", "--trials", 8, "--max-ram", "4k",
    )
    assert done.exit_code == 0, done.output
    return folder / "out", done


def told(folder):
    return json.loads((folder / "search.json").read_text())


def test_the_front_is_what_no_trial_beats_and_its_models_are_there(eight):
    folder, _ = eight
    found = told(folder)
    assert found["counts"] == {"complete": 8, "pruned": 0, "running": 0, "fail": 0}
    values = {t["number"]: np.array(list(t["values"].values())) for t in found["trials"]}
    front = {number for number in values if not beaten(values[number], values.values())}
    assert {t["number"] for t in found["front"]} == front and 0 < len(front) < 8
    names = {f"trial-{number:04d}.{kind}" for number in front for kind in ("keras", "upm")}
    assert {p.name for p in folder.iterdir()} == names | {"journal.log", "pareto.png", "report.html", "search.json"}


def test_costs_are_those_of_bench_and_the_score_is_the_engines(eight):
    folder, _ = eight
    trial = told(folder)["front"][0]
    file = (folder / trial["files"]["upm"]).read_bytes()
    counted = bench.count(file, boards.get("pico"))
    score = trial["values"].pop("score")
    assert trial["values"] == {"ms": counted["ms"], "ram_bytes": counted["arena_bytes"], "flash_bytes": len(file)}
    model, x = upyml.load(file), search_spaces.points()["x"]
    held_out = x[np.random.default_rng(0).permutation(len(x))[: len(x) // 5]]
    assert score == pytest.approx(max(max(model.predict(sample)) for sample in held_out))
    loaded = keras.models.load_model(folder / trial["files"]["keras"])
    assert loaded.layers[0].units == trial["params"]["units"]


def test_what_a_user_reads(eight):
    folder, done = eight
    line = r"^trial 7: score 0\.\d+, 0\.\d\d ms, RAM [\d,]+ bytes, flash [\d,]+ \(\d+ s\)$"
    assert re.search(line, done.stderr, re.M), done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["trial", "score", "ms", "RAM", "flash", "parameters"]
    assert "units" in rows[0] and "activation" in rows[0]
    assert rows[-2] == "study space: 8 of 8 trials (8 complete, 0 pruned)"
    page = (folder / "report.html").read_text()
    assert "data:image/png;base64,iVBOR" in page and "://" not in page
    assert "Limits: ram_bytes 4,096." in page
    assert page.count("<tr>") == 2 + len(told(folder)["front"]) + 8
    assert (folder / "pareto.png").read_bytes().startswith(b"\x89PNG")


def test_a_search_is_the_same_each_time_and_goes_on(folder, eight):
    """Eight trials at once, and first five, then eight: the same parameters, the same scores and costs."""
    at_once = told(eight[0])["trials"]
    assert searched("--trials", 5, "--max-ram", 4096)["counts"]["complete"] == 5
    in_parts = searched("--trials", 8, "--max-ram", 4096)["trials"]
    for a, b in zip(at_once, in_parts, strict=True):
        assert (a["params"], a["values"]) == (b["params"], b["values"])
    assert len({str(t["params"]) for t in at_once}) > 4
    assert searched("--trials", 8, "--max-ram", 4096)["trials"] == in_parts, "there was nothing left to do"


def test_without_functions_of_its_own_a_classifier_is_trained(folder):
    """What is beyond the limit is not: its trial is told why."""
    search_spaces.write(folder, search_spaces.PLAIN)
    found = searched("--trials", 4, "--max-ms", "0.1", "--epochs", 12)
    for trial in found["trials"]:
        assert (trial["state"] == "complete") == (trial["params"]["units"] == 24)
        if trial["state"] == "pruned":
            assert re.fullmatch(r"0\.\d+ ms, and the limit is 0\.1 ms", trial["reason"])
    assert found["counts"]["complete"] and found["counts"]["pruned"]
    assert found["objectives"] == ["accuracy", "ms", "ram_bytes", "flash_bytes"]
    assert found["front"][0]["values"]["accuracy"] > 0.8
    assert found["front"][0]["values"]["ms"] <= 0.1


def test_ctrl_c_leaves_a_study_to_go_on_with(folder):
    text = search_spaces.QUICK.replace("    pass", "    if trial.number == 2: raise KeyboardInterrupt")
    search_spaces.write(folder, text)
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", "--trials", 3, *PICO2)
    assert done.exit_code == 130
    assert "interrupted; the same command goes on" in done.stderr
    assert "2 of 3 trials (2 complete, 0 pruned, 1 failed)" in done.stdout
    assert (folder / "out/report.html").exists()
    found = searched("--trials", 3, *PICO2)
    assert [t["state"] for t in found["trials"]] == ["complete", "complete", "fail", "complete"]
    assert found["trials"][2]["reason"] == "interrupted"


def test_a_page_shows_what_a_space_says_and_does_not_run_it(folder):
    search_spaces.write(folder, search_spaces.QUICK.replace('"relu", "tanh"', '"relu"').replace(
        "    units =", "    trial.suggest_categorical('<script>', ['<b>'])\n    units ="))  # fmt: skip
    searched("--trials", 1, *PICO2)
    page = (folder / "out/report.html").read_text()
    assert "<script>" not in page and "&lt;script&gt; &lt;b&gt;" in page


def test_instructions_are_never_times(folder):
    found = searched("--trials", 2, *PICO2, "--max-instructions", 100_000)
    assert found["objectives"][1] == "instructions"
    trial = found["front"][0]
    file = (folder / "out" / trial["files"]["upm"]).read_bytes()
    assert trial["values"]["instructions"] == bench.count(file, boards.get("pico2"))["instructions"]
    page = (folder / "out/report.html").read_text()
    assert "how long they take, nobody knows" in page and " ms" not in page


def test_a_plan_in_less_ram_is_tried_before_a_candidate_is_pruned(folder):
    """Convolutions are as fast as they can be in more RAM than they need."""
    text = """
import keras
def build(trial):
    filters = trial.suggest_categorical("filters", [8])
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(filters, 3, padding="same"), keras.layers.MaxPooling2D(2)]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
def train(model, data, trial): pass
def load_data():
    import numpy as np
    return np.random.default_rng(0).normal(size=(20, 8, 8, 3)), np.arange(20) % 2
"""
    search_spaces.write(folder, text)
    ram = {}
    for limit in (None, 1):
        out = f"out{limit}"
        less = ["--max-ram", ram[None] - limit] if limit else []
        done = upyml_command("search", "space.py", "-o", out, "--trials", 1, "--json", *PICO2, *less)
        ram[limit] = json.loads(done.stdout)["front"][0]["values"]["ram_bytes"]
    assert ram[1] < ram[None]
    done = upyml_command("search", "space.py", "-o", "none", "--trials", 1, "--max-ram", "300", *PICO2)
    assert done.exit_code == 1
    assert re.search(r"no model within the limits; the last candidate was pruned: [\d,]+ bytes of RAM", done.stdout)


@pytest.mark.parametrize(
    "limit, reason",
    [
        (("--max-ms", "0.0001"), r"more than 0\.00\d+ ms \([\d,]+ multiply-accumulates\), and the limit is 0\.0001 ms"),
        ((*PICO2, "--max-instructions", 100), r"[\d,]+ instructions, and the limit is 100 instructions"),
        ((*PICO2, "--max-ram", 4), r"[\d,]+ bytes of RAM, and the limit is 4"),
    ],
)
def test_what_takes_too_much_is_never_trained(folder, limit, reason):
    search_spaces.write(folder, space_with("    pass", "    raise RuntimeError('trained')"))
    found = searched("--trials", 2, *limit, code=1)
    assert found["counts"] == {"complete": 0, "pruned": 2, "running": 0, "fail": 0} and found["front"] == []
    assert all(re.fullmatch(reason, trial["reason"]) for trial in found["trials"]), found["trials"]
    assert (folder / "out/report.html").exists()


def test_a_combination_may_be_left_out(folder):
    text = search_spaces.QUICK.replace("    activation =", "    if units > 8:\n        import optuna\n"
        "        raise optuna.TrialPruned('too wide')\n    activation =")  # fmt: skip
    search_spaces.write(folder, text)
    found = searched("--trials", 6, *PICO2)
    assert found["counts"]["complete"] and found["counts"]["pruned"]
    assert {t["reason"] for t in found["trials"] if t["state"] == "pruned"} == {"too wide"}


def test_train_may_give_another_model(folder):
    text = search_spaces.QUICK.replace("    pass", "    other = keras.Sequential([keras.Input((8,)), "
        "keras.layers.Dense(3)])\n    other(np.zeros((1, 8)))\n    return other")  # fmt: skip
    search_spaces.write(folder, text)
    trial = searched("--trials", 1, *PICO2)["front"][0]
    assert len(bench.moved((folder / "out" / trial["files"]["upm"]).read_bytes())) == 1


def test_the_examples_space_works():
    """As far as its first trial: all candidates fit a Pico, and the data suits them."""
    from host_tools.search import run

    found = run.prepare(ROOT / "examples/gesture/space.py", None, boards.get("pico2"))
    assert found.parameters["filters_2"] == "IntDistribution(high=32, log=False, low=4, step=4)"
    assert found.data.x_train.shape[1:] == (40, 6) and len(found.data.x_test) == 280


BUILD = QUICK[: QUICK.index("def train")]
# what: space.py, further arguments, exit code, sentence
WRONG = {
    "no file": (None, (), 2, "there is no such file: space.py"),
    "no build": ("x = 1", (), 3, r"space.py has no build\(trial\)"),
    "no function": ("build = 3", (), 3, r"space.py has no build\(trial\)"),
    "train is none": (BUILD + "train = 3", (), 3, "space.py: train is int, expected a function"),
    "no Python": ("def build(trial:\n", (), 3, r"space.py, line 1: def build\(trial:: SyntaxError: '\(' was never closed"),
    "no module": ("import nowhere_at_all", (), 3, "space.py, line 1: import nowhere_at_all: ModuleNotFoundError"),
    "exception": (space_with("    units =", "    z = 1 / 0\n    units ="), (), 3,
                  "space.py, line 6: z = 1 / 0: ZeroDivisionError: division by zero"),
    "exception of Keras": (space_with("Dense(units", "Dense(-units"), (), 3, r"space.py, line 8: layers = .*: ValueError: "),
    "exit": (space_with("    units =", "    exit(3)\n    units ="), (), 3, r"space.py, line 6: exit\(3\): SystemExit: 3"),
    "no model": (space_with("return keras", "return 3 #"), (), 3, r"build\(\) returned int, expected a keras.Model"),
    "a layer without op": (space_with("keras.layers.Dense(units",
                                      "keras.layers.Reshape((2, 2, 2, 1)), keras.layers.Conv3D(units, 1"),
                           (), 3, "Conv3D.*is not supported"),
    "no board": (QUICK, ("--board", "pico3"), 2, "there is no board 'pico3'"),
    "nothing counts": (QUICK, ("--board", "esp32-s2"), 2, "nothing is counted for esp32-s2: a search is for one of"),
    "no times": (QUICK, (*PICO2, "--max-ms", 5), 2, "instructions are counted for pico2.*use --max-instructions"),
    "times": (QUICK, ("--max-instructions", 5), 2, "cycles are counted for pico: use --max-ms"),
    "RAM": (QUICK, ("--max-ram", "60kB"), 2, "'60kB': bytes are needed, as 61440 or 60k"),
    "no RAM": (QUICK, ("--max-ram", "0"), 2, "'0': bytes are needed"),
    "no time": (QUICK, ("--max-ms", 0), 2, "0.0 is not in the range x>0"),
    "no trials": (QUICK, ("--trials", 0), 2, "0 is not in the range x>=1"),
    "no data": (QUICK, ("-d", "nothing.npz"), 2, "there is no such file: nothing.npz"),
    "data of another kind": (QUICK, ("-d", "space.py"), 3, "space.py: data comes as .npz, .npy, or a folder"),
    "samples of another shape": (space_with("Input((8,))", "Input((9,))"), (), 3,
                                 r"takes samples of shape \(9,\), and the data has samples of shape \(8,\)"),
    "too few outputs": (BUILD.replace("Dense(3", "Dense(2"), (), 3, "labels go up to 2, and the model has 2 outputs"),
    "no server": (QUICK, ("--storage", "postgresql://me:hidden@127.0.0.1:1/db"), 2,
                  r"the storage cannot be reached: .*refused.*me:\*\*\*@127"),
    "no storage": (QUICK, ("--storage", "mysql://a"), 2, "must be a journal file, or a URL postgresql://.*mysql://a"),
    "a folder as storage": (QUICK, ("--storage", "."), 2, "the storage is a folder"),
    "no journal": (QUICK, ("--storage", "space.py"), 2, "a file, but no journal of Optuna's: space.py"),
    "no folder for it": (QUICK, ("--storage", "nowhere/j.log"), 2, "nowhere/j.log"),
    "a file as folder": (QUICK, ("-o", "train.npz"), 3, "train.npz is a file: -o takes a folder"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_gets_one_sentence_and_nothing_is_written(folder, what):
    text, args, code, sentence = WRONG[what]
    (folder / "space.py").unlink()
    if text is not None:
        search_spaces.write(folder, text)
    at = () if any(arg in args for arg in ("--board", "--max-ms", "--max-instructions")) else PICO2
    before = sorted(path.name for path in folder.rglob("*"))
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", "--trials", 1, *at, *args)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output and "hidden" not in done.output
    assert re.search(sentence, done.stderr.replace("\n", " ")), done.stderr
    if "Usage" not in done.stderr:
        assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in folder.rglob("*") if "__pycache__" not in str(path)) == before


def test_a_broken_archive_is_told(folder):
    search_spaces.write(folder, BUILD)
    (folder / "train.npz").write_bytes(b"PK\x03\x04 and nothing that an archive would have")
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out")
    assert done.exit_code == 3 and "train.npz is no NumPy file of plain numbers" in done.stderr
    assert not (folder / "out").exists()


def test_a_search_needs_data_from_somewhere(folder):
    done = upyml_command("search", "space.py", "-o", "out")
    assert done.exit_code == 3 and "there is no data: give --data train.npz, or write load_data() in space.py" in done.stderr


NPZ = {
    "names": (dict(a=np.zeros(3)), "holds a: a search takes x_train, y_train, x_test, y_test, or x and y"),
    "lengths": (dict(x=np.zeros((5, 8)), y=np.zeros(4)), "5 samples in x and 4 in y"),
    "objects": (dict(x=np.zeros((5, 8)), y=np.array(list("abcde"))), "y holds <U1; numbers are needed"),
    "nothing": (dict(x=np.zeros((0, 8)), y=np.zeros(0)), "x holds no samples"),
    "one": (dict(x=np.zeros((1, 8)), y=np.zeros(1)), "1 samples are too few to hold some out"),
    "parts": (dict(x_train=np.zeros((5, 8)), y_train=np.zeros(5), x_test=np.zeros((5, 7)), y_test=np.zeros(5)),
              r"samples to train have the shapes \(8,\) and \(\), to test \(7,\) and \(\)"),
    "no labels": (dict(x=np.zeros((9, 8)), y=np.linspace(0, 1, 9)), r"y of shape .* holds no classes"),
}  # fmt: skip


@pytest.mark.parametrize("what", NPZ)
def test_data_that_cannot_be_used_is_told(folder, what):
    arrays, sentence = NPZ[what]
    search_spaces.write(folder, BUILD)
    np.savez(folder / "train.npz", **arrays)
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out")
    assert done.exit_code == 3 and re.search(sentence, done.stderr), done.stderr
    assert not (folder / "out").exists()


def test_a_study_for_another_search_is_left_alone(folder):
    searched("--trials", 1, *PICO2, "--storage", "j.log")
    journal = (folder / "j.log").read_bytes()
    search_spaces.write(folder, space_with("4, 20", "4, 24"))
    args = ("search", "space.py", "-d", "train.npz", "--storage", "j.log", *PICO2, "-o")
    for out in ("out", "other"):
        done = upyml_command(*args, out)
        assert done.exit_code == 3
        assert re.fullmatch(
            r"upyml: study 'space' was made for another search: units was IntDistribution\(high=20.*\) there and is "
            r"IntDistribution\(high=24.*\) here; choose another --study.*\n", done.stderr)  # fmt: skip
    search_spaces.write(folder)
    done = upyml_command(*args, "other", "--max-ram", "9000")
    assert "--max-ram was not there there and is 9000 here" in done.stderr
    assert (folder / "j.log").read_bytes() == journal and not (folder / "other").exists()
    done = upyml_command(*args, "out", "--study", "mine")
    assert done.exit_code == 3 and "out has the results of study 'space': name another folder for 'mine'" in done.stderr


def test_an_exception_in_a_later_trial_ends_the_search_with_its_line(folder):
    search_spaces.write(folder, space_with("    pass", "    assert trial.number < 1, 'enough'"))
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", "--trials", 2, *PICO2)
    assert done.exit_code == 3
    assert "upyml: space.py, line 12: assert trial.number < 1, 'enough': AssertionError: enough" in done.stderr
    search_spaces.write(folder)
    found = searched("--trials", 2, *PICO2)
    assert [t["state"] for t in found["trials"]] == ["complete", "fail", "complete"]
    assert "enough" in found["trials"][1]["reason"]


@pytest.mark.parametrize(
    "gives, sentence", [("None", "returned NoneType, expected a number"), ("float('nan')", "returned nan")]
)
def test_a_score_is_a_number(folder, gives, sentence):
    search_spaces.write(folder, space_with("return predict(data.x_test).max()", f"return {gives}"))
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", "--trials", 1, *PICO2)
    assert done.exit_code == 3 and f"evaluate() {sentence}" in done.stderr


def test_optuna_is_asked_for_by_name(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out")
    assert done.exit_code == 3 and "a search needs optuna: pip install 'upyml[keras,search]'" in done.stderr


def test_a_storage_that_is_lost_is_a_sentence(folder, monkeypatch):
    from optuna.exceptions import StorageInternalError

    def lost(*_):
        raise StorageInternalError("gone")

    monkeypatch.setattr(studies.Study, "next", lost)
    done = upyml_command("search", "space.py", "-d", "train.npz", "-o", "out", *PICO2)
    assert done.exit_code == 2 and "the storage was lost: gone; the same command goes on when it is back" in done.stderr
