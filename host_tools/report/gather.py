"""All that a report says, as numbers: for the terminal, the HTML file and --json."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError
from host_tools.report import answers, difference, fits, scores
from host_tools.report import data as samples_of
from host_tools.report.layers import costs


def gather(
    file: bytes,
    board: Any = None,
    data: Path | None = None,
    float_model: Path | None = None,
    count: bool = True,
    bar: Callable[[str], Any] | None = None,
) -> dict[str, Any]:
    """costs() of a .upm file, and of all boards whether it fits (`boards`).

    board: one of boards.get(), for `board`, as bench.on_board() gives it. data: an .npz file with x and y, for `scores`.
    float_model: the model it was made from, for `difference`; data may then lack y. count: False leaves a run's time out.
    bar: makes a context manager of a title, whose value is called with (done, total). Raises ValueError, ConversionError,
    and FileNotFoundError.
    """
    import upyml
    from host_tools import bench

    bar = bar or (lambda title: contextlib.nullcontext())
    if float_model and not data:
        raise ConversionError("a float model needs data, the samples on which both are run")
    numbers = costs(file)
    numbers["boards"] = fits.table(numbers["file_bytes"], numbers["arena_bytes"])
    if data:  # before the long work
        model = upyml.load(file)
        samples = samples_of.read(data, model, needs_y=not float_model)
        if samples.y is not None:
            scores.classes(model, samples.y)
    if board:
        with bar("counting") as step:
            numbers["board"] = bench.on_board(file, board, step, count)
    if data:
        with bar("running the samples") as step:
            found = answers.of(model, samples, step)
        if samples.y is not None:
            numbers["scores"] = scores.of(model, found, samples.y)
    if float_model:
        with bar("running the float model") as step:
            numbers["difference"] = difference.between(file, model, found, float_model, samples, step)
    return numbers
