"""Studies that processes share: each trial once, as many as asked, those of the dead given up; a journal and PostgreSQL."""

import json
import os
import socket
import subprocess
import sys
import time

import postgres
import pytest
import search_spaces
from runtimes import ROOT

optuna = pytest.importorskip("optuna")
from optuna.trial import TrialState  # noqa: E402

from host_tools.emulators import counts  # noqa: E402
from host_tools.search import study as studies  # noqa: E402

DIRECTIONS = ["maximize", "minimize"]
MADE_FOR = {"parameters": {"n": "a number"}, "--board": "pico"}
HERE = socket.gethostname()


@pytest.fixture(autouse=True)
def quiet():
    studies.quiet()


@pytest.fixture
def study(tmp_path):
    return opened(tmp_path)


def opened(folder, name="s", made_for=MADE_FOR):
    return studies.Study(studies.open_storage(str(folder / "j.log")), name, DIRECTIONS, made_for)


def finish(study, total):
    """Runs trials: n is better, and costs more."""
    while (trial := study.next(total)) is not None:
        n = trial.suggest_int("n", 0, 100)
        study.end(trial, TrialState.COMPLETE, [n, n])


def test_trials_come_to_the_number_that_was_asked(study, tmp_path):
    finish(study, 4)
    assert study.counts()["complete"] == 4
    finish(opened(tmp_path), 4)
    assert len(study.trials()) == 4
    finish(opened(tmp_path), 6)
    assert [trial.number for trial in study.trials()] == list(range(6))


def test_pruned_trials_count_and_failed_ones_do_not(study):
    study.end(study.next(3), TrialState.PRUNED, reason="too large")
    study.end(study.next(3), TrialState.FAIL)
    finish(study, 3)
    assert study.counts() == {"complete": 2, "pruned": 1, "running": 0, "fail": 1}
    assert study.trials()[0].user_attrs["reason"] == "too large"


def test_who_gets_a_place_too_many_gives_up(study, tmp_path, monkeypatch):
    """Both looked when there was one place left, and both took a trial."""
    other, mine, taken = opened(tmp_path), study.next(1), studies.Study._taken
    first = True

    def late(self):
        nonlocal first
        stale, first = first, False
        return [] if stale else taken(self)

    monkeypatch.setattr(studies.Study, "_taken", late)
    assert other.next(1) is None
    study.end(mine, TrialState.COMPLETE, [1, 1])
    assert study.counts() == {"complete": 1, "pruned": 0, "running": 0, "fail": 1}
    assert "another process had the last trial" in study.trials()[1].user_attrs["reason"]


def test_parameters_are_drawn_by_the_trials_number(tmp_path):
    drawn = []
    for name in ("a", "b"):
        study = opened(tmp_path, name)
        finish(study, 15)  # ten by chance, then by the estimator
        drawn.append([trial.params["n"] for trial in study.trials()])
    assert drawn[0] == drawn[1] and len(set(drawn[0])) > 8


def test_a_trial_whose_process_is_no_more_is_given_up(study):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    workers = {
        "dead": {"host": HERE, "pid": dead.pid, "beat": time.time()},
        "runs": {"host": HERE, "pid": os.getpid(), "beat": time.time()},
        "elsewhere": {"host": "another", "pid": dead.pid, "beat": time.time() - 60},
        "lost": {"host": "another", "pid": dead.pid, "beat": time.time() - 3600},
    }
    for worker in workers.values():
        study.next(9).set_user_attr("worker", worker)
    study.give_up_lost()
    assert [trial.state.name for trial in study.trials()] == ["FAIL", "RUNNING", "RUNNING", "FAIL"]


def test_a_trial_that_runs_long_gives_signs_of_life(study, monkeypatch):
    monkeypatch.setattr(studies, "BEAT", 0.05)
    trial = study.next(1)
    first = trial.user_attrs["worker"]["beat"]
    with study.alive(trial):
        time.sleep(0.5)
    worker = study.trials()[0].user_attrs["worker"]
    assert worker["beat"] > first and worker["pid"] == os.getpid()


