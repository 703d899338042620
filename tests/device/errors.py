"""What a user reads when something is wrong: errors.py GESTURE EDGES. The same sentences everywhere."""

import binascii
import struct
import sys

from _engine import ENGINE

import upyml


def show(word, function, *args):
    """Print what a call raises."""
    try:
        print(word, "no error", function(*args))
    except upyml.ModelError as error:
        print(word, "ModelError:", error)
    except OSError as error:
        print(word, "OSError:", error.args[1])
    except MemoryError as error:
        print(word, "MemoryError:", error)


def load(source):
    return upyml.load(source, ENGINE)


class OldEngine:
    VERSION = "0.0.9"
    __name__ = "_upyml"


with open(sys.argv[1], "rb") as file:
    data = file.read()


def changed(at, value):
    out = bytearray(data)
    out[at] = value
    return out


def sealed(out):
    """The file with its CRC-32 set right."""
    view = memoryview(out)
    struct.pack_into("<I", out, 12, binascii.crc32(view[16:], binascii.crc32(view[:12])) & 0xFFFFFFFF)
    return out


show("missing", load, "no_such_file.upm")
show("not a file", load, 7)
show("a folder", load, "/")
show("a zero", load, "a\0b")
show("engine as text", upyml.load, data, "reference")
show("empty", load, b"")
show("cut in the header", load, data[:50])
show("cut", load, data[:-1])
show("longer", load, data + b"\0")
show("not a model", load, b"TFL3" + data[4:])
show("newer format", load, changed(4, 3))
show("older format", load, changed(4, 1))
show("damaged", load, changed(len(data) - 1, data[-1] ^ 1))
show("newer engine", load, sealed(changed(16, 99)))
show("flags", load, sealed(changed(18, 1)))
show("unknown op", load, sealed(changed(struct.unpack_from("<I", data, 36)[0], 99)))
show("other engine", upyml.load, data, OldEngine())

model = load(data)
for word, x in (
    ("short", [0] * 10),
    ("long", [0] * 193),
    ("nested", [[0] * 6] * 31),
    ("text", "hello"),
    ("texts", ["a", "b"]),
    ("nothing", None),
    ("number", 3),
    ("empty list", []),
    ("None inside", [0] * 191 + [None]),
    ("text inside", [0] * 100 + ["1"] + [0] * 91),
    ("None in a nest", [[0] * 6] * 31 + [[0, 0, 0, 0, 0, None]]),
    ("dict", dict([(i, i) for i in range(192)])),
    ("set", set(range(192))),
    ("complex", [1j] * 192),
    ("bytes", b"abc"),
):
    show(word, model.predict, x)
show("classify", model.classify, [0] * 191)
stream = model.stream()
show("sample", stream.push, [1, 2, 3])
show("sample of one", stream.push, 3)
show("sample of text", stream.push, "abcdef")
show("sample with None", stream.push, [1, 2, 3, None, 5, 6])
show("sample of texts", stream.push, ["1"] * 6)
show("dict as sample", stream.push, dict([(i, i) for i in range(6)]))
show("set as sample", stream.push, set(range(6)))
show("window", model.stream, 1, 7)
for hop in (0, -1, 2.5, "abc", "2.7", "", [], float("nan"), float("inf")):
    show("hop", model.stream, hop)
    show("window", model.stream, 1, hop)
print(model.predict([0] * 192)[0] >= 0)  # still works

with open(sys.argv[2], "rb") as file:
    model = load(file.read())
show("one of two", model.predict, [1, 2, 3])
show("second short", model.predict, ([0] * 15, [1, 2]))
