"""The stand-in for CircuitPython refuses what CircuitPython lacks, piece by piece: it must not become a CPython."""

import ast
import os
import shutil
import site
import subprocess
from pathlib import Path

import board_standin
import pytest
from runtimes import BUILD, ROOT, ScriptError, runtime as runtime_named

# (code, the exception it ends with; "" where it works)
SYNTAX = [
    ("match 1:\n    case 1: pass", "SyntaxError"),
    ("def f(a, /): pass", "SyntaxError"),
    ("a = [*(1, 2)]", "SyntaxError"),
    ("a = (*(1, 2), 3)", "SyntaxError"),
    ("a = {**{1: 2}}", "SyntaxError"),
    ("async def f(): pass", "SyntaxError"),
    ("import micropython\n@micropython.native\ndef f(): pass", "SyntaxError"),
    ("import micropython\n@micropython.viper\ndef f(): pass", "SyntaxError"),
    ("def f(a: int, *, b=2) -> str:\n    return f'{a + b:03d}'\nassert f(1) == '003'", ""),
    ("assert (n := 5) == n", ""),
    ("first, *rest = (1, 2, 3)\nassert rest == [2, 3]", ""),
]
IMPORTS = [
    *((f"import {name}", "ImportError") for name in (
        "typing", "functools", "enum", "dataclasses", "abc", "itertools", "contextlib", "__future__", "zlib",
        "ustruct", "utime", "vfs", "machine", "numpy", "_upyml", "pathlib", "subprocess",
    )),
    *((f"import {name}", "") for name in (
        "array", "binascii", "collections", "errno", "gc", "io", "json", "math", "micropython", "os", "random", "re",
        "struct", "sys", "time", "ulab",
    )),
    ("from micropython import const\nassert const(3) == 3", ""),
    ("import sys\nassert sys.implementation.name == 'circuitpython' and sys.maxsize == 0x7fffffff", ""),
]  # fmt: skip
MODULES = [
    *((f"import time; time.{name}", "AttributeError") for name in ("ticks_us", "ticks_diff", "perf_counter_ns")),
    ("import time; assert time.monotonic_ns() > 0 and time.monotonic() > 0", ""),
    *((f"import math; math.{name}", "AttributeError") for name in (
        "tanh", "log2", "log10", "expm1", "erf", "inf", "nan", "isclose",
    )),
    ("import gc; gc.threshold(100)", "AttributeError"),
    ("import gc; gc.collect(); gc.mem_free()", ""),
    ("import micropython; micropython.mem_info()", "AttributeError"),
    ("import os; os.path", "AttributeError"),
    ("import os; assert os.stat('/')[6] >= 0 and os.getenv('HOME') is None", ""),
    ("import binascii; assert binascii.crc32(memoryview(b'abc')[1:], binascii.crc32(b'a')) == 0x352441c2", ""),
    ("import struct; struct.unpack_from('<I', b'abc')", "RuntimeError"),
    ("import struct; struct.pack_into('<I', bytearray(3), 0, 1)", "RuntimeError"),
    ("import struct; struct.calcsize('4 B')", "ValueError"),
    ("import struct; struct.calcsize('?')", "ValueError"),
    ("import struct; struct.pack_into('<b', bytearray(1), 0, 128)", "OverflowError"),
    ("import struct; assert struct.calcsize('l') == 4 and struct.unpack('<2h', b'\\1\\0\\2\\0') == (1, 2)", ""),
]  # fmt: skip
NUMBERS = [
    ("(5).bit_length()", "AttributeError"),
    ("int.from_bytes(b'\\1', 'little', signed=True)", "TypeError"),
    ("assert int.from_bytes(b'\\1\\2', 'little') == 513", ""),
    ("(1.5).is_integer()", "AttributeError"),
    # The two lowest of float32's bits are lost where a float becomes an object, and come back as the two above them.
    ("assert 1.0000001 == 1.0", ""),  # 0x3f800001 is kept as 0x3f800000
    ("import struct; assert struct.pack('<f', 0.1) == b'\\xcf\\xcc\\xcc\\x3d'", ""),  # 0x3dcccccd: ..cc, read as ..cf
    ("import struct; assert struct.unpack('<f', b'\\xcd\\xcc\\xcc\\x3d')[0] == 0.1", ""),
    ("assert int(4194303.0) == 4194303 and int(4194305.0) != 4194305", ""),
    ("x = 1048576.0; assert x + 0.25 == x", ""),
    ("assert 1 / 3 != 0.3333333333333333 * 1.00001 and type(1 / 3) is float and isinstance(2 ** -1, float)", ""),
    ("x = 1\nx /= 3\nassert type(x) is float and x * 3 != 1 + 1e-6", ""),
    ("from array import array; a = array('f', [0.1]); assert a[0] == 0.1 and bytes(a) == b'\\xcf\\xcc\\xcc\\x3d'", ""),
    ("assert float(16777217) == 16777216", ""),
    ("assert repr(0.5) == '0.5' and repr(2.0) == '2.0' and '%d' % 2.7 == '2'", ""),
]
BUFFERS = [
    *((f"from array import array; array('b', b'ab').{name}", "AttributeError") for name in (
        "tobytes", "frombytes", "typecode", "itemsize",
    )),
    ("from array import array; array('u')", "ValueError"),
    ("from array import array; [array(code) for code in 'bBhHiIlLqQfd']", ""),
    ("from array import array; array('b', [128])", "OverflowError"),
    ("from array import array; array('b', [0])[0] = -129", "OverflowError"),
    ("from array import array; array('b', [0]) * 4", "TypeError"),
    ("from array import array; array('b', [1, 2])[::2]", "NotImplementedError"),
    ("from array import array; assert repr(array('f')) == \"array('f')\" and bytes(array('h', [1])) == b'\\1\\0'", ""),
    *((f"memoryview(b'ab').{name}", "AttributeError") for name in ("nbytes", "itemsize", "format", "c_contiguous")),
    ("memoryview(b'abcd')[::2]", "NotImplementedError"),
    ("b = bytearray(4); memoryview(b)[1:3] = b'xy'; assert b == b'\\0xy\\0'", ""),
    ("memoryview(bytearray(4))[1:3] = [1, 2]", "NotImplementedError"),
    ("memoryview(bytearray(4))[1:3] = b'xyz'", "ValueError"),
    ("from array import array; memoryview(bytearray(4))[:] = array('h', [1, 2])", "ValueError"),
    ("memoryview(bytearray(1))[0] = 256", "OverflowError"),
    ("from array import array; m = memoryview(bytearray(4)).cast('h'); m[1] = -2; assert m[1] == -2", ""),
    # cast() forgets where a slice began.
    ("assert memoryview(b'abcd')[2:].cast('B')[0] == 97", ""),
    # What grows takes another place; a view stays at the old one.
    ("b = bytearray(b'ab'); m = memoryview(b); b.extend(b'cd'); b[0] = 120; assert m[0] == 97 and len(m) == 2", ""),
]  # fmt: skip
OBJECTS = [
    ("'a'.zfill(3)", "AttributeError"),
    ("'ab'.removeprefix('a')", "AttributeError"),
    ("'a b'.split(sep=' ')", "TypeError"),
    ("def f(): pass\nf.x = 1", "AttributeError"),
    ("def f():\n    'text'\nf.__doc__", "AttributeError"),
    ("assert not hasattr('', 'zfill') and getattr('', 'zfill', 1) == 1", ""),
    ("assert list({'a': 1, 'b': 2, 'c': 3}) != ['a', 'b', 'c']", ""),
    ("assert list({i: i for i in range(9)}.values()) != list(range(9))", ""),
    ("assert [k for k in dict([(i, i) for i in range(9)])] != list(range(9))", ""),
    ("def f(*a): return len(a)\nassert f(*range(100)) == 100", ""),
    ("def f(*a): return len(a)\nf(*range(3000))", "RuntimeError"),
    ("exec('1')", "NameError"),
    ("raise ModuleNotFoundError", "NameError"),
    ("try:\n    open('/no such file')\nexcept OSError as error:\n    assert error.args[0] == 2", ""),
]
ULAB = "from ulab import numpy as np; i8 = np.array([100, -100], dtype=np.int8); f = np.array([1.5, -2.5, 3.4]); "
ARRAYS = [
    *((f"np.{name}", "AttributeError") for name in (
        "int32", "matmul", "pad", "tile", "stack", "abs", "add", "round", "cumsum", "zeros_like", "take",
    )),
    ("f.astype(np.int8)", "AttributeError"),
    ("f.fill(0)", "AttributeError"),
    ("i8 @ i8", "TypeError"),
    ("i8 >> 1", "TypeError"),
    ("np.sum(i8, keepdims=True)", "TypeError"),
    ("f[np.array([0, 1], dtype=np.uint8)]", "IndexError"),
    ("f[[0, 1]]", "IndexError"),
    ("np.zeros((2, 2, 2))", "ValueError"),
    ("np.zeros(3, np.int8)", "TypeError"),  # dtype is a keyword
    ("assert i8.dtype == np.int8 and isinstance(i8.dtype, int)", ""),
    ("assert len(f[f > 0]) == 2", ""),
    ("assert np.right_shift(i8, 2).tolist() == [25, -25]", ""),
    ("assert (i8 + i8).tolist() == [-56, 56] and (i8 * i8).dtype == np.int8", ""),
    ("assert (i8 * np.array([200, 200], dtype=np.uint8)).dtype == np.int16", ""),
    ("a = np.array([30000, 1], dtype=np.int16); assert (a + i8 + i8 + i8 + i8)[0] == 30400", ""),
    ("a = np.array([32767, 0], dtype=np.int16); assert (a + i8)[0] == -32669", ""),
    ("assert np.sum(np.array([[100], [100]], dtype=np.int8), axis=0).tolist() == [-56]", ""),
    ("assert (np.array([7, -7], dtype=np.int16) / 2).tolist() == [3, -3]", ""),
    ("assert (np.array([7, -7], dtype=np.int16) / 2.0).tolist() == [3.5, -3.5]", ""),
    ("assert np.array(f, dtype=np.int8).tolist() == [2, -3, 3]", ""),
    ("b = np.zeros(3, dtype=np.int8); b[:] = f; assert b.tolist() == [2, -3, 3]", ""),
    ("np.array(f * 100, dtype=np.int8)", "OverflowError"),
    ("np.zeros(3, dtype=np.int8)[0:3] = f * 100", "OverflowError"),
    ("m = np.array([[1, 2], [3, 4]], dtype=np.int8); assert np.dot(m, i8).tolist() == [-100.0, -100.0]", ""),
    ("m = np.array([[1, 2], [3, 4]], dtype=np.int8); assert np.dot(m.T, i8[::-1]).tolist() == [200.0, 200.0]", ""),
    ("assert isinstance(np.dot(i8, i8), float)", ""),
    # Added up one by one in float32: 2^24 and then ones, which are lost.
    ("a = np.array([4096.0, 1, 1, 1]); b = np.array([4096.0, 1, 1, 1]); assert np.dot(a, b) == 16777216", ""),
    ("b = bytearray(8); v = np.frombuffer(b, dtype=np.int16, count=2, offset=2); v[0] = 513; assert b[2] == 1", ""),
    ("b = bytearray(8); v = np.frombuffer(b, dtype=np.int8); b[3] = 255; assert v[3] == -1", ""),
    ("np.frombuffer(bytearray(8), dtype=np.int16, offset=1)", "ValueError"),
    ("b = bytearray(6); a = np.zeros(6, dtype=np.uint8) + 1; b[0:6] = memoryview(a); assert b[5] == 1", ""),
    ("bytearray(6)[0:6] = np.zeros(6, dtype=np.uint8)", "NotImplementedError"),
    ("m = np.zeros((2, 3)); v = m.reshape((3, 2)).T; v[1, 2] = 5; assert m[1, 2] == 5", ""),
    ("a = np.array([8388608.0]) + 1; assert (a - 8388608)[0] == 1 and a[0] == 8388608 == a.tolist()[0]", ""),
]  # fmt: skip
PIECES = [*SYNTAX, *IMPORTS, *MODULES, *NUMBERS, *BUFFERS, *OBJECTS, *((ULAB + code, end) for code, end in ARRAYS)]