def test_a_study_knows_what_it_is_for(tmp_path):
    opened(tmp_path)
    before = (tmp_path / "j.log").read_bytes()
    for made_for, difference in (
        ({**MADE_FOR, "--board": "pico2"}, "--board was pico there and is pico2 here"),
        ({**MADE_FOR, "parameters": {"n": "a text"}}, "n was a number there and is a text here"),
        ({**MADE_FOR, "parameters": {}}, "n was a number there and is not there here"),
    ):
        with pytest.raises(studies.OtherSpace, match=difference):
            opened(tmp_path, made_for=made_for)
    assert (tmp_path / "j.log").read_bytes() == before


def test_a_study_of_somebody_elses_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "_WAIT", 0.2)
    optuna.create_study(storage=studies.open_storage(str(tmp_path / "j.log")), study_name="s", directions=DIRECTIONS)
    with pytest.raises(studies.OtherSpace, match="study 's' was not made by `upyml search`"):
        opened(tmp_path)


# Each process's first trial waits until the other has one, too: both have a part.
TOGETHER = search_spaces.QUICK.replace("    pass", """\
    import os, pathlib, time
    began = pathlib.Path("began")
    began.mkdir(exist_ok=True)
    (began / str(os.getpid())).touch()
    while len(list(began.iterdir())) < 2:
        time.sleep(0.05)
""")  # fmt: skip
TRIALS = 7


def two_processes(folder, storage):
    """What each of two that search together says in the end."""
    search_spaces.write(folder, TOGETHER)
    command = [sys.executable, "-m", "host_tools", "search", "space.py", "-d", "train.npz", "-o", "out", "--json",
               "--board", "pico2", "--storage", storage, "--trials", str(TRIALS)]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    options = dict(cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    both = [subprocess.Popen(command, **options) for _ in range(2)]
    try:
        ended = [process.communicate(timeout=400) for process in both]
    finally:
        for process in both:
            process.kill()
    for process, (_, said) in zip(both, ended):
        assert process.returncode == 0, said
    return [process.pid for process in both], [json.loads(out) for out, _ in ended]


def check_two_processes(folder, storage):
    pids, told = two_processes(folder, storage)
    study = optuna.load_study(study_name="space", storage=studies.open_storage(storage))
    done = [trial for trial in study.get_trials() if trial.state == TrialState.COMPLETE]
    workers = [trial.user_attrs["worker"]["pid"] for trial in done]
    assert len(done) == TRIALS and set(workers) == set(pids)
    numbers = [trial.number for trial in study.get_trials()]
    assert numbers == list(range(len(numbers)))
    # One that took a place too many has given it up; nothing else fails.
    assert all(trial in done or "another process" in trial.user_attrs["reason"] for trial in study.get_trials())
    last = max(told, key=lambda found: found["counts"]["complete"])
    assert last["counts"]["complete"] == TRIALS and last["counts"]["running"] == 0
    for trial in last["front"]:
        assert sorted(trial["files"]) == ["keras", "upm"] and (folder / "out" / trial["files"]["upm"]).exists()


@pytest.mark.slow
def test_two_processes_share_a_journal(tmp_path, require):
    require(not counts.missing("cortex_m33"), counts.missing("cortex_m33"), "make bare")
    check_two_processes(tmp_path, str(tmp_path / "shared.log"))


@pytest.mark.slow
def test_two_processes_share_a_study_in_postgresql(tmp_path, require):
    require(not counts.missing("cortex_m33"), counts.missing("cortex_m33"), "make bare")
    require(postgres.programs(), "a PostgreSQL server", "make postgresql, or apt-get install postgresql")
    with postgres.server() as url:
        check_two_processes(tmp_path, url)


@pytest.mark.slow
def test_a_server_that_goes_away_is_a_sentence(require):
    require(postgres.programs(), "a PostgreSQL server", "make postgresql, or apt-get install postgresql")
    with postgres.server() as url:
        study = studies.Study(studies.open_storage(url), "s", DIRECTIONS, MADE_FOR)
        finish(study, 3)
        assert study.counts()["complete"] == 3
    with pytest.raises(OSError, match="the storage was lost: .*the same command goes on"), studies.lost_is_a_sentence(url):
        study.next(5)
    with pytest.raises(OSError, match="the storage cannot be reached: "):
        studies.open_storage(url)
