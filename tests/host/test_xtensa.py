"""The ESP32's processor under QEMU: what MicroPython does there that other processors do otherwise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small_models
from elftools.elf.elffile import ELFFile
from runtimes import BUILD, ROOT

import upyml
from host_tools import boards, emulators, package_files
from upyml.format import layout, ops_math

BOARD = boards.get("xtensa-lx6")
MODULES = {name: BUILD / "natmod" / name / "_upyml.mpy" for name in ("xtensawin", "xtensawin-coded", "xtensawin-dense", "xtensawin-plain")}
ENGINE = ROOT / "ports" / "engine"


@pytest.fixture(autouse=True)
def _built(require):
    require(BOARD.image.exists(), BOARD.image.relative_to(ROOT), "python ports/build.py xtensa-lx6")
    for name, path in MODULES.items():
        require(path.exists(), path.relative_to(ROOT), f"make natmod-{name}")


def run(script, **options):
    return emulators.run(BOARD, script, **options)


FACTS = """
import sys, upyml, _upyml
print(sys.implementation._machine, sys.byteorder, sys.implementation._mpy >> 10)
print(upyml.__version__, _upyml.VERSION)
print(sys.argv, open("folder/text.txt").read())
"""


def test_it_is_a_board_with_the_esp32s_architecture():
    machine, versions, arguments = run(FACTS, args=["one", 2], files={"folder/text.txt": b"text"}).splitlines()
    assert machine == f"qemu-xtensa with {BOARD.mcu} little 10"  # MP_NATIVE_ARCH_XTENSAWIN
    assert versions == f"{upyml.__version__} {upyml.__version__}"
    assert arguments == "['script.py', 'one', '2'] text"


# Register windows: the registers (32 here, 64 on an ESP32) hold some callers, and the system saves what finds no room.

DEEP = """
def down(n, *held):
    if n == 0:
        gc.collect()
        return 0
    mine = [n, str(n)]  # known to this frame alone
    below = down(n - 1, *held, n)
    assert mine == [n, str(n)] and held == tuple(range(25, n, -1)), n
    return below + n

import gc
print(down(25))

def for_ever(n):
    return for_ever(n + 1)

for _ in range(3):
    try:
        for_ever(0)
    except RuntimeError as error:
        print(error)
print(down(25))
"""


def test_calls_deeper_than_the_registers_keep_their_values():
    total = sum(range(26))
    assert run(DEEP).split("\n") == [f"{total}", *["maximum recursion depth exceeded"] * 3, f"{total}", ""]


UNWIND = """
def fails(x):
    if x == depth:
        raise ValueError(x)
    return -max(map(fails, [x + 1]))

for depth in range(1, 9):
    kept = [depth] * 3
    try:
        sorted([0] * 3, key=fails)
    except ValueError as error:
        print(error, kept == [depth] * 3, end=" ")
    finally:
        print("left", depth)

class Bad:
    def __eq__(self, other):
        raise KeyError("compared")

try:
    Bad() in [1, 2]
except KeyError as error:
    print(error)
"""


def test_exceptions_leave_c_code_between_python_frames():
    """sorted(), map() and max() are C that calls Python, which raises through all of them."""
    expected = [f"{depth} True left {depth}" for depth in range(1, 9)]
    assert run(UNWIND).splitlines() == [*expected, "compared"]


COLLECT = """
import gc

def text(i):
    junk = [bytearray(100) for _ in range(20)]  # to be reused where something was freed too early
    gc.collect()
    return "text " + str(i)

def nested(n):
    return [n] if n == 0 else nested(n - 1) + [text(n)]

print(list(map(text, range(30))) == ["text " + str(i) for i in range(30)])
print({text(i): [text(-i)] for i in range(30)} == {"text " + str(i): ["text " + str(-i)] for i in range(30)})
print("-".join(text(i) for i in range(30)) == "-".join("text " + str(i) for i in range(30)))
print(nested(12) == [0] + ["text " + str(i) for i in range(1, 13)])

def build(i):
    return [[i, str(i) * 3], {i: "value %d" % i}, (i, [i] * 20), bytes([i] * 40), {i, i + 1}, i * 1.5, 10 ** 30 + i]

gc.threshold(16)  # from here on nearly every allocation collects
kept = [build(i) for i in range(15)]
print(kept == [build(i) for i in range(15)])
"""


def test_the_garbage_collector_sees_what_callers_hold_in_registers():
    """The lists that map(), join() and the rest are filling are known to C frames above the collector's only."""
    assert run(COLLECT) == "True\n" * 5


# Numbers: a core that cannot divide floats nor knows doubles; ports/xtensa/runtime.c does that.

DIVIDE = """
import struct
data = open("pairs.bin", "rb").read()
for i in range(0, len(data), 8):
    a, b = struct.unpack_from("<ff", data, i)
    print("%08x" % struct.unpack("<I", struct.pack("<f", a / b)))
"""


