"""The texts in a .upm file: names, labels, and what a stream on the board reads as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_tools.errors import ConversionError
from host_tools.passes.streaming import Streamed
from host_tools.program import Program

_NOISE = ("MLIR Converted.", "TOCO Converted.")  # what converters call a description


def metadata_of(program: Program, source: Any, given: dict[str, str], streamed: Streamed | None) -> dict[str, str]:
    """Text by key: what the source says, then names, then what was given; empty texts are left out.

    source: a model, or the path of one. streamed: where the program takes what is new of a window in time. Raises
    ConversionError where what was given does not fit the program.
    """
    if streamed:
        for key in {"window", "hop"} & set(given):
            what = "samples" if len(streamed.graph.inputs[0].shape) == 1 else "frames"
            raise ConversionError(f"a streaming model takes {streamed.hop} {what} a run: leave its {key} out")
        given = given | {"window": str(streamed.hop), "hop": str(streamed.hop), "streaming": str(streamed.window)}
    found = {key: value for key, value in program.metadata.items() if value not in _NOISE}
    if isinstance(source, (str, Path)):
        found["name"] = Path(source).stem
    for key, tensors in (("inputs", program.inputs), ("outputs", program.outputs)):
        found[key] = "\n".join(" ".join(tensor.name.split()) for tensor in tensors)
    _check_labels(program, given.get("labels", ""))
    made = {key: value for key, value in (found | given).items() if value != ""}
    _check_stream(made)
    return made


def _check_stream(made: dict[str, str]) -> None:
    """What a stream on the board reads as numbers is checked here, where it can still be corrected."""
    for key, kind, rule in (
        ("sample_rate", float, "a number of samples a second above 0"),
        ("window", int, "a whole number of samples above 0"),
        ("hop", int, "a whole number of samples above 0"),
    ):
        try:
            good = 0 < kind(str(made.get(key, 1))) < float("inf")
        except ValueError:
            good = False
        if not good:
            raise ConversionError(f"{key} must be {rule}, received {made[key]!r}")


def _check_labels(program: Program, labels: str) -> None:
    """One label for each output value; two for a single one (a sigmoid)."""
    values = program.outputs[0].size
    count = len(labels.split("\n"))
    if labels and program.outputs[0].dtype != "int32" and count != max(values, 2):
        raise ConversionError(f"{count} labels for an output of {values} values: give {max(values, 2)} labels")
