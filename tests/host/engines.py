"""The two engines that run under CPython, as parameters of a test."""

import importlib

import pytest

ENGINES = {"native": "_upyml", "reference": "upyml._reference"}


def engine(name: str, require):
    """The engine's module; the test is skipped, or fails, where it is not built."""
    try:
        return importlib.import_module(ENGINES[name])
    except ImportError:
        require(False, "the C engine for this Python", "make native")


both = pytest.mark.parametrize("name", list(ENGINES))
