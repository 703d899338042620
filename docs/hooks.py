"""What MkDocs does for the pages here besides: texts that have their home elsewhere are put in, none is copied.

    <!-- include upyml/format/SPEC.md -->   the file without its title, from the checkout's folder
    <!-- commands -->                        what each `upyml` command says with --help
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100


def on_config(config):
    """Leaves pages out of the navigation that are not there."""
    config.nav = _there(config.nav, Path(config.docs_dir))
    return config


def _there(entries: list, folder: Path) -> list:
    kept = []
    for entry in entries:
        ((title, target),) = entry.items()
        if isinstance(target, list):
            kept.append({title: _there(target, folder)})
        elif (folder / target).exists():
            kept.append(entry)
    return kept


def on_page_markdown(markdown, **_):
    markdown = re.sub(r"<!-- include (\S+) -->", lambda found: _body(ROOT / found[1]), markdown)
    return markdown.replace("<!-- commands -->", _commands()) if "<!-- commands -->" in markdown else markdown


def _body(path: Path) -> str:
    return path.read_text().split("\n", 1)[1]


def _commands() -> str:
    sys.path.insert(0, str(ROOT))
    import click

    from host_tools.cli import main

    def text(command, name):
        context = click.Context(command, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH)
        return f"```text\n{command.get_help(context)}\n```"

    parts = [text(main, "upyml")]
    parts += [f"## upyml {name}\n\n{text(command, f'upyml {name}')}" for name, command in sorted(main.commands.items())]
    return "\n\n".join(parts)
