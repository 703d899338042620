"""MicroPython's ports/esp32 with upyml, as far as it goes without ESP-IDF: configured, and our C compiled as there."""

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile
from runtimes import BUILD, ROOT

from host_tools import boards

PORT = ROOT / "ports" / "esp32"
ENGINE = ROOT / "ports" / "engine"
MODULE = ROOT / "ports" / "module" / "mod_upyml.c"
CPUS = {"esp32": "xtensa", "esp32-s3": "xtensa", "esp32-c3": "riscv", "esp32-c6": "riscv"}  # an S2 has no MAC16
BOARDS = {
    "esp32": "UPYML_ESP32",
    "esp32-s2": "UPYML_ESP32_S2",
    "esp32-s3": "UPYML_ESP32_S3",
    "esp32-c3": "UPYML_ESP32_C3",
    "esp32-c6": "UPYML_ESP32_C6",
}


# A board's tests run in one process: it is configured once.
@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(f"configure-{name}")) for name in BOARDS]
)
def board(request):
    return boards.get(request.param)


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """The folder that is configured: each process of the tests has its own."""
    return tmp_path_factory.mktemp("esp32")


@pytest.fixture(scope="module")
def commands(board, configured, require):
    """How each of our files would be compiled for the board: folder and arguments by path."""
    require(shutil.which("cmake"), "cmake", "on Debian: sudo apt-get install cmake")
    riscv = board.arch == "rv32imc"
    package = "gcc-riscv64-unknown-elf"
    require(not riscv or shutil.which("riscv64-unknown-elf-gcc"), package, f"on Debian: sudo apt-get install {package}")
    folder = configured / board.name
    environment = {**os.environ, "PYTHON": sys.executable, "UPYML_WERROR": "1"}
    done = subprocess.run(
        [PORT / "configure.sh", folder, BOARDS[board.name]], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    entries = json.loads((folder / "compile_commands.json").read_text())
    assert len(entries) > 200  # MicroPython's own
    return {entry["file"]: (entry["directory"], shlex.split(entry["command"])) for entry in entries}


def cpu(board):
    """The board's folder of kernels, "" for none."""
    return CPUS.get(board.name, "")


def ours(board):
    listed = subprocess.run(["sh", ENGINE / "sources.sh", cpu(board)], capture_output=True, text=True, check=True)
    return [ENGINE / name for name in listed.stdout.split()] + [MODULE]


def test_all_our_files_would_be_compiled(commands, board):
    for path in ours(board):
        _, command = commands[str(path)]
        assert f"-I{ENGINE}" in command and (not cpu(board) or f"-I{ENGINE / cpu(board)}" in command)
        optimize = [word for word in command if word.startswith("-O")]
        kernel = path.suffix == ".c" and path.parent.parent == ENGINE
        assert optimize == ["-O2"] * (2 if kernel else 1)  # the port's, and ours for the kernels


def test_hot_loops_go_to_internal_ram(commands, board, tmp_path):
    """With ESP-IDF's linker script, which puts .iram1.* there: code in flash waits for the cache."""
    assembly = [path for path in ours(board) if path.suffix == ".S"]
    assert len(assembly) >= 5 or not cpu(board)
    for path in assembly:
        folder, command = commands[str(path)]
        command = command[:]
        command[command.index("-o") + 1] = str(tmp_path / "hot.o")
        subprocess.run(command, cwd=folder, check=True)
        with open(tmp_path / "hot.o", "rb") as file:
            sections = {section.name: section["sh_size"] for section in ELFFile(file).iter_sections()}
        assert sections[".iram1.upyml"] > 40 and not sections.get(".text"), path.name


def test_the_configuration_is_the_boards(commands, board, tmp_path):
    folder, command = commands[str(MODULE)]
    march = {"esp32-c3": "-march=rv32imc_zicsr_zifencei", "esp32-c6": "-march=rv32imac_zicsr_zifencei"}
    assert march.get(board.name, "-mlongcalls") in command
    command = command[:]
    command[command.index("-o") + 1] = str(tmp_path / "macros")
    subprocess.run([*command, "-E", "-dM", "-DNO_QSTR"], cwd=folder, check=True)
    macros = (tmp_path / "macros").read_text().splitlines()
    assert f"#define CONFIG_IDF_TARGET_{board.flash['chip'].upper()} 1" in macros
    assert f'#define MICROPY_HW_MCU_NAME "{board.mcu}"' in macros
    assert "#define MICROPY_VFS_ROM (1)" in macros
    emits = {"xtensawin": "XTENSAWIN", "rv32imc": "RV32"}[board.arch]  # what it can emit it can load
    assert f"#define MICROPY_EMIT_{emits} (1)" in macros


def test_our_files_compile_without_warnings(commands, board, require, tmp_path):
    """With the port's own mpconfigport.h; of ESP-IDF's headers, which it includes, ports/esp32/stub has what we need."""
    generated = BUILD / "boards" / "xtensa-lx6" / "obj"
    require((generated / "genhdr" / "qstrdefs.generated.h").exists(), "the qstrs", "python ports/build.py xtensa-lx6")
    for path in ours(board):
        folder, command = commands[str(path)]
        output = tmp_path / "out.o"
        command = command[:]
        command[command.index("-o") + 1] = str(output)
        assert "-Werror" in command
        # The names of another build: this one cannot make its own without ESP-IDF.
        done = subprocess.run([*command, f"-I{generated}"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", f"{path.name}: {done.stderr}"
        assert output.stat().st_size > 500
        output.unlink()


def table(board):
    """The board's partitions: (type, start, size) by name."""
    text = (PORT / "boards" / BOARDS[board.name] / "mpconfigboard.cmake").read_text()
    path = PORT / "boards" / text.split("UPYML_PARTITIONS ")[1].split(")")[0]
    rows = csv.reader(line for line in path.read_text().splitlines() if not line.startswith("#"))
    return {row[0]: (row[1].strip(), int(row[3], 0), int(row[4], 0)) for row in rows}


def test_partitions_follow_each_other_and_fill_the_flash(board):
    partitions = table(board)
    assert partitions["factory"][:2] == ("app", 0x10000)
    assert partitions["romfs"][2] >= 512 * 1024
    end = 0x9000  # behind bootloader and partition table
    for name, (_, start, size) in partitions.items():
        assert start == end, name
        assert size % 0x1000 == 0
        end += size
    assert end == board.flash_kb * 1024


def test_the_partition_table_is_the_one_that_is_configured(commands, configured, board):
    last = None
    for line in (configured / board.name / "obj" / "sdkconfig.combined").read_text().splitlines():
        if line.startswith("CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"):
            last = line.split("=", 1)[1].strip('"')
    assert last is not None and os.path.samefile(os.path.dirname(last), PORT / "boards") and os.path.exists(last)


def test_the_manifest_freezes_upyml(tmp_path):
    """MicroPython's own manifest needs its library, which is not here: an empty one stands for it."""
    micropython = ROOT / "build" / "micropython"
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "manifest.py").write_text("")
    code = f"""
import sys
sys.path.insert(0, {str(micropython / "tools")!r})
import manifestfile
manifest = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, {{"PORT_DIR": {str(tmp_path)!r}, "MPY_LIB_DIR": ""}})
manifest.execute({str(PORT / "boards" / "manifest.py")!r})
print(*sorted(file.target_path for file in manifest.files()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    frozen = done.stdout.split()
    installed = [name for name, _ in json.loads((ROOT / "upyml" / "package.json").read_text())["urls"]]
    drivers = [f"upyml/sensors/{path.name}" for path in (ROOT / "upyml" / "sensors").glob("*.py")]
    assert frozen == sorted(installed + drivers) and {"upyml/__init__.py", "upyml/sensors/mpu6050.py"} < set(frozen)
