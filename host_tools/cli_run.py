"""`upyml run`: a model on samples, here or on a board, and its self test."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import BOARD_CODES, guarded

_FILE = click.Path(path_type=Path)


@click.command(epilog=BOARD_CODES)
@click.argument("model", type=_FILE)
@click.option(
    "-d",
    "--data",
    type=_FILE,
    help="Samples: .npz, .npy, or a folder of .npy files. Without it the model's own test vectors are run.",
)
@click.option(
    "--engine",
    type=click.Choice(["native", "reference"]),
    help="The C engine or the one in Python; by default the fastest there is.",
)
@click.option(
    "--on",
    metavar="PLACE",
    help="Run on a board and compare with the engine here: a port (/dev/ttyACM0, COM3, socket://HOST:PORT), or an "
    "emulated board (pico-emulated, cortex-m4-emulated ...).",
)
@click.option("--json", "as_json", is_flag=True, help="Outputs as JSON: a list of samples, each a list of outputs.")
@guarded
def run(model, data, engine, on, as_json):
    """Runs MODEL (.upm) on samples and prints its outputs, or tests the engine with the model's own test vectors.

    With --on it does so on a board that has upyml (`upyml deploy`), and the exit code is 1 unless every sample's output
    has the same bytes there as here.
    """
    import upyml

    if on and engine:
        raise click.UsageError("--engine is for this computer; with --on the board runs the engine that it has")
    if on:
        from host_tools.deploy import remote_run

        if remote_run.is_emulated(on):
            board_named(on.removesuffix(remote_run.EMULATED))
    loaded = upyml.load(str(model), _engine(engine))
    if data is None:
        _selftest(loaded, model, on, as_json)
    elif on:
        _compare(loaded, model, data, on, as_json)
    else:
        _print_outputs(loaded, _samples(loaded, data), as_json)


def _selftest(loaded, model: Path, on: str | None, as_json: bool) -> None:
    if on:
        from host_tools.deploy import remote_run

        answer = remote_run.selftest(on, model)
    else:
        answer = loaded.selftest()
    passed = answer is True
    if as_json:
        click.echo(json.dumps({"selftest": True if passed else str(answer)}))
    else:
        click.echo("selftest passed" if passed else f"selftest: {answer}")
    sys.exit(0 if passed else 1)


def _compare(loaded, model: Path, data: Path, on: str, as_json: bool) -> None:
    from host_tools.deploy import remote_run

    done = remote_run.run(on, model, _samples(loaded, data))
    if as_json:
        rows = [[output.tolist() for output in outputs] for outputs in done.rows]
        click.echo(json.dumps({"on": on, "samples": len(rows), "equal": done.equal, "outputs": rows}))
    else:
        for i, outputs in enumerate(done.rows):
            click.echo(_line(loaded, i, outputs))
        click.echo(f"{done.equal} of {len(done.rows)} samples have the bytes that the engine here computes")
    sys.exit(0 if done.equal == len(done.rows) else 1)


def _engine(choice: str | None):
    import importlib

    if choice == "reference":
        return importlib.import_module("upyml._reference")
    if choice is None:
        return None
    try:
        return importlib.import_module("_upyml")
    except ImportError:
        raise ValueError(
            "the C engine is not built for this Python: run `make native`, or use --engine reference"
        ) from None


def _samples(loaded, data: Path) -> list:
    """An array (n, *shape) for each input."""
    from host_tools import samples

    arrays = samples.load(data, [details.name for details in loaded.input_details])
    if len({len(array) for array in arrays}) != 1:
        raise ValueError(f"every input needs the same number of samples, received {[len(array) for array in arrays]}")
    return arrays


def _print_outputs(loaded, arrays: list, as_json: bool) -> None:
    from host_tools import compare

    rows = []
    for i in range(len(arrays[0])):
        outputs = compare.predict(loaded, [array[i] for array in arrays])
        if as_json:
            rows.append([output.ravel().tolist() for output in outputs])
            continue
        click.echo(_line(loaded, i, outputs))
    if as_json:
        click.echo(json.dumps(rows))


def _line(loaded, number: int, outputs: list) -> str:
    """One sample's outputs, and the best class's label where the model has labels."""
    values = "  ".join(" ".join(f"{value:.6g}" for value in output.ravel()) for output in outputs)
    label = ""
    if loaded.labels and len(loaded.outputs) == 1 and outputs[0].size == len(loaded.labels):
        label = f"  {loaded.labels[int(outputs[0].argmax())]}"
    return f"{number}: {values}{label}"
