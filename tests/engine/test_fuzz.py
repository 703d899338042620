"""The engine under address and undefined-behaviour sanitizers, on the committed corpus and on changed copies of it."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from upyml.format import layout

HERE = Path(__file__).parent
ENGINE = HERE.parent.parent / "ports" / "engine"
ROUNDS = "20000"  # of each file: a few seconds. Long runs: fuzz 2000000 tests/engine/corpus/*.upm, or with clang's libFuzzer


@pytest.fixture(scope="module", params=["-m64", "-m32", "host"])
def fuzz(request, require, tmp_path_factory):
    """The fuzzer, built with gcc; in 32 bits, as boards are, an address can overflow that cannot in 64. host: with the
    kernels of the C extension for CPython."""
    program = tmp_path_factory.mktemp("fuzz") / "fuzz"
    folder, bits = ("host", "-m64") if request.param == "host" else ("", request.param)
    listed = subprocess.run(["sh", ENGINE / "sources.sh", folder], capture_output=True, text=True, check=True)
    sources = [str(ENGINE / name) for name in listed.stdout.split()]
    gcc = [shutil.which("gcc") or "cc", bits, "-DUPYML_SMALL_ROOMS=1"]
    works = subprocess.run([*gcc, "-x", "c", "-", "-o", str(program)], input="int main(void) { return 0; }", text=True)
    require(works.returncode == 0, f"a C compiler that takes {bits}", "apt-get install gcc-multilib (on x86)")
    subprocess.run([*gcc, "-g", "-O1", "-std=c99", "-Wall", "-Wextra", "-Werror", "-DFUZZ_MAIN",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{ENGINE}", str(HERE / "fuzz.c"),
                    *sources, "-o", str(program)], check=True)
    return program


def replay(fuzz, rounds, files):
    """Number of changed files that still passed the check and ran."""
    run = subprocess.run([fuzz, rounds, *map(str, files)], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-3000:]
    return int(run.stdout.split(" rounds each, ")[1].split()[0])


def test_no_changed_file_makes_the_engine_leave_its_buffers(fuzz):
    files = sorted((HERE / "corpus").glob("*"))
    assert len(files) >= 3 * len(layout.OPS) + 10
    assert replay(fuzz, ROUNDS, files) > len(files) * 1000, "most changed files must not already fail the check"


def test_nor_does_one_that_reached_new_code(fuzz, tmp_path):
    """What libFuzzer kept of 39 million files in eight minutes: one for each new edge or count."""
    with zipfile.ZipFile(HERE / "corpus_found.zip") as found:
        found.extractall(tmp_path)
    files = sorted(tmp_path.glob("*"))
    assert len(files) > 500
    assert replay(fuzz, "500", files) > len(files) * 10
