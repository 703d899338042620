"""What a search found: as numbers for search.json and --json, and as a table for the terminal."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError
from host_tools.search.run import COSTS, Search, files
from host_tools.search.study import REASON, WORKER, Study, compare

LOST = "its process was lost"
SUMMARY, PLOT, REPORT = "search.json", "pareto.png", "report.html"


def gather(search: Search, study: Study, total: int, folder: Path) -> dict[str, Any]:
    """The study in JSON: objectives, limits, counts of trials, the Pareto front, and every trial.

    A trial has its number, state, values by objective (None where it has none), parameters, the reason why it was pruned
    or has failed, the host that ran it, and the paths of its models where they are in the folder.
    """
    front = {trial.number for trial in study.front()}
    trials = [_trial(search, trial, folder) for trial in study.trials()]
    limits = search.meter.limits
    return {
        "study": study.name,
        "board": search.meter.board.name,
        "title": search.meter.board.title,
        "objectives": search.objectives,
        "limits": {"ram_bytes": limits.ram, search.meter.unit: limits.time},
        "made_for": search.made_for(),
        "asked": total,
        "counts": study.counts(),
        "front": sorted((t for t in trials if t["number"] in front), key=lambda t: -t["values"][search.objectives[0]]),
        "trials": trials,
    }


def _trial(search: Search, trial: Any, folder: Path) -> dict[str, Any]:
    score, *costs = search.objectives
    values = None
    if trial.state.name == "COMPLETE":
        values = {score: trial.values[0], **_costs(costs, trial.values[1:])}
    expected = trial.user_attrs.get(COSTS)
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "values": values,
        "params": trial.params,
        "untrained": _costs(costs, expected) if expected else None,
        "reason": trial.user_attrs.get(REASON, LOST if trial.state.name == "FAIL" else ""),
        "host": trial.user_attrs.get(WORKER, {}).get("host", ""),
        "seconds": trial.duration.total_seconds() if trial.duration else None,
        "files": {kind: path.name for kind, path in files(folder, trial.number).items() if values and path.is_file()},
    }


def _costs(names: list[str], values: list[float]) -> dict[str, float]:
    """Optuna keeps all numbers as floats; bytes and instructions are whole."""
    return {name: value if name == "ms" else int(value) for name, value in zip(names, values)}


def check_folder(folder: Path, name: str, made_for: dict[str, Any]) -> None:
    """Raises ConversionError where the folder has the results of another search: their models would be mixed."""
    if folder.exists() and not folder.is_dir():
        raise ConversionError(f"{folder} is a file: -o takes a folder")
    there_is = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not (there_is.is_dir() and os.access(there_is, os.W_OK)):
        raise OSError(errno.EACCES, "nothing can be written there", str(folder))
    try:
        found = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        there, its_name = dict(found["made_for"]), str(found["study"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        raise ConversionError(f"{folder} has a {SUMMARY} that is none of a search: name another folder") from None
    if its_name != name:
        raise ConversionError(f"{folder} has the results of study {its_name!r}: name another folder for {name!r}")
    compare(name, there, json.loads(json.dumps(made_for)))


def sentence(numbers: dict[str, Any]) -> str:
    """How many trials there are, of which kind."""
    n = numbers["counts"]
    parts = [f"{n['complete']} complete", f"{n['pruned']} pruned"]
    parts += [f"{n[key]} {text}" for key, text in (("running", "running elsewhere"), ("fail", "failed")) if n[key]]
    done = n["complete"] + n["pruned"]
    return f"study {numbers['study']}: {done} of {numbers['asked']} trials ({', '.join(parts)})"


def columns(numbers: dict[str, Any]) -> list[str]:
    """Titles of a table of trials: the number, the objectives, the parameters."""
    titles = {"ram_bytes": "RAM", "flash_bytes": "flash"}
    return ["trial", *(titles.get(name, name) for name in numbers["objectives"]), "parameters"]


def cells(numbers: dict[str, Any], trial: dict[str, Any]) -> list[str]:
    """A trial's row for those columns."""
    values = trial["values"] or {}
    return [
        str(trial["number"]),
        *(value_text(name, values[name]) if values else "" for name in numbers["objectives"]),
        ", ".join(f"{name} {param_text(value)}" for name, value in trial["params"].items()),
    ]


def value_text(objective: str, value: float) -> str:
    if objective == "accuracy":
        return f"{100 * value:.1f} %"
    if objective == "score":
        return f"{value:.4g}"
    return f"{value:,.2f}" if objective == "ms" else f"{value:,.0f}"


def param_text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def show(numbers: dict[str, Any], console: Any) -> None:
    """Prints the Pareto front as a table, best score first."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in columns(numbers):
        table.add_column(title, justify="left" if title == "parameters" else "right", no_wrap=title != "parameters")
    elsewhere = {trial["host"] for trial in numbers["front"] if not trial["files"]} - {"", socket.gethostname()}
    for trial in numbers["front"]:
        table.add_row(*cells(numbers, trial))
    console.print(table)
    if elsewhere:
        console.print(f"models of some of them lie where they were trained: {', '.join(sorted(elsewhere))}")
