"""The code blocks of README.md and docs/*.md, and how each is tried.

    for block in blocks(path):
        run(block, namespace, folder)

A block is a fence; the line before it may say more:

    <!-- board -->          needs a board: Python runs on the emulated Pico, of the commands `upyml run --on` does; of the
                            others the options are checked, as those of AT_A_BOARD always are
    <!-- file main.py -->   the block is a file of that name, for the blocks behind it

What takes long is cut short (SHORTER); commands that install, build or talk to other programs are looked up, not run.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click
from click.testing import CliRunner
from runtimes import ROOT

from host_tools import boards
from host_tools.cli import main
from host_tools.emulators import rp2040

FENCE = re.compile(r"(?:^<!-- (?P<mark>board|file \S+) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
INDENTED = re.compile(r"(?:^    (?:upyml|make) .*\n)+", re.M)
SHORTER = {"epochs=20": "epochs=1", "epochs=5": "epochs=1", "--trials 20": "--trials 2 --epochs 1",
           "-o OUT ": "-o OUT --trials 2 --epochs 1 "}  # fmt: skip
AT_A_BOARD = {"boards", "deploy", "emulate", "flash", "record"}  # commands that have no other place
ELSEWHERE = {"git", "cd", ".", "source", "pip", "mpremote"}  # programs that are not ours


class Enough(Exception):
    """Raised by a sensor of these tests: a loop for ever has gone round often enough."""


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    mark: str
    line: int


def blocks(path: Path) -> list[Block]:
    """The blocks in their order; lines of commands that are indented, as README.md has them, count as bash."""
    text = path.read_text()
    found = [Block(m["language"], m["code"], m["mark"] or "", text[: m.start()].count("\n") + 1) for m in FENCE.finditer(text)]
    outside = FENCE.sub(lambda m: re.sub(r"[^\n]", "", m[0]), text)
    found += [Block("bash", m[0], "", outside[: m.start()].count("\n") + 1) for m in INDENTED.finditer(outside)]
    return sorted(found, key=lambda block: block.line)


def commands(block: Block) -> list[list[str]]:
    """The words of each command line of a block of bash; a line that ends with a backslash goes on."""
    lines = block.code.replace("\\\n", " ").splitlines() if block.language == "bash" else []
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def run(block: Block, namespace: dict, folder: Path) -> None:
    """Tries a block in the folder, which is the current one. Raises what goes wrong."""
    for long, short in SHORTER.items():
        block = dataclasses.replace(block, code=block.code.replace(long, short))
    code = block.code
    if block.mark.startswith("file "):
        (folder / block.mark.split()[1]).write_text(code)
        compile(code, block.mark, "exec")
    elif block.language == "python" and block.mark == "board":
        files = {path.name: path.read_bytes() for path in folder.glob("*.upm")}
        rp2040.run(boards.get("pico"), code, files | {f"/{name}": content for name, content in files.items()})
    elif block.language == "python":
        try:
            exec(compile(code, f"block of line {block.line}", "exec"), namespace)
        except Enough:
            pass
    elif block.language == "bash":
        for words in commands(block):
            _command(words, block.mark == "board", folder)
    else:
        assert block.language in ("text", "ini"), f"line {block.line}: nothing runs {block.language}"


def _command(words: list[str], board: bool, folder: Path) -> None:
    program, *args = words
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        machines = [f"bare-{path.name}" for path in (ROOT / "ports" / "bare").iterdir()]
        assert set(args) <= {*targets, *machines}, words
    elif program == "python":
        assert any((place / args[0]).is_file() for place in (ROOT, folder)), words
    elif program == "upyml":
        if board and args[0] == "run" and "--on" in args:
            args[args.index("--on") + 1] = "pico-emulated"
        elif board or args[0] in AT_A_BOARD:
            return _options(args)
        done = CliRunner().invoke(main, args)
        assert done.exit_code == 0, f"{shlex.join(words)}: {done.output} {done.exception!r}"
    else:
        assert program in ELSEWHERE, f"{program}: no program that the documentation uses"


def _options(args: list[str]) -> None:
    """The command exists and takes these options: click parses them, nothing is done."""
    name, *rest = args
    assert name in main.commands, f"upyml {name}: no such command"
    try:
        main.commands[name].make_context(name, rest)
    except click.exceptions.Exit:
        pass  # --help
