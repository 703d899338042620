"""What every emulator has to get right: ends, errors, and nothing left running."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from host_tools import boards, emulators

FOR_EVER = """
from host_tools import boards, emulators
emulators.run(boards.get({name!r}), "while True: pass", timeout=120)
"""


@pytest.fixture(params=["cortex-m0", "xtensa-lx6", "pico"])
def board(request, require):
    """One of each emulator."""
    found = boards.get(request.param)
    require(found.image.exists(), str(found.image), "make boards")
    return found


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(number) for number in listed.read_text().split()] if listed.exists() else []


def emulators_of(process: int) -> list[int]:
    """Those of them that run an emulator by now: first a child is a copy of the process, then what ties it to that."""
    ours = Path(f"/proc/{process}/comm").read_text()
    return [child for child in children(process) if Path(f"/proc/{child}/comm").read_text() not in (ours, "setpriv\n")]


def until(condition):
    """What the condition answers, once that is true; a minute is more than a busy computer needs."""
    end = time.monotonic() + 60
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def test_an_emulator_ends_with_the_program_that_started_it(board):
    with subprocess.Popen([sys.executable, "-c", FOR_EVER.format(name=board.name)]) as program:
        (emulator,) = until(lambda: emulators_of(program.pid))
        program.kill()
    assert until(lambda: not Path(f"/proc/{emulator}").exists())


def test_a_script_without_an_end_is_a_sentence(board):
    with pytest.raises(emulators.EmulatorError, match=f"{board.name}: no end after 6 s"):
        emulators.run(board, "while True: pass", timeout=6)


def test_a_script_that_raises_gives_its_traceback_with_its_own_lines(board, tmp_path):
    script = tmp_path / "mistake.py"
    script.write_text('"""A docstring."""\n\nprint("before")\nraise ValueError("a mistake")\n')
    with pytest.raises(emulators.ScriptFailed, match=r"line 4, in <module>\s+ValueError: a mistake"):
        emulators.run(board, script)


def test_arguments_and_files_are_there(board):
    script = "import sys\nprint(sys.argv[1:], open('a.txt').read())"
    assert emulators.run(board, script, ["x", 3], {"a.txt": b"text"}) == "['x', '3'] text\n"


def test_a_board_without_an_emulator_is_a_sentence():
    with pytest.raises(emulators.EmulatorError, match="nothing emulates the board esp32"):
        emulators.run(boards.get("esp32"), "print(1)")
