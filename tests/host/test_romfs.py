"""ROMFS images that MicroPython itself mounts, lists and reads."""

import pytest
from runtimes import runtime as runtime_named

from host_tools import romfs

FILES = {
    "model.upm": bytes(range(256)) * 300,
    "empty": b"",
    "main.py": b"print('hello')\n",
    "lib/upyml/__init__.mpy": b"M\x06" + bytes(99),
    "lib/other.py": b"x = 1",
    "ä": b"one",
}

READ = """
import binascii, os, sys, vfs
with open(sys.argv[1], "rb") as file:
    vfs.mount(vfs.VfsRom(file.read()), "/rom")

def walk(folder):
    for name, kind, *_ in sorted(os.ilistdir(folder)):
        path = folder + "/" + name
        if kind == 0x4000:
            walk(path)
        else:
            print(path[5:], binascii.hexlify(memoryview(open(path, "rb"))).decode())

walk("/rom")
"""


def listed(image, folder):
    """What MicroPython finds in an image: contents by path."""
    (folder / "image.romfs").write_bytes(image)
    lines = runtime_named("unix-module").run(READ, [folder / "image.romfs"]).splitlines()
    return {path: bytes.fromhex("".join(content)) for path, *content in map(str.split, lines)}


@pytest.mark.parametrize("align", [1, 4, 16, 64, 256, 4096])
def test_micropython_reads_what_was_put_in(align, tmp_path, require):
    require(not runtime_named("unix-module").missing(), "MicroPython", "make unix")
    assert listed(romfs.build(FILES, align), tmp_path) == FILES


@pytest.mark.parametrize("align", [2, 16, 32])
@pytest.mark.parametrize("letters", range(1, 18))
def test_file_data_is_aligned(align, letters):
    """Whatever comes before: the length of the first name shifts the second file through all places."""
    data = b"some data that stands nowhere else"
    assert romfs.build({"a" * letters: b"1", "m.upm": data}, align).index(data) % align == 0


@pytest.mark.parametrize("align", [128, 256, 4096])
def test_wide_alignment_is_kept_wherever_a_file_would_have_come_to_lie(align):
    data = b"some data that stands nowhere else"
    for size in range(align + 2):
        image = romfs.build({"a": bytes(size), "m.upm": data}, align)
        assert image.index(data) % align == 0, size


def test_micropython_reads_past_a_padding_of_any_length(tmp_path, require):
    """Each file is longer than the one before by a byte: what is missing to the next multiple of 256 takes all values."""
    require(not runtime_named("unix-module").missing(), "MicroPython", "make unix")
    files = {f"{size:03}": bytes([size % 256]) * size for size in range(300)}
    assert listed(romfs.build(files, 256), tmp_path) == files


@pytest.mark.parametrize("align", [0, -16, 3, 24, 100])
def test_an_alignment_that_is_no_power_of_two_is_refused(align):
    with pytest.raises(ValueError, match=f"a power of two, not to {align} bytes"):
        romfs.build(FILES, align)


def test_an_image_has_an_even_length():
    assert {len(romfs.build({"a": bytes(size)}, 1)) % 2 for size in range(4)} == {0}


def test_an_image_without_files_is_an_image(tmp_path, require):
    require(not runtime_named("unix-module").missing(), "MicroPython", "make unix")
    assert listed(romfs.build({}), tmp_path) == {}


@pytest.mark.parametrize("files", [{"": b""}, {"a//b": b""}, {"/a": b""}, {"a": b"", "a/b": b""}, {"a/b": b"", "a": b""}])
def test_a_path_that_cannot_be_is_refused(files):
    with pytest.raises(ValueError, match="expected names|is a file"):
        romfs.build(files)
