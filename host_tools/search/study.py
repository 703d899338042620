"""The study: the trials of a search, where many processes and machines share them, and their count to a given number.

A study knows which space, board, limits and data it was made for, and refuses others. Trials that died with their process
are given up, and their places are free again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError
from host_tools.search import sampler

MADE_FOR = "made_for"  # user attribute of a study: what about() of its maker gave
WORKER, REASON = "worker", "reason"  # of a trial: who runs it, why it was pruned or has failed
BEAT, GIVEN_UP = 30, 600  # seconds between two signs of life, and without one
CONNECT = 10  # seconds
_TRIES = 5  # to make tables that another process is making, too
_WAIT = 10  # seconds for another process to say what it has just made a study for


class OtherSpace(ConversionError):
    """The study was made for another space, board, limits or data; the message has the first difference."""


def open_storage(where: str) -> Any:
    """Optuna's storage: a journal file, or a PostgreSQL server by its URL.

    Raises OSError, a sentence, where the file cannot be opened or is none of Optuna's, or the server cannot be reached.
    """
    scheme, sign, _ = where.partition("://")
    if not sign:
        return _journal(Path(where))
    if scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise OSError(errno.EINVAL, "the storage must be a journal file, or a URL postgresql://...", where)
    return _postgresql("postgresql+psycopg://" + where.partition("://")[2], _without_password(where))


def _journal(path: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if path.is_dir():
        raise OSError(errno.EISDIR, "the storage is a folder: name a file in it, as journal.log", str(path))
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError):  # its lines are none, or of another kind
        raise OSError(errno.EINVAL, "the storage is a file, but no journal of Optuna's", str(path)) from None


def _postgresql(url: str, shown: str) -> Any:
    try:
        import psycopg  # noqa: F401
        import sqlalchemy.exc
        from optuna.exceptions import StorageInternalError
        from optuna.storages import RDBStorage
    except ImportError:
        raise OSError(errno.ENOENT, "PostgreSQL needs its driver: pip install 'upyml[search]'") from None
    options = {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT}}
    for left in reversed(range(_TRIES)):
        try:
            return RDBStorage(url, engine_kwargs=options)
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError, StorageInternalError) as error:
            if not left:
                raise OSError(errno.EIO, f"the storage cannot be used: {_first_line(error)}", shown) from None
            time.sleep(0.2)
        except (sqlalchemy.exc.SQLAlchemyError, ValueError, RuntimeError) as error:
            raise OSError(errno.EHOSTUNREACH, f"the storage cannot be reached: {_first_line(error)}", shown) from None


@contextlib.contextmanager
def lost_is_a_sentence(where: str) -> Iterator[None]:
    """A storage that fails in the middle of the work raises OSError, with a sentence."""
    from optuna.exceptions import StorageInternalError

    try:
        import sqlalchemy.exc

        kinds: tuple[type[Exception], ...] = (StorageInternalError, sqlalchemy.exc.SQLAlchemyError)
    except ImportError:
        kinds = (StorageInternalError,)
    try:
        yield
    except kinds as error:
        told = f"the storage was lost: {_first_line(error)}; the same command goes on when it is back"
        raise OSError(errno.EIO, told, _without_password(where)) from error


def _first_line(error: Exception) -> str:
    error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    text = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return re.sub(r"\s+", " ", text.splitlines()[0])


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", url)


class Study:
    """An Optuna study with its makers' description, and a number of trials that all its processes together come to.

    directions: "maximize" or "minimize" for each objective. made_for: what the study is for, a dict of JSON. Raises
    OtherSpace where there is a study of that name that was made for something else; nothing is written then.
    """

    def __init__(self, storage: Any, name: str, directions: list[str], made_for: dict[str, Any]):
        import optuna

        self.name = name
        try:
            self.optuna = optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            try:
                self.optuna = optuna.create_study(study_name=name, storage=storage, directions=directions)
                self.optuna.set_user_attr(MADE_FOR, made_for)
            except optuna.exceptions.DuplicatedStudyError:  # another process was faster
                self.optuna = optuna.load_study(study_name=name, storage=storage)
        self.optuna.sampler = sampler.PerTrial()
        compare(name, self._made_for(), made_for)

    def _made_for(self) -> dict[str, Any]:
        end = time.monotonic() + _WAIT
        while not (found := self.optuna.user_attrs.get(MADE_FOR)):
            if self.optuna.get_trials(deepcopy=False) or time.monotonic() > end:
                raise OtherSpace(f"study {self.name!r} was not made by `upyml search`: choose another --study")
            time.sleep(0.1)
        return found

    def trials(self) -> list[Any]:
        """All of them, frozen, by number."""
        return self.optuna.get_trials(deepcopy=False)

    def front(self) -> list[Any]:
        """The trials that no other beats in every objective, by number."""
        return sorted(self.optuna.best_trials, key=lambda trial: trial.number)

    def counts(self) -> dict[str, int]:
        """How many trials are complete, pruned, running, and failed."""
        states = [trial.state.name for trial in self.trials()]
        return {name.lower(): states.count(name) for name in ("COMPLETE", "PRUNED", "RUNNING", "FAIL")}

    def next(self, total: int) -> Any:
        """The next trial, with its parameters to be suggested; None where `total` trials are done or running.

        Processes may ask at the same time: of two that get the last place, the one with the higher number gives up.
        """
        from optuna.trial import TrialState

        self.give_up_lost()
        while len(self._taken()) < total:
            trial = self.optuna.ask()
            trial.set_user_attr(WORKER, {"host": socket.gethostname(), "pid": os.getpid(), "beat": time.time()})
            if sum(number < trial.number for number in self._taken()) < total:
                return trial
            self.end(trial, TrialState.FAIL, reason="not run: another process had the last trial")
        return None

    def _taken(self) -> list[int]:
        return [trial.number for trial in self.trials() if trial.state.name in ("COMPLETE", "PRUNED", "RUNNING")]

    def end(self, trial: Any, state: Any, values: list[float] | None = None, reason: str = "") -> None:
        if reason:
            trial.set_user_attr(REASON, reason)
        self.optuna.tell(trial, values, state)

    def give_up_lost(self) -> None:
        """Trials whose process is no more count as failed."""
        from optuna.trial import TrialState

        for trial in self.trials():
            if trial.state == TrialState.RUNNING and _is_lost(trial):
                with contextlib.suppress(ValueError, RuntimeError):  # another process was faster
                    self.optuna.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    @contextlib.contextmanager
    def alive(self, trial: Any) -> Iterator[None]:
        """Meanwhile the storage is told now and then that the trial still runs."""
        ended = threading.Event()

        def beat() -> None:
            worker = trial.user_attrs[WORKER]
            while not ended.wait(BEAT):
                with contextlib.suppress(Exception):  # a storage away for a while: the end of the trial will tell
                    trial.set_user_attr(WORKER, worker | {"beat": time.time()})

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _is_lost(trial: Any) -> bool:
    worker = trial.user_attrs.get(WORKER)
    if worker is None:  # between two writes, or dead between them
        return time.time() - trial.datetime_start.timestamp() > GIVEN_UP
    if worker["host"] == socket.gethostname() and not _runs(worker["pid"]):
        return True
    return time.time() - worker["beat"] > GIVEN_UP


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def compare(name: str, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Raises OtherSpace with the first difference between what a study was made for and what it is to be used for."""
    for part in sorted(there.keys() | here.keys()):
        a, b = there.get(part), here.get(part)
        if a == b:
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            part, a, b = next((k, a.get(k), b.get(k)) for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k))
        raise OtherSpace(
            f"study {name!r} was made for another search: {part} was {_shown(a)} there and is {_shown(b)} here; choose "
            "another --study and folder, or what it was made for"
        )


def _shown(value: Any) -> str:
    return "not there" if value is None else str(value)


def quiet() -> None:
    """Optuna says nothing by itself: what there is to be said, the command says."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