def float_pairs():
    """float32 pairs of all magnitudes, infinities and subnormals among them; no division by zero, which Python refuses."""
    random = np.random.default_rng(5)
    bits = random.integers(0, 1 << 32, (400, 2), dtype=np.uint64).astype(np.uint32)
    bits[:100, 0] &= 0x807FFFFF  # subnormal by any
    bits[100:200, 1] &= 0x807FFFFF
    bits[200:300] = bits[200:300] & 0x80FFFFFF | 0x3F000000  # near 1
    special = np.array([1, 0x80000001, 0x007FFFFF, 0x00800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000], np.uint32)
    special = np.stack(np.meshgrid(special, special), -1).reshape(-1, 2)
    pairs = np.concatenate([bits, special]).view(np.float32)
    return pairs[~np.isnan(pairs).any(1) & (pairs[:, 1] != 0)]


def test_floats_are_divided_as_ieee_754_says():
    pairs = float_pairs()
    with np.errstate(all="ignore"):
        quotients = pairs[:, 0] / pairs[:, 1]
    assert quotients.dtype == np.float32 and (np.abs(quotients) < 2**-126).sum() > 50  # subnormal ones too
    said = [int(line, 16) for line in run(DIVIDE, files={"pairs.bin": pairs.tobytes()}).split()]
    want = quotients.view(np.uint32)
    nan = np.isnan(quotients)
    assert np.array_equal(np.array(said, np.uint32)[~nan], want[~nan])
    assert np.isnan(np.array(said, np.uint32)[nan].view(np.float32)).all()


DOUBLES = """
import struct
data = open("doubles.bin", "rb").read()
print([struct.unpack("<I", struct.pack("<f", struct.unpack_from("<d", data, i)[0]))[0] for i in range(0, len(data), 8)])
data = open("floats.bin", "rb").read()
print([struct.pack("<d", struct.unpack_from("<f", data, i)[0]) for i in range(0, len(data), 4)])
"""


def test_doubles_are_read_and_written_exactly():
    random = np.random.default_rng(6)
    floats = np.concatenate([float_pairs()[:, 0], np.array([0, -0.0, 1e-45], np.float32)])
    halves = floats[:200].astype(np.float64) * (1 + 2.0**-24)  # half way between two floats: to the even one
    scales = 2.0 ** random.integers(-150, 128, 200)
    doubles = np.concatenate([halves, random.uniform(-2, 2, 200) * scales, [1e300, -1e300, 1e-300, 0.0]])
    with np.errstate(all="ignore"):
        narrowed = doubles.astype(np.float32).view(np.uint32)
    files = {"doubles.bin": doubles.tobytes(), "floats.bin": floats.tobytes()}
    from_doubles, from_floats = run(DOUBLES, files=files).splitlines()
    assert eval(from_doubles) == narrowed.tolist()
    assert b"".join(eval(from_floats)) == floats.astype(np.float64).tobytes()


# The engine, in the firmware and as a native module.

ENGINES = """
import _upyml, sys, upyml
print(_upyml)
model = upyml.load("gesture.upm")
print(model.selftest())
data = open("inputs.bin", "rb").read()
for at in range(0, len(data), 192):
    memoryview(model.input)[:] = data[at:at + 192]
    model.run()
    print([int(value) for value in model.output])
"""


@pytest.mark.parametrize("engine", ["module", "xtensawin", "xtensawin-coded", "xtensawin-dense", "xtensawin-plain"])
def test_the_engine_gives_the_hosts_bytes(engine):
    """Of the firmware, whose kernels have no MULSH here, and of the native modules: xtensawin has it."""
    gesture = small_models.with_vectors(small_models.gesture)
    inputs = np.random.default_rng(7).integers(-128, 128, (8, 192), dtype=np.int8)
    which, passed, *answers = run(
        ENGINES, files={"gesture.upm": gesture, "inputs.bin": inputs.tobytes()}, engine=engine
    ).splitlines()
    assert ("engine_mpy.mpy" in which) == (engine != "module")
    assert passed == "True"
    model = upyml.load(gesture)
    for window, answer in zip(inputs, answers, strict=True):
        model.input[:] = window.tobytes() if model.input.format == "B" else memoryview(window)
        model.run()
        assert eval(answer) == list(model.output)


def coded():
    """A dense layer with weights of four bits."""
    b = small_models.Builder()
    x = b.tensor((16,))
    return b.file([x], [b.dense(x, 4, coding=layout.INT4_WEIGHTS)])


def normalized():
    """An op of the family MATH."""
    b = small_models.Builder()
    x, y = b.tensor((16,)), b.tensor((16,), 1 / 128)
    return b.file([x], [b.op(ops_math.L2_NORMALIZATION, [x], y)])


