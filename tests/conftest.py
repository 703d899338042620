"""What the tests share: a skip that CI turns into a failure, the runtimes, the folders of public models and data."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "host"))
from runtimes import COMPUTER, RAN, ROOT, RUNTIMES  # noqa: E402
from target_table import TargetTable  # noqa: E402

REQUIRE_ALL = os.environ.get("UPYML_REQUIRE_ALL") == "1"


def require(condition, what: str, how_to_get: str) -> None:
    """Skips the test unless the condition holds; with UPYML_REQUIRE_ALL=1 the test fails instead.

    what: the thing that is missing; how_to_get: the command or the place that gives it.
    """
    if not condition:
        reason = f"missing: {what}; to get it: {how_to_get}"
        pytest.fail(reason, pytrace=False) if REQUIRE_ALL else pytest.skip(reason)


@pytest.fixture(name="require", scope="session")
def _require():
    return require


@pytest.fixture(params=RUNTIMES, ids=lambda runtime: runtime.name)
def runtime(request):
    """Each runtime in turn: a test that takes it runs on all of them."""
    return _ready(request.param)


@pytest.fixture(params=COMPUTER, ids=lambda runtime: runtime.name)
def on_computer(request):
    """Each runtime that is no emulated board: it has files and takes any heap."""
    return _ready(request.param)


def _ready(runtime):
    require(not runtime.missing(), runtime.missing(), "make unix natmods boards")
    return runtime


def _shared(name: str) -> Path:
    folder = Path(os.environ.get("UPYML_SHARED") or ROOT.parent / "shared") / name
    require(folder.is_dir(), f"the folder of public {name}", f"put it at ../shared/{name}, or set UPYML_SHARED")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder of public models: mlperf_tiny/ and tflm/ with .tflite and .h5 files."""
    return _shared("models")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data sets."""
    return _shared("data")


def pytest_collection_modifyitems(items):
    """Quick tests first: a mistake shows within seconds. The sort keeps the order within each half."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


TABLE = TargetTable()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A skip by any other way than require() (importorskip, skipif) fails in CI too; notes what ran where."""
    outcome = yield
    report = outcome.get_result()
    _no_skip(report)
    if call.when == "call":
        params = getattr(item, "callspec", None) and item.callspec.params or {}
        own = params.get("runtime") or params.get("on_computer")
        report.user_properties += [("ran", pair) for pair in RAN if own and pair[0] == own.name]
        RAN.clear()


def pytest_runtest_logreport(report):
    """In the process that prints: wherever the test itself ran."""
    for key, pair in report.user_properties:
        if key == "ran" and report.when == "call":
            TABLE.add(*pair, report.passed)


def pytest_terminal_summary(terminalreporter):
    lines = TABLE.lines()
    if lines:
        terminalreporter.section("targets")
        terminalreporter.write("\n".join(lines) + "\n")


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    """The same for a whole file that skips itself."""
    outcome = yield
    _no_skip(outcome.get_result())


def _no_skip(report) -> None:
    if REQUIRE_ALL and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
