"""The scripts of tests/device print the same on every runtime."""

import functools
import struct
import zlib

import pytest
import small_models
from runtimes import ROOT, runtime as runtime_named

from host_tools import romfs
from upyml.format import decode, layout

DEVICE = ROOT / "tests" / "device"


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Paths of small models: gesture, edges, wrong (an expected CRC-32 changed), and raw inputs for gesture."""
    folder = tmp_path_factory.mktemp("models")
    data = small_models.with_vectors(small_models.gesture)
    head = decode.header(data)
    vectors = [decode.vector(data, head, i) for i in range(head["vector_count"])]
    seed, crcs = vectors[1]
    wrong = small_models.gesture(vectors=[vectors[0], (seed, crcs[:2] + (crcs[2] ^ 1,) + crcs[3:])])
    contents = {
        "gesture.upm": data,
        "wrong.upm": wrong,
        "edges.upm": small_models.edges(),
        "caller.upm": small_models.with_callers_input(data),
        "wide.upm": small_models.wide(),
        "big.upm": small_models.big(),
        "delay.upm": small_models.with_vectors(small_models.delay, (1, 2, 3)),
        "int8.upm": small_models.echo(layout.INT8),
        "uint8.upm": small_models.echo(layout.UINT8),
        "int16.upm": small_models.echo(layout.INT16),
        "float32.upm": small_models.echo(layout.FLOAT32),
        "inputs.bin": bytes((i * 89 + i // 7) % 256 for i in range(192 * 5)),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "image.romfs").write_bytes(romfs.build({"wide.upm": contents["wide.upm"]}))
    return folder


@functools.cache
def expected(script, args, heap=None):
    """What CPython with the engine in Python prints."""
    return runtime_named("cpython-reference").run(DEVICE / script, args)


SAME_EVERYWHERE = {
    "run_model.py": ("gesture.upm", "inputs.bin"),
    "api.py": ("gesture.upm", "edges.upm"),
    "errors.py": ("gesture.upm", "edges.upm"),
    "damaged.py": ("gesture.upm",),
    "selftest.py": ("gesture.upm", "wrong.upm"),
    "stream.py": ("gesture.upm",),
    "states.py": ("delay.upm",),
    "stream_types.py": ("int8.upm", "uint8.upm", "int16.upm", "float32.upm"),
    "float_bits.py": ("float32.upm",),
    "heap.py": ("gesture.upm",),
    "romfs.py": ("image.romfs", "wide.upm"),
    "caller.py": ("caller.upm",),
    "signal_functions.py": (),
}


def pace(runtime, computer, emulated, slow):
    """How much of a test a runtime does: all of it, what an emulated board manages in seconds, or a cycle-exact one."""
    if not runtime.emulated:
        return computer
    return slow if runtime.slow else emulated


@pytest.mark.parametrize("script", SAME_EVERYWHERE)
def test_a_script_prints_the_same_on_every_runtime(runtime, files, script):
    args = tuple(files / name for name in SAME_EVERYWHERE[script])
    damaged = script == "damaged.py"
    if damaged:
        args += (pace(runtime, 1, 16, 64),)  # every so many bytes
    # A damaged model may ask for any op: an engine without it says something else.
    assert runtime.run(DEVICE / script, args, whole=damaged) == expected(script, args)


def test_every_error_is_a_sentence(files):
    said = expected("errors.py", (files / "gesture.upm", files / "edges.upm")).splitlines()
    quiet = [line for line in said if "no error" in line]
    assert quiet == []
    assert "short ModelError: input input0 takes 192 numbers in shape (32, 6), received 10" in said
    mistake = "ModelError: input input0 takes numbers in shape (32, 6), received"
    for word, received in (
        ("text", "str"),
        ("None inside", "NoneType at place 191"),
        ("None in a nest", "NoneType at place 191"),
        ("text inside", "str at place 100"),
        ("dict", "dict"),
        ("set", "set"),
    ):
        assert f"{word} {mistake} {received}" in said
    assert "sample with None ModelError: a sample has 6 values, received NoneType at place 3" in said
    assert "hop ModelError: hop must be a whole number of samples above 0, received 'abc'" in said
    assert "hop ModelError: hop must be a whole number of samples above 0, received 0" in said


def test_the_check_catches_every_cut_and_every_changed_byte(files):
    size = (files / "gesture.upm").stat().st_size
    cut, changed, _ = expected("damaged.py", (files / "gesture.upm",)).splitlines()
    assert cut.split()[1] == "0"
    assert changed == "changed 0"
    assert size > 1000


def test_the_self_test_names_the_first_op_that_differs(files):
    right, passed, wrong, failed = expected("selftest.py", (files / "gesture.upm", files / "wrong.upm")).splitlines()
    assert (right, passed) == ("True", "True True False")
    assert failed == "False True False"
    assert wrong.startswith("test vector 1: op 2 (MAX_POOL) gives ")


def test_streamed_windows_equal_predicted_ones(files):
    lines = expected("stream.py", (files / "gesture.upm",)).splitlines()
    answers = [line for line in lines if line.endswith(("True", "False"))]
    # From the 32nd sample on, every 8 (what the file says), 1, 5, 32 and 40 samples.
    assert len(answers) == 9 + 69 + 14 + 3 + 2
    assert all(line.endswith("True") for line in answers)


def test_a_stream_feeds_every_type_of_input(files):
    lines = expected("stream_types.py", tuple(files / name for name in SAME_EVERYWHERE["stream_types.py"])).splitlines()
    windows = [str([5 * i if j == 0 else -10 * i for i in range(at - 5, at + 1) for j in (0, 1)]) for at in range(5, 9)]
    assert lines == [line for dtype in ("int8", "uint8", "int16", "float32") for line in (dtype, *windows)]


IMPORT = """
import gc
gc.collect()
before = gc.mem_alloc()
import upyml
gc.collect()
print(gc.mem_alloc() - before)
"""


def test_import_takes_little_memory(runtime):
    """What a board pays whether or not it loads a model: as source on the heap with 64-bit words, or frozen."""
    if runtime.micropython:
        assert int(runtime.run(IMPORT)) < (3 if runtime.emulated else 6) * 1024


def test_a_native_module_for_another_board_is_told(files, tmp_path):
    (tmp_path / "_upyml.mpy").write_bytes(b"M\x05\x00\x1f")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import upyml
try:
    upyml.load({str(files / "gesture.upm")!r})
except upyml.ModelError as error:
    print(error)
"""
    said = runtime_named("unix-reference").run(code)
    assert said.startswith("the engine _upyml.mpy is not made for this board and this MicroPython (incompatible .mpy")


