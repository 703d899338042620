"""A model run on a board, real or emulated, and compared with the engine of this computer byte by byte.

Inputs are quantized here: the board gets the raw bytes of its input tensors, and gives back those of its outputs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import upyml
from host_tools import boards, compare, emulators
from host_tools.deploy import bundle, errors, facts, plan, transfer
from host_tools.deploy.connection import Connection, connect
from host_tools.deploy.trial import PATIENCE
from host_tools.deploy.upload import Upload

EMULATED = "-emulated"  # after a board's name

_LOAD = """
import upyml
from binascii import hexlify
assert upyml.__version__ == {version!r}, upyml.__version__
m = upyml.load({source})
"""
_TEST = "r = m.selftest()\nprint((True if r else str(r),))\n"
_RUN = "m.run()\nprint([hexlify(v) for v in m.outputs])\n"
_RUN_FILE = """
with open('samples.bin', 'rb') as f:
    for i in range({count}):
        for v in m.inputs:
            f.readinto(v)
        m.run()
        print([hexlify(v) for v in m.outputs])
"""


@dataclass(frozen=True)
class Compared:
    """rows: the board's outputs, real values, an array for each output of each sample; equal: how many of the samples
    have the bytes that the engine here computes."""

    rows: list[list[np.ndarray]]
    equal: int


def is_emulated(place: str) -> bool:
    """True for the name of a board with "-emulated" behind it, else it is a port."""
    return place.endswith(EMULATED)


def selftest(place: str, file: Path) -> bool | str:
    """True, or the first difference, of the model's test vectors at a port or on an emulated board.

    Raises errors.DeployError, boards.UnknownBoard.
    """
    if is_emulated(place):
        (answer,) = ast.literal_eval(_emulate(place, file.read_bytes(), _TEST, b"").splitlines()[-1])
        return answer
    with connect(place) as board:
        _load(board, file)
        (answer,) = board.ask(_TEST, timeout=PATIENCE, doing="its self test ran")
        return answer


def run(place: str, file: Path, arrays: list[np.ndarray]) -> Compared:
    """Runs samples (an array (n, *shape) for each input) at a port or on an emulated board, and here.

    Raises errors.DeployError, boards.UnknownBoard, ModelError for samples of another length.
    """
    model = upyml.load(file.read_bytes(), compare.best_engine())
    inputs, expected = [], []
    for i in range(len(arrays[0])):
        model._fill(arrays[0][i] if len(arrays) == 1 else tuple(array[i] for array in arrays))
        inputs.append([bytes(view) for view in model.inputs])
        model.run()
        expected.append([bytes(view) for view in model.outputs])
    found = list((_on_emulator if is_emulated(place) else _on_board)(place, file, inputs, model))
    rows = []
    for outputs in found:
        for view, raw in zip(model.outputs, outputs):
            view.cast("B")[:] = raw
        answer = model._answer()
        rows.append([np.array(values, np.float32) for values in (answer if len(model.outputs) > 1 else [answer])])
    return Compared(rows, sum(a == b for a, b in zip(found, expected)))


def _on_emulator(place: str, file: Path, inputs: list[list[bytes]], model) -> Iterator[list[bytes]]:
    samples = b"".join(raw for sample in inputs for raw in sample)
    printed = _emulate(place, file.read_bytes(), _RUN_FILE.format(count=len(inputs)), samples)
    for line in printed.splitlines()[-len(inputs) :]:
        yield [bytes.fromhex(text.decode()) for text in ast.literal_eval(line)]


def _on_board(place: str, file: Path, inputs: list[list[bytes]], model) -> Iterator[list[bytes]]:
    with connect(place) as board:
        upload = _load(board, file)
        board.run("from io import BytesIO")
        for sample in inputs:
            for number, (view, raw) in enumerate(zip(model.inputs, sample)):
                board.run(f"v = m.inputs[{number}]")
                for start in range(0, len(raw), upload.chunk):
                    part = raw[start : start + upload.chunk]
                    first, last = start // view.itemsize, (start + len(part)) // view.itemsize
                    upload.run(f"BytesIO(DATA).readinto(v[{first}:{last}])", part, "a sample was sent")
            answer = board.ask(_RUN, timeout=PATIENCE, doing="the model ran")
            yield [bytes.fromhex(text.decode()) for text in answer]


def _load(board: Connection, file: Path) -> Upload:
    """Loads the model as `m`, from the board's files where it is there, else from RAM."""
    told = facts.ask(board)
    heap_free = facts.room(board, told).heap_free
    told = facts.installed(board, told)
    if told.python != upyml.__version__:
        raise errors.OtherVersion(
            f"upyml on the board at {board.port}: {told.upyml}; here it is {upyml.__version__}: `upyml deploy` brings "
            "it there"
        )
    upload = Upload(board, heap_free)
    content = file.read_bytes()
    paths = [folder + file.name for folder in ("/rom/", "/rom/models/", told.root, told.root + "models/")]
    there = transfer.find(board, paths, content)
    if there is None:
        board.run(f"d = bytearray({len(content)})", doing="room for the model was made")
        for start in range(0, len(content), upload.chunk):
            part = content[start : start + upload.chunk]
            upload.run(f"d[{start}:{start + len(part)}] = DATA", part, "the model was sent")
    board.run(_LOAD.format(version=upyml.__version__, source="d" if there is None else repr(there)), timeout=PATIENCE)
    return upload


def _emulate(place: str, content: bytes, script: str, samples: bytes) -> str:
    board = boards.get(place.removesuffix(EMULATED))
    stock = not board.build.get("upyml", True)  # firmware without our module
    files = {"model.upm": content, "samples.bin": samples}
    if stock:
        python = {path: text for path, text in bundle.sources().items() if not path.startswith(plan.REFERENCE)}
        files |= {"lib/" + path[:-3] + ".mpy": bundle.compile_mpy(path, text) for path, text in python.items()}
    source = _LOAD.format(version=upyml.__version__, source="'model.upm'") + script
    try:
        return emulators.run(board, source, files=files, engine="mpy" if stock else "module", timeout=PATIENCE)
    except emulators.ScriptFailed as error:
        raise errors.BoardFailed(f"the emulated board raised: {str(error).strip().splitlines()[-1]}") from None
    except emulators.EmulatorError as error:
        raise errors.Missing(str(error)) from None
