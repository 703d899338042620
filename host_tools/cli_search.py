"""`upyml search`: architectures that are accurate, and within a board's time, RAM and flash."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from host_tools.cli_board import board_named
from host_tools.cli_errors import CODES, guarded
from host_tools.cli_progress import Bar

_FILE = click.Path(path_type=Path)
NOTHING, INTERRUPTED = 1, 130  # exit codes: no model within the limits; Ctrl-C, as shells have it

_CODES = CODES.replace("a check did not pass", "no model within the limits") + (
    "  130 interrupted; the same command goes on with the study\n"
)


def _bytes(_context, _option, value: str | None) -> int | None:
    """60k is 60 * 1,024."""
    if value is None:
        return None
    number, factor = (value[:-1], 1024) if value[-1:] in ("k", "K") else (value, 1)
    if not number.isdecimal() or not int(number):
        raise click.BadParameter(f"{value!r}: bytes are needed, as 61440 or 60k")
    return int(number) * factor


@click.command(epilog=_CODES)
@click.argument("space", type=_FILE)
@click.option("--board", default="pico", show_default=True, metavar="NAME", help="For which board, as in `upyml bench`.")
@click.option("--max-ram", callback=_bytes, metavar="N[k]", help="The most RAM (arena) in bytes; 60k is 61,440.")
@click.option(
    "--max-ms", type=click.FloatRange(min=0, min_open=True), help="The most milliseconds a run, of a board that has them."
)
@click.option(
    "--max-instructions", type=click.IntRange(min=1), help="The most instructions a run, where times are not known."
)
@click.option(
    "--trials", type=click.IntRange(min=1), default=50, show_default=True, help="How many in all, pruned ones too."
)
@click.option("--study", "name", help="The study's name, by default the space's. The same name goes on with it.")
@click.option(
    "--storage",
    metavar="FILE|URL",
    help="Where the study is kept: a journal file, or postgresql://USER:PASSWORD@HOST/DATABASE. By default "
    "OUTDIR/journal.log. Processes and machines that name the same storage and study share the trials.",
)
@click.option(
    "-d", "--data", type=_FILE, help="Samples and labels: .npz with x_train, y_train, x_test, y_test, or x and y."
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="To train at most, where space.py has no train().",
)
@click.option("-o", "--output", type=_FILE, required=True, metavar="OUTDIR", help="The folder for models and report.")
@click.option("--json", "as_json", is_flag=True, help="What was found as JSON.")
@guarded
def search(space, board, max_ram, max_ms, max_instructions, trials, name, storage, data, epochs, output, as_json):
    """Searches for models that are accurate and take little of a board. SPACE is a Python file with build(trial).

    \b
      def build(trial):
          filters = trial.suggest_int("filters", 4, 32, step=4)
          return keras.Sequential([keras.Input((40, 6)), ...])

    trial is Optuna's. The file may also have train(model, data, trial), evaluate(predict, data) and load_data(); without
    them classifiers are fitted with Adam, and the accuracy is that of the int8 model on held-out samples.

    What a candidate takes is counted in an emulator of the board's processor before it is trained: beyond a limit it is
    pruned. OUTDIR gets the models of the Pareto front (accuracy, time, RAM, flash) as trial-NUMBER.keras and .upm, and
    report.html, pareto.png and search.json.
    """
    from host_tools import bench
    from host_tools.deploy import errors
    from host_tools.emulators import EmulatorError

    chosen = board_named(board)
    if not chosen.count:
        raise click.UsageError(f"nothing is counted for {board}: a search is for one of {', '.join(bench.countable())}")
    limit = _time_limit(bench, chosen, max_ms, max_instructions)
    _require_optuna()
    try:
        done, interrupted = _searched(
            space, chosen, max_ram, limit, trials, name or space.stem, storage, data, epochs, output, as_json
        )
    except EmulatorError as error:
        raise errors.Missing(str(error)) from None
    if as_json:
        click.echo(json.dumps(done, indent=1))
    else:
        _tell(done, output)
    if interrupted:
        click.echo("upyml: interrupted; the same command goes on with the study", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(0 if done["front"] else NOTHING)


def _time_limit(bench, board, max_ms, max_instructions):
    in_cycles = bench.unit_of(board) == bench.CYCLES
    if max_ms is not None and not in_cycles:
        raise click.UsageError(
            f"--max-ms: instructions are counted for {board.name}, and nobody knows how long they take: use "
            "--max-instructions"
        )
    if max_instructions is not None and in_cycles:
        raise click.UsageError(f"--max-instructions: cycles are counted for {board.name}: use --max-ms")
    return max_ms if in_cycles else max_instructions


def _require_optuna() -> None:
    from host_tools.readers.keras_file import quiet

    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import optuna  # noqa: F401

        with quiet():
            import keras  # noqa: F401
    except ImportError as error:
        raise ValueError(f"a search needs {error.name}: pip install 'upyml[keras,search]'") from None


def _searched(space, board, max_ram, limit, trials, name, storage, data, epochs, output, as_json):
    """What was found, and whether the user ended it early. Nothing is written before all is known to work."""
    from host_tools.search import results, run
    from host_tools.search import study as studies
    from host_tools.search.costs import Limits

    studies.quiet()
    search = run.prepare(space, data, board, Limits(max_ram, limit), epochs)
    results.check_folder(output, name, search.made_for())
    if storage is None:
        output.mkdir(parents=True, exist_ok=True)
        storage = str(output / "journal.log")
    opened = studies.open_storage(storage)
    with studies.lost_is_a_sentence(storage):
        study = studies.Study(opened, name, run.DIRECTIONS, search.made_for())
        return _run(search, study, trials, output, as_json)


def _run(search, study, trials, output, as_json):
    from host_tools.search import results, run

    def finished() -> int:
        counted = study.counts()
        return counted["complete"] + counted["pruned"]

    interrupted = False
    with Bar("searching", as_json) as step:

        def show(ended) -> None:
            if not as_json:
                click.echo(_line(ended, search.objectives), err=True)
            step(min(finished(), trials), trials)

        step(min(finished(), trials), trials)
        try:
            run.run(search, study, trials, output, show)
        except KeyboardInterrupt:
            interrupted = True
    done = results.gather(search, study, trials, output)
    _write(done, output)
    return done, interrupted


def _line(ended, objectives) -> str:
    from host_tools.search.results import value_text

    if ended.values is None:
        return f"trial {ended.number}: pruned: {ended.reason}"
    score, taken, ram, flash = (value_text(name, value) for name, value in zip(objectives, ended.values))
    return (
        f"trial {ended.number}: {objectives[0]} {score}, {taken} {objectives[1]}, RAM {ram} bytes, flash {flash} "
        f"({ended.seconds:.0f} s)"
    )


def _write(done, output: Path) -> None:
    from host_tools.cli_convert import write_atomically
    from host_tools.search import html, plot, results

    output.mkdir(parents=True, exist_ok=True)
    picture = plot.png(done)
    write_atomically(output / results.PLOT, picture)
    write_atomically(output / results.REPORT, html.page(done, picture).encode())
    write_atomically(output / results.SUMMARY, json.dumps(done, indent=1).encode())


def _tell(done, output: Path) -> None:
    from rich.console import Console

    from host_tools.search import results

    console = Console()
    if done["front"]:
        results.show(done, console)
        console.print()
    for line in (results.sentence(done), *_outcome(done, output)):
        console.print(line, highlight=False, soft_wrap=True)


def _outcome(done, output: Path) -> list[str]:
    if done["front"]:
        return [f"{output}: models of the Pareto front, report.html, pareto.png, search.json"]
    pruned = [trial["reason"] for trial in done["trials"] if trial["state"] == "pruned"]
    return ["no model within the limits" + (f"; the last candidate was pruned: {pruned[-1]}" if pruned else "")]
