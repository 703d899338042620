"""README.md speaks of things that exist."""

import re

import pytest
from runtimes import ROOT

TEXT = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", TEXT, re.S))
def test_the_code_compiles(code):
    compile(code, "README.md", "exec")


def test_the_make_targets_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(re.findall(r"^    make ([a-z]+)", TEXT, re.M)) <= set(targets)


def test_the_commands_exist():
    from host_tools.cli import main

    assert set(re.findall(r"(?:^    |`)upyml ([a-z]+)", TEXT, re.M)) == set(main.commands)


def test_the_folders_exist():
    folders = re.findall(r"`([\w/]+)/`", TEXT)
    under = [ROOT, ROOT / "tests"]
    assert [name for name in folders if not any((folder / name).is_dir() for folder in under)] == []