def test_a_model_in_romfs_stays_in_flash(files):
    assert expected("romfs.py", (files / "image.romfs", files / "wide.upm")).endswith("] True\n")


def test_a_buffer_that_changes_is_noticed(runtime, files):
    """MicroPython moves a buffer that grows, and the engine says so; CPython has copied one that could change."""
    said = runtime.run(DEVICE / "buffers.py", [files / "gesture.upm"]).splitlines()
    grown, wide = "True", "True"
    if runtime.micropython or runtime.name.startswith("circuitpython"):
        grown = "the model's or the arena's buffer has changed: load the model again"
        wide = "load() takes a buffer of bytes, received array of larger elements"
    assert said == ["True", grown, "True", grown, "True", wide]


def test_run_allocates_nothing(runtime, files):
    runs = pace(runtime, 10000, 1000, 20) if runtime.native else 20
    ran, pushed, answered, output = runtime.run(DEVICE / "no_alloc.py", [files / "gesture.upm", runs]).splitlines()
    # The Python engine leaves garbage, and a word left on the C stack may keep one block of it from being collected.
    assert int(ran) <= (0 if runtime.native else 64) and pushed == "0"
    if runtime.native:  # slices, a list, an answer of four numbers: 736 with words of 64 bits, 256 with 32
        assert int(answered) <= 1024
    assert len(output.split(",")) == 4


@pytest.mark.parametrize("heap", [100 * 1024])
def test_a_small_heap_is_enough(on_computer, files, heap):
    """A 64-bit heap of 100 KB holds less than a board's: each object is twice as large."""
    if not on_computer.native:
        heap = 2 * heap  # the engine in Python is code in RAM
    path = files / "gesture.upm"
    assert on_computer.run(DEVICE / "heap.py", [path], heap=heap) == expected("heap.py", (path,))


def test_too_little_memory_is_a_sentence(runtime, files):
    if not runtime.micropython:
        return  # CPython takes what it wants
    said = runtime.run(DEVICE / "memory.py", [files / "big.upm"], heap=1 << 20)
    sentence = "the model needs 6000000 bytes of RAM in one piece: free some, or use a smaller model"
    assert said == f"MemoryError: {sentence}\n100\n"


def test_too_little_memory_for_the_numbers_is_a_sentence(on_computer, files):
    if not (on_computer.micropython and on_computer.native):
        return  # the arena of the engine in Python grows, and would need another heap
    said = on_computer.run(DEVICE / "memory.py", [files / "big.upm"], heap=10 << 20)
    assert said == "MemoryError: input input0 needs 12000000 bytes of RAM in one piece: free some\n100\n"
    said = on_computer.run(DEVICE / "memory.py", [files / "big.upm"], heap=32 << 20)
    assert said == "100\n"  # arena, input and answer: each once


def test_crc_of_a_run_is_that_of_its_outputs(on_computer, files, tmp_path):
    """run_model.py, which other tests rely on: each line is zlib.crc32 of the bytes it writes."""
    printed = on_computer.run(
        DEVICE / "run_model.py", [files / "gesture.upm", files / "inputs.bin", tmp_path / "out.bin"]
    )
    written = (tmp_path / "out.bin").read_bytes()
    assert printed.split() == [str(zlib.crc32(written[i : i + 4])) for i in range(0, len(written), 4)]
    assert struct.calcsize("i") == 4
