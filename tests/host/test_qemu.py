"""The boards that QEMU emulates: what their firmware has, and what run() makes of scripts that end in any way."""

import dataclasses
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
import small_models
from runtimes import BUILD, ROOT

import upyml
from host_tools import boards, emulators, package_files
from host_tools.convert import convert
from host_tools.emulators import EmulatorError, ScriptFailed, qemu

BOARDS = {name: board for name, board in boards.all().items() if board.emulate.get("with") == "qemu"}

# Number of the architecture in sys.implementation._mpy: the firmware's own, by the native modules made for the board.
# Firmware without an FPU counts as 6 (armv7em) and takes armv7m; the M7's is 8 (armv7emdp) and takes armv7emsp too.
ARCH = {"armv6m": {4}, "armv7m": {6}, "armv7emsp": {7, 8}, "rv32imc": {11}}


def ready(require, name):
    """The board of that name, with its firmware and its emulator."""
    board = BOARDS[name]
    require(board.image.exists(), board.image.relative_to(ROOT), f"python ports/build.py {name}")
    return board


@pytest.fixture(params=BOARDS)
def board(request, require):
    return ready(require, request.param)


@pytest.fixture
def m3(require):
    return ready(require, "cortex-m3")


def test_the_boards_are_the_cores_we_promise():
    assert {board.cpu for board in BOARDS.values()} == {
        "Cortex-M0", "Cortex-M3", "Cortex-M4F", "Cortex-M7F", "Cortex-M33", "RV32IMC"
    }  # fmt: skip


FACTS = """
import sys, upyml, _upyml
print(sys.implementation._machine)
print(sys.implementation._mpy >> 10)
print(sys.byteorder, upyml.__version__, _upyml.VERSION)
"""


def test_a_board_is_what_its_file_says(board):
    machine, arch, versions = emulators.run(board, FACTS).splitlines()
    assert machine == f"{board.emulate['machine']} with {board.mcu}"
    assert int(arch) in ARCH[board.arch]
    assert versions == f"little {upyml.__version__} {upyml.__version__}"


PYTHON = """
import array, binascii, gc, micropython, os, struct, sys, time, uctypes, vfs
print(sys.argv, sorted(os.listdir()), open("folder/text.txt").read())
print(binascii.crc32(b"123456789"), struct.unpack("<f", struct.pack("<f", 0.1)), array.array("f", [1 / 3])[0])
print(0.1 + 0.2, 2.0 ** 100, 7.5 // 2, sum([0.1] * 10))
before = time.ticks_us()
time.sleep_ms(20)
print(20000 <= time.ticks_diff(time.ticks_us(), before), gc.mem_alloc() > 0, callable(micropython.mem_info))
"""


def test_a_board_has_the_python_of_a_real_one(board):
    """Floats of 32 bits, in hardware on some, printed alike; a clock; files; arguments."""
    files = {"folder/text.txt": b"text", "more.bin": b""}
    assert emulators.run(board, PYTHON, args=["one", 2], files=files).splitlines() == [
        "['script.py', 'one', '2'] ['folder', 'more.bin'] text",
        f"{zlib.crc32(b'123456789')} (0.1,) 0.3333333",
        "0.3 1.267651e+30 3.0 1.0",
        "True True True",
    ]


@pytest.mark.parametrize("form", ["module", "", "-coded", "-dense"])
def test_each_form_of_the_engine_proves_itself(board, form, require):
    """In the firmware, as a native module, and as the lighter ones where the processor has them."""
    lighter = board.arch + form
    engine = form if form == "module" else lighter if lighter in package_files.ARCHS else board.arch
    module = BUILD / "natmod" / engine / "_upyml.mpy"
    require(engine == "module" or module.exists(), module.relative_to(ROOT), f"make natmod-{engine}")
    script = "import _upyml, upyml\nprint(_upyml)\nprint(upyml.load('gesture.upm').selftest())"
    files = {"gesture.upm": small_models.with_vectors(small_models.gesture)}
    which, passed = emulators.run(board, script, files=files, engine=engine).splitlines()
    assert ("engine_mpy.mpy" in which) == (engine != "module")
    assert passed == "True"


IN_PLACE = """
import gc, uctypes, upyml
gc.collect()
before = gc.mem_alloc()
model = upyml.load("wide.upm")
gc.collect()
print(gc.mem_alloc() - before)
print(uctypes.addressof(memoryview(open("wide.upm", "rb"))))
"""


def test_a_model_in_romfs_is_read_in_place(board):
    wide = small_models.wide()
    upyml_alone, place = map(int, emulators.run(board, IN_PLACE, files={"a": b"1", "wide.upm": wide}).split())
    assert upyml_alone < len(wide) // 10
    start = board.emulate["romfs"]
    assert start < place < start + board.emulate["romfs_kb"] * 1024 - len(wide)
    assert place % 16 == 0


@pytest.fixture(scope="module")
def vww(models_dir):
    """The largest of the benchmark models: 240 KB in flash, an arena of 55 KB."""
    return convert(models_dir / "mlperf_tiny" / "vww_96_int8.tflite").file


