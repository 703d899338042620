"""`upyml mip`: packages for MicroPython's own installer."""

from __future__ import annotations

import json
from pathlib import Path

import click

from host_tools.cli_errors import BOARD_CODES, guarded
from host_tools.whole_files import write_atomically


@click.command(epilog=BOARD_CODES)
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--url", default="", help="Where OUT will be served; mip of MicroPython 1.24 and before needs it.")
@click.option("--json", "as_json", is_flag=True, help="What was written as JSON.")
@guarded
def mip(out, url, as_json):
    """Writes upyml into the folder OUT as packages for mip, one for each architecture of native modules.

    Serve OUT with any static web server; on a board with network: import mip; mip.install("http://SERVER/ARCH").
    From a computer: mpremote mip install http://SERVER/ARCH. The package "py" is for boards without native modules,
    "xtensawin-plain" for an ESP32-S2, "xtensawin" for an ESP32 and ESP32-S3. ARCH-coded is smaller and runs
    models of the base ops only, ARCH-dense those without sparse and 4-bit weights.
    """
    from host_tools.deploy import mip as packaging

    packages = packaging.packages(url)
    for name, files in packages.items():
        # The list goes last: it never names a file that is not there.
        for path in sorted(files, key=lambda path: path == "package.json"):
            target = out / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, files[path])
    sizes = {name: sum(map(len, files.values())) for name, files in packages.items()}
    if as_json:
        click.echo(json.dumps({"out": str(out), "packages": sizes}))
        return
    for name, size in sizes.items():
        click.echo(f"{out / name / 'package.json'}: {len(packages[name]) - 1} files, {size:,} bytes")