@pytest.mark.parametrize("code, ends_with", PIECES, ids=[code.removeprefix(ULAB) for code, _ in PIECES])
def test_the_board_takes_a_piece_of_code_or_refuses_it(code, ends_with, tmp_path):
    assert board_standin.Board().run(code, tmp_path) == ends_with


def test_a_board_without_ulab(tmp_path):
    assert board_standin.Board(ulab=False).run("import ulab", tmp_path) == "ImportError"


def test_a_module_for_micropython_is_refused(tmp_path):
    (tmp_path / "other.mpy").write_bytes(b"M\x06\x00\x1f")
    assert board_standin.Board(path=[tmp_path]).run("import other", tmp_path) == "ValueError"


def test_calls_go_about_45_deep():
    code = "def f(n):\n    return n and f(n - 1)\nprint(f(40))\nf(60)"
    with pytest.raises(ScriptError, match="0\n(.|\n)*RecursionError"):
        runtime_named("circuitpython").run(code)


def test_the_program_says_what_it_lacks():
    with pytest.raises(ScriptError, match="no such script: /no/such/script.py\n$"):
        runtime_named("circuitpython").run("/no/such/script.py")


def test_its_ulab_has_the_names_of_the_stubs(require):
    """circuitpython-stubs lists ulab.numpy's functions; the rest is what CircuitPython's binary was seen to have."""
    stubs = [Path(folder) / "ulab-stubs" / "numpy" / "__init__.pyi" for folder in site.getsitepackages()]
    found = [path for path in stubs if path.exists()]
    require(found, "circuitpython-stubs", "pip install circuitpython-stubs==10.3.1")
    listed = set()
    for node in ast.parse(found[0].read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            listed.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            listed.add(node.target.id)
    has = set(vars(board_standin.Board().import_("ulab.numpy"))) - {"__name__"}
    seen = {"ceil", "e", "frombuffer", "inf", "left_shift", "nan", "pi", "right_shift"}
    assert has - listed <= seen and listed - has == set()


def test_a_real_circuitpython_says_that_it_is_one():
    if not os.environ.get("UPYML_CIRCUITPYTHON"):
        return  # the stand-in is what there is
    assert runtime_named("circuitpython-real").run("import sys; print(sys.implementation.name)") == "circuitpython\n"


# CircuitPython 10 makes these errors: py/circuitpy_defns.mk, ports/raspberrypi/Makefile.
WARNINGS = """-Wall -Wdouble-promotion -Wimplicit-fallthrough=2 -Wstrict-prototypes -Wfloat-equal -Wundef -Wshadow
-Wwrite-strings -Wsign-compare -Wmissing-format-attribute -Wnested-externs -Wunreachable-code -Wtype-limits
-Wmissing-prototypes -Wold-style-definition -Werror -std=gnu11 -fshort-enums""".split()


def test_the_c_side_compiles_without_the_warnings_that_circuitpython_refuses(require):
    """The firmware's binding and the engine, with the headers of the MicroPython that `make unix` has built."""
    build = BUILD / "unix"
    require(shutil.which("gcc") and (build / "obj" / "genhdr").is_dir(), "gcc and build/unix", "make unix")
    micropython = Path(os.environ.get("MICROPYTHON_DIR") or BUILD / "micropython")  # as ports/fetch/micropython.py
    folders = (micropython, micropython / "ports/unix", micropython / "ports/unix/variants/standard", build / "obj")
    engine = ROOT / "ports" / "engine"
    sources = [engine / line for line in (engine / "sources.txt").read_text().split()]
    include = [option for folder in folders for option in ("-isystem", folder)]
    command = ["gcc", *WARNINGS, "-O2", "-fsyntax-only", *include, f"-I{engine}"]
    done = subprocess.run(
        [*command, ROOT / "ports/module/mod_upyml.c", *sources], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
