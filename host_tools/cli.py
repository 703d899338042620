"""The `upyml` command. Heavy imports happen inside the commands, so that --help answers at once."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_tools.cli_bench import bench
from host_tools.cli_boards import boards, deploy
from host_tools.cli_completion import completion
from host_tools.cli_convert import convert
from host_tools.cli_emulate import emulate
from host_tools.cli_errors import BOARD_CODES, CODES, guarded
from host_tools.cli_flash import flash
from host_tools.cli_mip import mip
from host_tools.cli_new import new
from host_tools.cli_ops import ops
from host_tools.cli_prune import prune
from host_tools.cli_record import record
from host_tools.cli_report import report
from host_tools.cli_run import run
from host_tools.cli_search import search


@click.group(epilog=BOARD_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="upyml", message="upyml %(version)s")
def main() -> None:
    """Turns Keras and .tflite models into .upm files for MicroPython boards, and looks into them."""


for command in (new, record, convert, prune, search, run, report, bench, boards, deploy, flash, mip, emulate, ops, completion):
    main.add_command(command)

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
        params = " ".join(f"{key}={value}" for key, value in op["params"].items() if key != "coding")
        params += f" coding={op['coding']}" if op["coding"] else ""
        click.echo(
            f"op {op['number']}: {op['op']} {op['inputs']} -> {op['outputs']} {op['order']} top={op['top']} {params}"
        )
    for vector in vectors:
        click.echo(f"vector: seed {vector['seed']}, CRC {' '.join(vector['crcs'])}")