@pytest.mark.parametrize(
    "models, module",
    [
        ([small_models.gesture], "xtensawin-dense"),
        ([coded, small_models.gesture], "xtensawin-coded"),
        ([small_models.gesture, normalized], "xtensawin"),
        ([], "xtensawin"),
    ],
)
def test_the_native_module_is_the_lightest_that_runs_the_models(models, module, monkeypatch):
    """As `upyml deploy` brings it: the largest leaves half of the heap."""
    taken, natmod = [], package_files.natmod
    monkeypatch.setattr(package_files, "natmod", lambda name: taken.append(name) or natmod(name))
    files = {f"{make.__name__}.upm": make() for make in models}
    script = "import sys, upyml\nfor name in sys.argv[1:]: upyml.load(name).run()\nprint('ran')"
    assert run(script, args=files, files=files, engine="mpy") == "ran\n"
    assert taken == [module]


def test_a_model_in_romfs_is_read_in_place():
    wide = small_models.wide()
    script = """
import gc, uctypes, upyml
gc.collect()
before = gc.mem_alloc()
model = upyml.load("wide.upm")
gc.collect()
print(gc.mem_alloc() - before, uctypes.addressof(memoryview(open("wide.upm", "rb"))) % 16)
"""
    alone, place = map(int, run(script, files={"a": b"1", "wide.upm": wide}).split())
    assert alone < len(wide) // 10
    assert place == 0


# The ESP32-S2 has the same architecture of native modules, and less.


@pytest.fixture(scope="session")
def compilers():
    """Names of the two compilers by core."""
    script = ROOT / "ports" / "xtensa" / "toolchain.sh"
    environment = {**os.environ, "PYTHON": sys.executable}
    return {
        core: subprocess.run([script, core], env=environment, capture_output=True, text=True, check=True).stdout.strip()
        + "gcc"
        for core in ("lx6", "common")
    }


NOT_ON_AN_S2 = re.compile(r"^\s+(loop\w*|mul[as]?\.[ad]\w+|\w+\.s|wfr|rfr|s32c1i|lsi|ssi)\s", re.MULTILINE)


def assembly(compiler, source):
    command = [compiler, "-O2", "-S", "-std=c99", "-ffreestanding", f"-I{ENGINE}", "-o", "-", source]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_native_modules_have_no_instruction_that_the_s2_lacks(compilers):
    sources = [ENGINE / name for name in (ENGINE / "sources.txt").read_text().split()]
    assert not [source.name for source in sources if NOT_ON_AN_S2.search(assembly(compilers["common"], source))]


def test_the_kernels_with_mac16_are_in_one_native_module():
    own = {Path(name).stem + ".o" for name in (ENGINE / "xtensa" / "sources.txt").read_text().split()}
    own -= {Path(name).stem + ".o" for name in (ENGINE / "sources.txt").read_text().split()}  # named like plain ones
    made = {name: {file.name for file in (path.parent / "obj").glob("*.o")} for name, path in MODULES.items()}
    assert len(own) >= 8 and own <= made["xtensawin"] and not own & made["xtensawin-plain"]


def test_the_firmware_has_the_kernels_with_mac16():
    with BOARD.image.open("rb") as file:
        names = {symbol.name for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()}
    assert {"upyml_conv2d_pixels", "upyml_depthwise_3x3_two", "upyml_fully_connected_dot"} <= names


def test_the_native_modules_fit_beside_a_model():
    sizes = {name: path.stat().st_size for name, path in MODULES.items()}
    assert sizes["xtensawin-dense"] <= 29 * 1024 and sizes["xtensawin-coded"] <= 36 * 1024
    assert sizes["xtensawin-plain"] <= 54 * 1024


def test_the_esp32s_compiler_uses_what_the_s2_lacks(compilers, tmp_path):
    """Else the test above would prove nothing."""
    source = tmp_path / "loop.c"
    source.write_text("float f(float *a, int n) { float x = 0; for (int i = 0; i < n; i++) x += a[i]; return x; }")
    found = {core: set(NOT_ON_AN_S2.findall(assembly(compiler, source))) for core, compiler in compilers.items()}
    assert {"add.s", "rfr"} <= found["lx6"] and any(name.startswith("loop") for name in found["lx6"])
    assert found["common"] == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_two_files_of_the_native_module_have_constants_of_one_name(module):
    """MicroPython's linker would take the second one's for the first one's."""
    names = []
    for path in (MODULES[module].parent / "obj").glob("*.o"):
        with path.open("rb") as file:
            sections = [section for section in ELFFile(file).iter_sections() if section["sh_size"]]
            names += [section.name for section in sections if section.name.startswith(".rodata")]
    assert len(names) >= 3
    assert sorted(names) == sorted(set(names))
