"""README.md and the pages of docs/ speak of things that exist; test_docs.py runs their code."""

import re

import docs_blocks
import pytest
from runtimes import ROOT

from host_tools.cli import main

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text() for path in PAGES}
README = TEXTS["README.md"]


@pytest.mark.parametrize("name", TEXTS)
def test_the_code_compiles(name):
    for code in re.findall(r"```python\n(.*?)```", TEXTS[name], re.S):
        compile(code, name, "exec")


@pytest.mark.parametrize("name", TEXTS)
def test_the_make_targets_exist(name):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"(?:^    |`|^)make ([a-z-]+)[` ]", TEXTS[name], re.M)) <= {*targets, "bare-cortex"}


def test_every_command_is_spoken_of_and_no_other():
    lines = [words for path in PAGES for block in docs_blocks.blocks(path) for words in docs_blocks.commands(block)]
    spoken = {words[1] for words in lines if words[0] == "upyml"}
    spoken |= {name for text in TEXTS.values() for name in re.findall(r"`upyml ([a-z]+)", text)}
    assert spoken == set(main.commands)


def test_the_folders_exist():
    folders = re.findall(r"`([\w/]+)/`", README)
    under = [ROOT, ROOT / "tests"]
    assert [name for name in folders if not any((folder / name).is_dir() for folder in under)] == []


def test_the_links_of_the_readme_lead_somewhere():
    """Those of docs/ are followed when it is built."""
    targets = [target for target in re.findall(r"\]\(([^)#]+)", README) if "://" not in target]
    assert len(targets) > 15
    assert [target for target in targets if not (ROOT / target).exists()] == []