def test_visual_wake_words_runs_from_romfs(board, vww):
    script = "import upyml; print(upyml.load('vww.upm').selftest())"
    assert emulators.run(board, script, files={"vww.upm": vww}) == "True\n"


def test_long_texts_arrive_whole(board):
    line = "f'{i} {i * i} \u00e9 \\r'"
    expected = "".join(f"{eval(line)}\n" for i in range(6000)) + "\u20ac" * 10000
    assert len(expected.encode()) > 100_000
    said = emulators.run(board, f"for i in range(6000): print({line})\nprint('\u20ac' * 10000, end='')")
    assert said == expected


def test_what_a_script_raises_comes_back_as_its_traceback(m3):
    with pytest.raises(ScriptFailed) as failed:
        qemu.run(m3, "print('before')\ndef f():\n    return 1 // 0\nf()", {})
    assert str(failed.value).splitlines() == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 4, in <module>',
        '  File "<stdin>", line 3, in f',
        "ZeroDivisionError: divide by zero",
    ]


def test_a_syntax_error_comes_back_too(m3):
    with pytest.raises(ScriptFailed, match="SyntaxError: invalid syntax"):
        qemu.run(m3, "print(1", {})


def test_leaving_early_is_a_normal_end(m3):
    assert qemu.run(m3, "print(1)\nraise SystemExit(3)\nprint(2)", {}) == "1\n"


def test_a_script_finds_only_its_own_names(m3):
    assert qemu.run(m3, "print(dir())", {}) == "['__name__']\n"


def test_a_script_that_hangs_is_a_sentence(board):
    with pytest.raises(EmulatorError) as failed:
        emulators.run(board, "print('x')\nwhile True: pass", timeout=1)
    assert str(failed.value) == f"{board.name}: no end after 1 s: the script hangs or needs more time"
    assert "qemu" not in names_of_children(os.getpid())


def test_an_unaligned_access_stops_the_m0_and_only_it(board):
    """The core of an RP2040 stops there too, which no other emulated board would show."""
    script = """
import uctypes
data = bytearray(b"\\x00\\x78\\x56\\x34\\x12\\x00\\x00\\x00")
print(hex(uctypes.struct(uctypes.addressof(data) + 1, {"word": uctypes.UINT32 | 0}, uctypes.NATIVE).word))
"""
    if board.cpu == "Cortex-M0":
        with pytest.raises(EmulatorError, match=r"^cortex-m0: the CPU stopped at 0x000[0-9A-F]{5}: HardFault$"):
            emulators.run(board, script)
    else:
        assert emulators.run(board, script) == "0x12345678\n"


@pytest.mark.parametrize("name, fault", [("cortex-m3", "HardFault"), ("rv32imc", "Load address fault")])
def test_an_address_without_memory_is_a_sentence(name, fault, require):
    """Also where text came just before: RISC-V's firmware ends QEMU, with the port half read."""
    script = "import machine\nfor i in range(500): print(i)\nmachine.mem32[0xF0000000]"
    with pytest.raises(EmulatorError, match=rf"^{name}: the CPU stopped at 0x[0-9A-F]{{8}}: {fault}$"):
        emulators.run(ready(require, name), script)


def test_a_board_that_switches_itself_off_is_a_sentence(m3):
    with pytest.raises(EmulatorError, match="^cortex-m3: the board switched itself off before the script's end$"):
        qemu.run(m3, "import machine; machine.reset()", {})


def test_what_qemu_says_is_passed_on(m3):
    other = dataclasses.replace(m3, emulate={**m3.emulate, "machine": "nonesuch"})
    with pytest.raises(EmulatorError, match="^cortex-m3: qemu-system-arm: unsupported machine type$"):
        qemu.run(other, "", {})


def test_without_qemu_its_package_is_named(board, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    package = {"arm": "qemu-system-arm", "riscv32": "qemu-system-misc"}[board.emulate["program"].split("-")[-1]]
    with pytest.raises(EmulatorError, match=f"is not installed; on Debian: sudo apt-get install {package}$"):
        qemu.run(board, "", {})


def test_files_that_do_not_fit_are_refused(require):
    m0 = ready(require, "cortex-m0")
    with pytest.raises(EmulatorError, match="^the files make a ROMFS image of 6000.. bytes, cortex-m0 has room for 39"):
        qemu.run(m0, "", {"large.bin": bytes(600_000)})


def test_qemu_ends_when_its_parent_is_killed(m3, require):
    require(shutil.which("setpriv"), "setpriv", "on Debian: sudo apt-get install util-linux")
    code = "from host_tools import boards, emulators; emulators.run(boards.get('cortex-m3'), 'while True: pass')"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        assert within_a_minute(lambda: "qemu" in names_of_children(parent.pid))
        (child,) = children(parent.pid)
    finally:
        parent.kill()
        parent.wait()
    assert within_a_minute(lambda: state(child) in ("gone", "Z"))


def children(pid):
    """The numbers of the processes that a process has started and that have not ended."""
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


def names_of_children(pid):
    return " ".join(Path(f"/proc/{child}/comm").read_text() for child in children(pid))


def state(pid):
    """R, S, Z (ended, and nobody has asked how) ...; "gone" where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def within_a_minute(condition):
    """Waits until it holds; False where it does not."""
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()
