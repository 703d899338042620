"""The user's space.py: what is searched, and whatever of the rest the user wants to have otherwise.

    def build(trial):                  # needed: an optuna Trial -> an untrained keras.Model; compile() it or not
        n = trial.suggest_int("filters", 4, 32, step=4)
        ...
    def train(model, data, trial):     # trains it; may return another model (pruned, distilled ...)
    def evaluate(predict, data):       # the score to maximise, a number; predict(x) is what the int8 engine gives for
                                       # samples (n, *shape): an array (n, *output)
    def load_data():                   # (x, y), of which a part is held out, or ((x_train, y_train), (x_test, y_test))

data has x_train, y_train, x_test, y_test (data.py). What is not there is done by training.py, load_data by --data. A
combination of parameters that makes no model is left out by `raise optuna.TrialPruned("why")`.
"""

from __future__ import annotations

import errno
import importlib.util
import linecache
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError

OPTIONAL = ("train", "evaluate", "load_data")
PROBES = 6  # random candidates that are built to see which parameters there are
_LONGEST = 300  # characters of another library's message


class SpaceError(ConversionError):
    """space.py cannot be used: what is missing, or its own exception with the line that it came from."""


@dataclass(frozen=True)
class Space:
    """A space.py that was read; train, evaluate and load_data are None where it has none."""

    path: Path
    build: Callable
    train: Callable | None = None
    evaluate: Callable | None = None
    load_data: Callable | None = None

    def call(self, name: str, *args: Any) -> Any:
        """What a function of the file gives. Raises SpaceError for an exception in it; TrialPruned comes through."""
        import optuna

        try:
            return getattr(self, name)(*args)
        except optuna.TrialPruned:
            raise
        except (Exception, SystemExit) as error:
            raise SpaceError(_told(self.path, error, f"{name}()")) from error

    def model(self, trial) -> Any:
        """The candidate of a trial. Raises SpaceError where build() gives no keras.Model."""
        import keras

        made = self.call("build", trial)
        if not isinstance(made, keras.Model):
            raise SpaceError(f"{self.path.name}: build() returned {type(made).__name__}, expected a keras.Model")
        return made

    def parameters(self) -> dict[str, str]:
        """Names and distributions of the parameters that a few random candidates have; the same for the same space."""
        import optuna

        found: dict[str, set[str]] = {}
        for seed in range(PROBES):
            trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed)).ask()
            try:
                self.model(trial)
            except optuna.TrialPruned:
                pass
            for name, distribution in trial.distributions.items():
                found.setdefault(name, set()).add(str(distribution))
        return {name: " or ".join(sorted(found[name])) for name in sorted(found)}


def load(path: Path) -> Space:
    """Reads the file. Raises FileNotFoundError, SpaceError."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    path = path.resolve()
    sys.path.insert(0, str(path.parent))  # it may import what lies beside it
    spec = importlib.util.spec_from_loader("upyml_search_space", loader=None, origin=str(path))
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[spec.name] = module  # where dataclasses look
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        raise SpaceError(_told(path, error, "it")) from error
    functions = {name: getattr(module, name, None) for name in ("build", *OPTIONAL)}
    if not callable(functions["build"]):
        raise SpaceError(f"{path.name} has no build(trial): write one that returns a keras.Model")
    for name in OPTIONAL:
        if functions[name] is not None and not callable(functions[name]):
            raise SpaceError(f"{path.name}: {name} is {type(functions[name]).__name__}, expected a function")
    return Space(path, **functions)


def _told(path: Path, error: BaseException, what: str) -> str:
    """An exception of the user's in one line: where in the file, the line, what it says."""
    message = " ".join(str(error).split())
    message = message if len(message) <= _LONGEST else message[:_LONGEST] + " ..."
    kind = type(error).__name__ + (f": {message}" if message else "")
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path.name}, line {error.lineno}: {(error.text or '').strip()}: {type(error).__name__}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if not lines:
        return f"{path.name}: {what} failed: {kind}"
    return f"{path.name}, line {lines[-1]}: {linecache.getline(str(path), lines[-1]).strip()}: {kind}"
