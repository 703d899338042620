"""The report of a search as one HTML file, the picture in it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from host_tools.pages.page import render
from host_tools.search import results

TEMPLATE = Path(__file__).with_name("report.html")


def page(numbers: dict[str, Any], picture: bytes) -> str:
    """numbers: of results.gather(); picture: a PNG."""
    return render(
        TEMPLATE,
        numbers=numbers,
        summary=results.sentence(numbers),
        picture=base64.b64encode(picture).decode(),
        titles=results.columns(numbers),
        front=[(trial, results.cells(numbers, trial)) for trial in numbers["front"]],
        limits=[(name, results.value_text(name, value)) for name, value in numbers["limits"].items() if value is not None],
        rows=[_row(numbers, trial) for trial in numbers["trials"]],
    )


def _row(numbers: dict[str, Any], trial: dict[str, Any]) -> dict[str, Any]:
    """A trial with what became of it as text."""
    return {
        "cells": results.cells(numbers, trial),
        "state": trial["state"] + (f": {trial['reason']}" if trial["reason"] else ""),
        "host": trial["host"],
        "seconds": "" if trial["seconds"] is None else f"{trial['seconds']:.0f}",
    }
