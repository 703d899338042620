"""The runner itself: that a script's output comes back, and that a failure is never taken for success."""

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


def test_one_list_of_c_files():
    """Each C file of the engine is in sources.txt, and each line there is a file."""
    engine = ROOT / "ports" / "engine"
    listed = (engine / "sources.txt").read_text().split()
    assert sorted(listed) == sorted(str(path.relative_to(engine)) for path in engine.rglob("*.c"))
