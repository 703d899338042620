"""The engine under address and undefined-behaviour sanitizers, on the committed corpus and on changed copies of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENGINE = HERE.parent.parent / "ports" / "engine"
ROUNDS = "20000"  # of each file: a few seconds; a long run is FOLDER/fuzz 2000000 tests/engine/corpus/*.upm


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    """The fuzzer, built with gcc."""
    program = tmp_path_factory.mktemp("fuzz") / "fuzz"
    sources = [str(ENGINE / name) for name in (ENGINE / "sources.txt").read_text().split()]
    subprocess.run([shutil.which("gcc") or "cc", "-g", "-O1", "-std=c99", "-Wall", "-Wextra", "-Werror", "-DFUZZ_MAIN",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{ENGINE}", str(HERE / "fuzz.c"),
                    *sources, "-o", str(program)], check=True)
    return program


def test_no_changed_file_makes_the_engine_leave_its_buffers(fuzz):
    files = sorted(map(str, (HERE / "corpus").glob("*")))
    assert len(files) >= 66
    run = subprocess.run([fuzz, ROUNDS, *files], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-3000:]
    passed = int(run.stdout.split(" rounds each, ")[1].split()[0])
    assert passed > len(files) * 1000, "most changed files must not already fail the check"
