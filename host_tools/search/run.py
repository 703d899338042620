"""The search: trial after trial is built, costed, trained, converted, scored and told, until there are as many as asked."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.boards import Board
from host_tools.emulators import EmulatorError, counts
from host_tools.errors import ConversionError
from host_tools.search import data as samples
from host_tools.search import space as spaces
from host_tools.search import training
from host_tools.search.costs import Costs, Limits, Meter, TooCostly
from host_tools.search.data import Data
from host_tools.search.space import Space
from host_tools.search.study import Study

DIRECTIONS = ["maximize", "minimize", "minimize", "minimize"]
COSTS = "untrained"  # user attribute of a trial: what it was expected to take


@dataclass(frozen=True)
class Search:
    """What is searched and for which board; made by prepare(), when all of it is known to work."""

    space: Space
    data: Data
    meter: Meter
    epochs: int
    parameters: dict[str, str]

    @property
    def objectives(self) -> list[str]:
        """Names of a trial's values: "accuracy" (or "score", of the user's evaluate()), "ms" or "instructions", bytes."""
        return ["score" if self.space.evaluate else "accuracy", self.meter.unit, "ram_bytes", "flash_bytes"]

    def made_for(self) -> dict[str, Any]:
        """What a study has to be made for if its trials are to be compared with those of this search."""
        limits = self.meter.limits
        return {
            "parameters": self.parameters,
            "objectives": ", ".join(self.objectives),
            "--board": self.meter.board.name,
            "--max-ram": limits.ram,
            f"--max-{self.meter.unit}": limits.time,
            "--epochs": None if self.space.train else self.epochs,
            "data": self.data.about(),
        }


def prepare(
    path: Path, data: Path | None, board: Board, limits: Limits = Limits(), epochs: int = training.EPOCHS
) -> Search:
    """Reads the space and its data, builds some candidates, and converts one: what cannot work is told here.

    Raises FileNotFoundError, ConversionError, bench.NoCounter, EmulatorError; a few seconds.
    """
    meter = Meter(board, limits)
    if why := counts.missing(board.count["machine"]):
        raise EmulatorError(why)
    loaded = spaces.load(path)
    if data is not None:
        read = samples.read(data)
    elif loaded.load_data:
        read = samples.given(loaded.call("load_data"))
    else:
        raise ConversionError(f"there is no data: give --data train.npz, or write load_data() in {path.name}")
    search = Search(loaded, read, meter, epochs, loaded.parameters())
    _try_one(search)
    return search


def _try_one(search: Search) -> None:
    import optuna

    for seed in range(spaces.PROBES):
        trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed)).ask()
        with contextlib.suppress(optuna.TrialPruned, TooCostly):
            model = search.space.model(trial)
            search.data.check(model)
            if not search.space.train:
                training.labels_and_loss(model, search.data)
            if not search.space.evaluate:
                samples.classes(search.data.y_test)
            search.meter.untrained(model, search.data.x_train)
            return


@dataclass(frozen=True)
class Ended:
    """A trial that ended: values as Search.objectives names them, or the reason why it was pruned."""

    number: int
    values: list[float] | None
    reason: str
    seconds: float


def run(search: Search, study: Study, total: int, folder: Path, show: Callable[[Ended], None]) -> None:
    """Runs trials until the study has `total`; models of the Pareto front are in the folder, those of no longer go.

    show: called with each trial of this process. An exception of the user's, or one that stops all trials (no emulator),
    ends the search; its trial counts as failed and the study can go on. KeyboardInterrupt, too.
    """
    import optuna
    from optuna.trial import TrialState

    folder.mkdir(parents=True, exist_ok=True)
    while (trial := study.next(total)) is not None:
        began = time.monotonic()
        try:
            with study.alive(trial):
                values = _values(search, study, trial, folder)
        except (TooCostly, optuna.TrialPruned) as error:
            reason = str(error) or "pruned by space.py"
            study.end(trial, TrialState.PRUNED, reason=reason)
            show(Ended(trial.number, None, reason, time.monotonic() - began))
            continue
        except BaseException as error:
            reason = "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
            study.end(trial, TrialState.FAIL, reason=reason)
            raise
        study.end(trial, TrialState.COMPLETE, values)
        _keep_front(study, folder)
        show(Ended(trial.number, values, "", time.monotonic() - began))


def _values(search: Search, study: Study, trial: Any, folder: Path) -> list[float]:
    """Builds, costs, trains, converts and scores a trial; its models are in the folder. Raises TooCostly, TrialPruned."""
    import keras

    space, data = search.space, search.data
    keras.utils.clear_session()
    keras.utils.set_random_seed(trial.number)
    model = space.model(trial)
    data.check(model)
    expected = search.meter.untrained(model, data.x_train)
    trial.set_user_attr(COSTS, _numbers(expected))
    model = _trained(search, model, trial)
    file, costs = search.meter.measure(model, data.x_train, metadata={"name": f"{study.name}-{trial.number}"})
    predict = training.predictor(file)
    score = space.call("evaluate", predict, data) if space.evaluate else training.accuracy(predict, data)
    values = [_score(score, space), *_numbers(costs)]
    _save(model, file, folder, trial.number)
    return values


def _trained(search: Search, model: Any, trial: Any) -> Any:
    import keras

    if not search.space.train:
        try:
            training.train(model, search.data, search.epochs)
        except ConversionError:
            raise
        except Exception as error:  # Keras raises many kinds where a compiled loss does not fit
            told = " ".join(str(error).split())[:300]
            raise spaces.SpaceError(f"{search.space.path.name}: Keras cannot train the model: {told}") from error
        return model
    made = search.space.call("train", model, search.data, trial)
    if made is not None and not isinstance(made, keras.Model):
        raise spaces.SpaceError(
            f"{search.space.path.name}: train() returned {type(made).__name__}, expected a keras.Model or nothing"
        )
    return model if made is None else made


def _score(value: Any, space: Space) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        raise spaces.SpaceError(
            f"{space.path.name}: evaluate() returned {type(value).__name__}, expected a number"
        ) from None
    if not math.isfinite(score):
        raise spaces.SpaceError(f"{space.path.name}: evaluate() returned {score}, expected a finite number")
    return score


def _numbers(costs: Costs) -> list[float]:
    return [costs.time, costs.ram, costs.flash]


def files(folder: Path, number: int) -> dict[str, Path]:
    """Where the models of a trial are, or were or will be, by kind."""
    return {kind: folder / f"trial-{number:04d}.{kind}" for kind in ("keras", "upm")}


def _save(model: Any, file: bytes, folder: Path, number: int) -> None:
    """Before the trial is told: whatever has a place in the front has its models."""
    from host_tools.whole_files import write_atomically

    places = files(folder, number)
    part = folder / f"part-{os.getpid()}.keras"
    try:
        model.save(part)
        part.replace(places["keras"])
    finally:
        part.unlink(missing_ok=True)
    write_atomically(places["upm"], file)


def _keep_front(study: Study, folder: Path) -> None:
    """Models that others beat now are removed: nothing can bring them back into the front."""
    front = {trial.number for trial in study.front()}
    for trial in study.trials():
        if trial.state.name == "COMPLETE" and trial.number not in front:
            for path in files(folder, trial.number).values():
                path.unlink(missing_ok=True)
