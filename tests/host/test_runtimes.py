"""The runner itself: that a script's output comes back, and that a failure is never taken for success."""

import subprocess
from pathlib import Path

import pytest
from runtimes import ROOT, ScriptError


def test_a_script_gets_its_arguments_and_gives_its_output(runtime):
    assert runtime.run("import sys; print(sys.argv[1:])", args=("one", 2)) == "['one', '2']\n"


def test_a_script_that_fails_is_an_error(runtime):
    with pytest.raises(ScriptError, match="no such thing"):
        runtime.run("raise ValueError('no such thing')")


def test_only_native_runtimes_have_the_c_engine(runtime):
    if runtime.environment:
        return  # it is there, too; the scripts choose the other engine
    found = runtime.run("try:\n    import _upyml; print(1)\nexcept ImportError:\n    print(0)")
    assert int(found) == runtime.native


ENGINE = ROOT / "ports" / "engine"
CPUS = sorted(path.parent.name for path in ENGINE.glob("*/sources.txt"))


def sources(cpu=""):
    """The engine's files for a processor, as the builds ask for them."""
    command = ["sh", ENGINE / "sources.sh", cpu]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def own_files(cpu):
    """What a processor's list has, below ports/engine: a name with a folder is of one that several share."""
    lines = (ENGINE / cpu / "sources.txt").read_text().split()
    return [one if "/" in one else f"{cpu}/{one}" for one in lines]


def test_one_list_of_c_files():
    """Each source file of the engine is in a list, and each line there is a file."""
    listed = {*sources(), *(one for cpu in CPUS for one in own_files(cpu))}
    assert listed == {str(path.relative_to(ENGINE)) for path in ENGINE.rglob("*.[cS]")}


@pytest.mark.parametrize("cpu", CPUS)
def test_a_processors_file_takes_the_place_of_its_namesake(cpu):
    own = own_files(cpu)
    names = {Path(one).name for one in own}
    assert sources(cpu) == [one for one in sources() if Path(one).name not in names] + own


@pytest.mark.parametrize("cpu", ["", *CPUS])
def test_each_source_has_an_object_of_its_own(cpu):
    """x.c and x.S, or two x.c in different folders, would both be compiled to x.o."""
    stems = [Path(one).stem for one in sources(cpu)] + ["mod_upyml", "memory"]
    assert len(stems) == len(set(stems))
