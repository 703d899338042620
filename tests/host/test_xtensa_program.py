"""How MicroPython for the ESP32's processor is started under QEMU, alone and by run(), and how it ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runtimes import ROOT

from host_tools import boards, emulators
from host_tools.emulators import EmulatorError, ScriptFailed, xtensa

BOARD = boards.get("xtensa-lx6")


@pytest.fixture(autouse=True)
def _built(require):
    require(BOARD.image.exists(), BOARD.image.relative_to(ROOT), "python ports/build.py xtensa-lx6")


def run(script, **options):
    return emulators.run(BOARD, script, **options)


def firmware(*arguments, **options):
    command = [*xtensa.COMMAND, str(BOARD.image), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_the_program_alone_runs_a_script_from_stdin():
    done = firmware("-", "one", input="import sys\nprint(sys.argv)\nsys.exit(3)")
    assert (done.stdout, done.stderr, done.returncode) == ("['-', 'one']\n", "", 3)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "usage: firmware.elf [-heap BYTES] [-romfs FILE] SCRIPT|- [ARGUMENTS...]"),
        (["nowhere.py"], "this file cannot be read: nowhere.py"),
        (["-romfs", "nowhere", "-"], "this file cannot be read: nowhere"),
        (["-stack", "1", "-"], "an option that is not known: -stack"),
        (["-heap", "1", "-"], "a heap of this size cannot be: -heap"),
    ],
)
def test_the_program_alone_says_what_it_cannot_do(arguments, said):
    done = firmware(*arguments, input="")
    assert (done.stdout, done.stderr, done.returncode) == ("", f"{said}\n", 2)


def test_what_a_script_raises_comes_back_as_its_traceback():
    with pytest.raises(ScriptFailed) as failed:
        xtensa.run(BOARD, "print('before')\ndef f():\n    return 1 // 0\nf()", {})
    assert str(failed.value).splitlines() == [
        "Traceback (most recent call last):",
        '  File "script.py", line 4, in <module>',
        '  File "script.py", line 3, in f',
        "ZeroDivisionError: divide by zero",
    ]


def test_a_syntax_error_comes_back_too():
    with pytest.raises(ScriptFailed, match="SyntaxError: invalid syntax"):
        xtensa.run(BOARD, "print(1", {})


@pytest.mark.parametrize("value", ["", "3", "1", "'a reason'"])
def test_leaving_early_is_a_normal_end(value):
    assert xtensa.run(BOARD, f"print(1)\nraise SystemExit({value})\nprint(2)", {}) == "1\n"


def test_long_texts_arrive_whole():
    expected = "".join(f"{i} {i * i} \u00e9 \r\n" for i in range(6000))
    assert run("for i in range(6000): print(f'{i} {i * i} \u00e9 \\r')") == expected


def test_a_script_that_hangs_is_a_sentence():
    with pytest.raises(EmulatorError) as failed:
        run("print('x')\nwhile True: pass", timeout=1)
    assert str(failed.value) == "xtensa-lx6: no end after 1 s: the script hangs or needs more time"
    assert not emulators_of(os.getpid())


def test_an_address_without_memory_is_a_sentence():
    with pytest.raises(EmulatorError, match="^xtensa-lx6: the CPU stopped: SIGSEGV$"):
        run("import uctypes; print(uctypes.bytes_at(3, 4))")


def test_an_unaligned_access_stops_it():
    """An ESP32 would go on; that the engine never makes one shows here and on the Cortex-M0."""
    script = """
import uctypes
data = bytearray(8)
uctypes.struct(uctypes.addressof(data) + 1, {"word": uctypes.UINT32 | 0}, uctypes.NATIVE).word
"""
    with pytest.raises(EmulatorError, match="^xtensa-lx6: the CPU stopped: SIGBUS$"):
        run(script)


def test_too_large_an_allocation_is_a_memory_error():
    with pytest.raises(ScriptFailed, match="MemoryError: memory allocation failed, allocating 200000 bytes"):
        run("bytearray(200000)")


def test_without_qemu_its_package_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmulatorError, match="^qemu-xtensa is not installed; on Debian: sudo apt-get install qemu-user$"):
        xtensa.run(BOARD, "", {})


def test_qemu_ends_when_its_parent_is_killed():
    code = "from host_tools import boards, emulators; emulators.run(boards.get('xtensa-lx6'), 'while True: pass')"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        assert within_a_minute(lambda: emulators_of(parent.pid))
        (child,) = emulators_of(parent.pid)
    finally:
        parent.kill()
        parent.wait()
    assert within_a_minute(lambda: not Path(f"/proc/{child}").exists())


def emulators_of(pid):
    """The numbers of the running qemu-xtensa processes that a process has started."""
    children = [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]
    return [child for child in children if "qemu-xtensa" in Path(f"/proc/{child}/comm").read_text()]


def within_a_minute(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()
