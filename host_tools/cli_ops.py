"""`upyml ops`: what each op of the format can do, where it is fast, and which layers become it."""

from __future__ import annotations

import click

from host_tools.cli_errors import CODES, guarded


@click.command(epilog=CODES)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Every fact as JSON.")
@guarded
def ops(name, as_json):
    """Lists the ops of the format: number types, runtimes, on which CPUs a kernel of its own is fast, and which Keras layers and
    .tflite ops become it. NAME: only ops, layers or .tflite ops with this in their names.

    Every op runs in the C engine and in the engine in Python; "plain" is the portable C kernel.
    """
    from host_tools import op_facts

    found = op_facts.facts()
    if name:
        found = [fact for fact in found if _matches(fact, name.lower())]
        if not found:
            raise ValueError(f"no op, Keras layer or .tflite op has {name!r} in its name: see `upyml ops`")
    if as_json:
        click.echo(op_facts.as_json(found))
        return
    _show(found, op_facts)


def _matches(fact, word: str) -> bool:
    return any(word in name.lower() for name in (fact.name, fact.family, *fact.keras, *fact.tflite))


def _show(found, op_facts) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("op", "number types", "fast on", "Python", "Keras layers", ".tflite ops"):
        table.add_column(title, no_wrap=title == "op", overflow="fold")
    titles = op_facts.cpus(found)
    for fact in found:
        table.add_row(
            fact.name,
            op_facts.types_text(fact),
            ", ".join(title for cpu, title in titles.items() if cpu in fact.fast) or op_facts.PLAIN,
            op_facts.python_text(fact),
            ", ".join(fact.keras) or "-",
            ", ".join(fact.tflite) or "-",
        )
    console = Console()
    console.print(table, highlight=False)
