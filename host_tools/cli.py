"""The `upyml` command. Heavy imports happen inside the commands, so that --help answers at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from host_tools.cli_convert import convert
from host_tools.cli_errors import BOARD_CODES, CODES, guarded
from host_tools.cli_flash import flash
from host_tools.cli_mip import mip


@click.group(epilog=BOARD_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="upyml", message="upyml %(version)s")
def main() -> None:
    """Turns Keras and .tflite models into .upm files for MicroPython boards, and looks into them."""


main.add_command(convert)
main.add_command(flash)
main.add_command(mip)
_FILE = click.Path(path_type=Path)


@main.command(epilog=CODES)
@click.argument("model", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@guarded
def dump(model, as_json):
    """Prints what is in MODEL (.upm): header, metadata, tensors, ops, test vectors."""
    from host_tools.describe import describe

    content = describe(model.read_bytes())
    if as_json:
        click.echo(json.dumps(content, indent=1))
        return
    tensors, ops = content.pop("tensors"), content.pop("ops")
    vectors, metadata = content.pop("vectors"), content.pop("metadata")
    for key, value in content.items():
        click.echo(f"{key}: {value}")
    for key, value in metadata.items():
        click.echo(f"metadata {key}: {value!r}")
    for number, t in enumerate(tensors):
        click.echo(
            f"tensor {number}: {t['kind']} {t['dtype']} {'x'.join(map(str, t['shape']))} at {t['offset']}, "
            f"{t['bytes']} bytes, scale {t['scale']:.8g}, zero point {t['zero_point']}"
        )
    for op in ops:
        params = " ".join(f"{key}={value}" for key, value in op["params"].items())
        click.echo(
            f"op {op['number']}: {op['op']} {op['inputs']} -> {op['outputs']} {op['order']} top={op['top']} {params}"
        )
    for vector in vectors:
        click.echo(f"vector: seed {vector['seed']}, CRC {' '.join(vector['crcs'])}")


@main.command(epilog=CODES)
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
@click.option("--json", "as_json", is_flag=True, help="Outputs as JSON: a list of samples, each a list of outputs.")
@guarded
def run(model, data, engine, as_json):
    """Runs MODEL (.upm) on samples and prints its outputs, or tests the engine with the model's own test vectors."""
    import upyml

    loaded = upyml.load(str(model), _engine(engine))
    if data is None:
        answer = loaded.selftest()
        click.echo(
            json.dumps({"selftest": True if answer else str(answer)})
            if as_json
            else "selftest passed"
            if answer
            else f"selftest: {answer}"
        )
        sys.exit(0 if answer else 1)
    _print_outputs(loaded, data, as_json)


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


def _print_outputs(model, data, as_json) -> None:
    from host_tools import compare, samples

    arrays = samples.load(data, [details.name for details in model.input_details])
    if len({len(array) for array in arrays}) != 1:
        raise ValueError(f"every input needs the same number of samples, received {[len(array) for array in arrays]}")
    rows = []
    for i in range(len(arrays[0])):
        outputs = compare.predict(model, [array[i] for array in arrays])
        if as_json:
            rows.append([output.ravel().tolist() for output in outputs])
            continue
        values = "  ".join(" ".join(f"{value:.6g}" for value in output.ravel()) for output in outputs)
        label = ""
        if model.labels and len(model.outputs) == 1 and outputs[0].size == len(model.labels):
            label = f"  {model.labels[int(outputs[0].argmax())]}"
        click.echo(f"{i}: {values}{label}")
    if as_json:
        click.echo(json.dumps(rows))


@main.command(epilog=CODES)
@click.argument("model", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON.")
@guarded
def report(model, as_json):
    """Shows what MODEL (.upm) costs: multiply-accumulates, flash and RAM, layer by layer."""
    from host_tools import report as reporting

    numbers = reporting.costs(model.read_bytes())
    if as_json:
        click.echo(json.dumps(numbers, indent=1))
        return
    from rich.console import Console

    reporting.show(numbers, Console())
