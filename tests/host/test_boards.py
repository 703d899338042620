"""Boards as data: every file of ports/boards is complete, and what is built keeps within its bounds."""

import re
import sys

import pytest
from elftools.elf.elffile import ELFFile
from runtimes import ROOT

from host_tools import boards, package_files
from host_tools.deploy import bundle

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import sizes  # noqa: E402

KB = 1024


@pytest.mark.parametrize("board", boards.all().values(), ids=lambda board: board.name)
def test_a_board_is_described_whole(board):
    assert board.title and board.mcu and board.cpu
    assert (board.clock_mhz > 0 or not board.flash) and board.flash_kb > 0 and board.ram_kb > 0
    assert board.arch in ("", *package_files.ARCHS) and board.natmod.removesuffix("-plain") == board.arch
    if board.build:
        assert (ROOT / "ports" / board.build["with"] / "build.sh").exists()
        assert board.image.parent == ROOT / "build" / "boards" / board.name
    if board.emulate:
        assert board.build, "an emulator needs firmware"
        assert (ROOT / "host_tools" / "emulators" / f"{board.emulate['with']}.py").exists()


def test_an_unknown_board_is_a_sentence():
    with pytest.raises(boards.UnknownBoard, match="there is no board 'pico3'; the boards are .*pico, "):
        boards.get("pico3")
    with pytest.raises(boards.UnknownBoard):
        boards.get("../boards/pico")


@pytest.mark.parametrize("text", ["title = ", "title = 'x'", "colour = 'red'"])
def test_a_file_that_describes_no_board_is_a_sentence(text, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(text)
    monkeypatch.setattr(package_files, "boards", lambda: tmp_path)
    with pytest.raises(ValueError, match="mine.toml: not a board's description: "):
        boards.get("mine")


WHOLE = """title = "T"
mcu = "M"
cpu = "C"
clock_mhz = 1
flash_kb = 2
ram_kb = 3
arch = ""
"""


@pytest.mark.parametrize(
    "text, sentence",
    [
        (WHOLE.replace("2", '"2"'), "flash_kb is '2', expected a whole number"),
        (WHOLE.replace("3", "true"), "ram_kb is True, expected a whole number"),
        (WHOLE.replace('"M"', "7"), "mcu is 7, expected a text"),
        (WHOLE + "flash = 5", "flash is 5, expected a table"),
        (WHOLE + "[flash]\nmethod = 'usb'", "flash.method is 'usb', expected one of uf2, esptool"),
        (WHOLE + "[flash]\ndrive = 'D'", "flash.method is None, expected one of"),
        (WHOLE + "[flash]\nmethod = 'uf2'\ndrive = 'D'", "flash.family is missing"),
        (WHOLE + "[flash]\nmethod = 'uf2'\nfamily = 'F'\ndrive = 'D'", "flash.family is 'F', expected a whole number"),
        (WHOLE + "[flash]\nmethod = 'uf2'\nfamily = 1", "flash.drive is missing"),
        (WHOLE + "[flash]\nmethod = 'esptool'\noffset = 0", "flash.chip is missing"),
        (WHOLE + "[flash]\nmethod = 'esptool'\nchip = 'esp32'", "flash.offset is missing"),
        (WHOLE + "[build]\nwith = 'rp2'\narguments = []", "build.image is missing"),
        (WHOLE + "[build]\nwith = 'rp2'\narguments = 'A'\nimage = 'I'", "build.arguments is 'A', expected a list"),
        (WHOLE + "[build]\nwith = 'rp2'\nimage = 'I'\nwithout = 'MEAN'", "build.without is 'MEAN', expected a list"),
        (WHOLE + "[build]\nwith = 'rp2'\nimage = 'I'\nwithout = ['MEEN']", "has 'MEEN', expected ops of CONV2D, "),
        (WHOLE + "[emulate]\nromfs = 1", "emulate.with is missing"),
        (WHOLE + "# \udce4", "can't decode byte 0xe4"),
    ],
)
def test_a_description_with_a_wrong_entry_is_a_sentence(text, sentence, tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8", errors="surrogateescape")
    (tmp_path / "whole.toml").write_text(WHOLE)
    monkeypatch.setattr(package_files, "boards", lambda: tmp_path)
    assert boards.get("whole").flash_kb == 2
    with pytest.raises(ValueError, match="mine.toml: not a board's description: .*" + re.escape(sentence)):
        boards.get("mine")


def test_a_build_may_leave_out_ops_and_codings_of_weights(tmp_path, monkeypatch):
    build = "[build]\nwith = 'rp2'\nimage = 'I'\nwithout = ['MEAN', 'SPARSE']"
    (tmp_path / "mine.toml").write_text(WHOLE + build)
    monkeypatch.setattr(package_files, "boards", lambda: tmp_path)
    assert boards.get("mine").build["without"] == ["MEAN", "SPARSE"]


@pytest.mark.parametrize(
    "arch, most",
    [
        ("armv6m-dense", 35 * KB),
        ("armv6m-coded", 42 * KB),
        ("armv6m", 72 * KB),
        ("armv7emsp-dense", 29 * KB),
        ("armv7emsp-coded", 36 * KB),
        ("armv7emsp", 58 * KB),
        ("rv32imc-dense", 32 * KB),
        ("rv32imc-coded", 38 * KB),
        ("rv32imc", 70 * KB),
    ],
)
def test_a_native_module_leaves_room_for_models(arch, most, require):
    """It lies in RAM, where a Pico has 240 KB for everything."""
    found = sizes.native_modules()
    require(arch in found, f"the native module for {arch}", "make natmods")
    assert found[arch] <= most


def test_the_engine_is_small(require):
    found = sizes.engine_text()
    require("pico" in found, "the Pico's firmware", "make boards")
    assert 10 * KB < found["pico"] <= 74 * KB  # it has all families of ops


@pytest.mark.parametrize(
    "name, kernel, sram_end",
    [("pico", "upyml_run_blocks", 0x20042000), ("pico2", "upyml_conv2d_two_channels", 0x20082000)],
)
def test_hot_code_of_a_pico_runs_from_sram(name, kernel, sram_end, require):
    """In flash the weights would push it out of the cache."""
    pico = boards.get(name)
    objects = sizes.objects(pico.folder)
    require(objects, f"the firmware of {name}", "make boards")
    hot = {symbol for path in objects.values() for symbol in global_symbols(path, ".time_critical.upyml")}
    linked = {symbol: at for symbol, at in global_symbols(pico.folder / "firmware.elf").items() if symbol in hot}
    assert kernel in linked
    assert all(0x20000000 <= at < sram_end for at in linked.values())


def global_symbols(elf, section=None) -> dict[str, int]:
    """The global symbols of an object file or a program, or of one section of it, with their addresses."""
    with elf.open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab").iter_symbols()
        found = [one for one in symbols if one["st_info"]["bind"] == "STB_GLOBAL" and isinstance(one["st_shndx"], int)]
        return {one.name: one["st_value"] for one in found if section in (None, elf.get_section(one["st_shndx"]).name)}


def test_the_python_side_is_small():
    """As .mpy files, those that a board with the engine in C needs."""
    files = bundle.files(None)
    needed = {path: data for path, data in files.items() if "_reference" not in path and "check" not in path}
    assert sum(map(len, needed.values())) < 31 * KB
