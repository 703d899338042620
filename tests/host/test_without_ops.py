"""A build that leaves ops, a coding and a family out: it refuses models that need them by name, runs all others, is smaller."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runtimes import PLAIN, ROOT, Runtime

from upyml.format import layout, ops_recurrent, ops_wide

sys.path.insert(0, str(ROOT / "tests" / "engine"))
import op_models  # noqa: E402
import op_models_recurrent  # noqa: E402

WITHOUT = ("SOFTMAX", "MAX_POOL", "RESIZE_BILINEAR")
WITHOUT_CODING = "SPARSE"
WITHOUT_FAMILY = "WIDE"
MODELS = {name: (opcode, layout.INT8_WEIGHTS) for opcode, (name, _) in layout.OPS.items()}
del MODELS["TRANSPOSE_CONV2D"]  # its weights may have any coding
MODELS |= {f"{layout.OPS[opcode][0]} or {layout.CODINGS[coding]} weights": (opcode, coding)
           for opcode in layout.CODED for coding in (layout.INT4_WEIGHTS, layout.SPARSE_WEIGHTS)}  # fmt: skip
WIDE = {name for name, _ in ops_wide.OPS.values()}
RECURRENT = {f"{name}, or the family WIDE, whose sums its int16 activations need": opcode
             for opcode, (name, _) in ops_recurrent.OPS.items()}  # fmt: skip

RUN = """
import sys, binascii, _upyml
from upyml.format.explain import explain
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    size = _upyml.check(data)
    if size < 0:
        print(explain(size, data))
    else:
        arena = bytearray(size + 3 & ~3)
        for i in range(size):
            arena[i] = i & 63
        _upyml.Engine(data, arena).run()
        print(binascii.crc32(arena))
"""


@pytest.fixture(scope="module")
def smaller(tmp_path_factory, require):
    """The native module for this computer without some ops, and the folder it lies in."""
    micropython = Path(os.environ.get("MICROPYTHON_DIR") or ROOT / "build" / "micropython")
    require(micropython.exists() and PLAIN.exists(), "MicroPython for this computer", "make unix")
    folder = tmp_path_factory.mktemp("natmod")
    command = ["make", "-C", folder, "-f", ROOT / "ports" / "natmod" / "Makefile", f"MPY_DIR={micropython}"]
    environment = {**os.environ, "UPYML_WITHOUT": " ".join((*WITHOUT, WITHOUT_CODING, WITHOUT_FAMILY))}
    done = subprocess.run(
        [*command, f"PYTHON={sys.executable}"], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A file with one op for each op, and each coding of weights, there is."""
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for name, (opcode, coding) in MODELS.items():
        rng = np.random.default_rng(opcode)
        narrow = opcode in ops_recurrent.OPS
        op = op_models_recurrent.recurrent(rng, opcode, wide=False) if narrow else op_models.random_op(rng, opcode, coding)
        made[name] = op.encode(rng)
    for name, opcode in RECURRENT.items():
        rng = np.random.default_rng(opcode)
        made[name] = op_models_recurrent.recurrent(rng, opcode, wide=True).encode(rng)
    paths = [folder / f"{name}.upm" for name in made]
    for path, model in zip(paths, made.values()):
        path.write_bytes(model)
    return paths


def test_it_refuses_what_was_left_out_and_runs_all_else(smaller, models):
    whole = Runtime("cpython", (sys.executable,), native=True, micropython=False)
    module = Runtime("without", (str(PLAIN),), native=True, micropython=True, path=(smaller,))
    names = [*MODELS, *RECURRENT]
    expected = dict(zip(names, whole.run(RUN, models).splitlines(), strict=True))
    for name in names:
        if name in {*WITHOUT, *WIDE, *RECURRENT} or WITHOUT_CODING in name:
            expected[name] = f"op 0: this engine was built without {name}"
    assert dict(zip(names, module.run(RUN, models).splitlines())) == expected


def test_it_is_smaller(smaller, require):
    whole = ROOT / "build" / "natmod" / "x64" / "_upyml.mpy"
    require(whole.exists(), "the native module for this computer", "make natmods")
    assert (smaller / "_upyml.mpy").stat().st_size < whole.stat().st_size - 2000
