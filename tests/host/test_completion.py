"""`upyml completion`: the shell scripts complete a command and an option."""

import os
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner
from runtimes import ROOT

from host_tools import cli_completion
from host_tools.cli import main

# What each shell's script tells the command, for `upyml con` and `upyml convert --calib`, and what the command answers.
WORDS = {
    "bash": (lambda words: {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}, "plain,{}"),
    "zsh": (lambda words: {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}, "plain\n{}\n"),
    "fish": (lambda words: {"COMP_WORDS": " ".join(words), "COMP_CWORD": words[-1]}, "plain,{}"),
}
UPYML = [sys.executable, "-c", "import sys; from host_tools.cli import main; main(prog_name='upyml')"]


def script(shell):
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    return done.output


@pytest.fixture
def upyml_in_path(tmp_path):
    """An environment whose PATH has this checkout's upyml."""
    program = tmp_path / "upyml"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(UPYML)} \"$@\"\n")
    program.chmod(0o755)
    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.mark.parametrize("shell", cli_completion.SHELLS)
@pytest.mark.parametrize(("words", "answer"), [(["upyml", "con"], "convert"), (["upyml", "convert", "--calib"], "--calibration")])
def test_the_command_answers_a_shell(upyml_in_path, shell, words, answer):
    told, form = WORDS[shell]
    environment = {**upyml_in_path, **told(words), cli_completion.VARIABLE: f"{shell}_complete"}
    done = subprocess.run(["upyml"], env=environment, capture_output=True, text=True, timeout=60)
    assert form.format(answer) in done.stdout and "prune" not in done.stdout
    assert f"{cli_completion.VARIABLE}={shell}_complete" in script(shell)


@pytest.mark.parametrize(("words", "answers"), [("upyml comp", "completion"), ("upyml bench --la", "--layers")])
def test_bash_completes_with_the_script(upyml_in_path, words, answers):
    """In a bash that has read the script, the function that Tab calls."""
    source = script("bash")
    function = source.split("()")[0].strip()
    tab = f"COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}; {function} upyml; echo ${{COMPREPLY[@]}}"
    bash = ["bash", "-c", f"{source}\n{tab}"]
    done = subprocess.run(bash, env=upyml_in_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [answers], done.stderr


def test_another_shell_is_refused():
    done = CliRunner().invoke(main, ["completion", "tcsh"])
    assert done.exit_code == 2 and "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
