"""Dilated convolutions as older converters write them, as the one op that each is.

SPACE_TO_BATCH_ND takes every n-th row and column of a padded image as an image of its own, a convolution without padding
runs on all of them, BATCH_TO_SPACE_ND puts the pixels back and cuts off the edges. That is a convolution with dilation n of
an image with so many zero points around it less what is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tflite

from host_tools.readers.tflite_file import File, FileOp

VALID = tflite.Padding.VALID
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_SHAPING = ("EXPAND_DIMS", "SQUEEZE", "RESHAPE")  # around the convolution of a row of samples


@dataclass(eq=False)
class Dilated:
    """Options of a convolution with its dilation and (top, bottom, left, right) of padding written over."""

    options: Any
    dilation: tuple[int, int]
    around: tuple[int, int, int, int]

    def __getattr__(self, name: str):
        fixed = {"DilationHFactor": self.dilation[0], "DilationWFactor": self.dilation[1]}
        return (lambda: fixed[name]) if name in fixed else getattr(self.options, name)


def fold(file: File) -> None:
    """Replaces each such pattern in the file's list of ops."""
    readers: dict[int, list[FileOp]] = {}
    for op in file.ops:
        for number in op.inputs:
            readers.setdefault(number, []).append(op)
    for first in [op for op in file.ops if op.name == "SPACE_TO_BATCH_ND"]:
        chain = [first]
        while len(chain) < 6 and chain[-1].name != "BATCH_TO_SPACE_ND":
            number = chain[-1].outputs[0]
            following = readers.get(number, [])
            if len(following) != 1 or number in file.outputs or following[0].inputs[0] != number:
                break
            chain.append(following[0])
        made = _dilated(file, chain) if chain[-1].name == "BATCH_TO_SPACE_ND" else None
        if made is not None:
            file.ops[file.ops.index(chain[-1])] = made
            file.ops = [op for op in file.ops if not any(op is gone for gone in chain)]


def _dilated(file: File, chain: list[FileOp]) -> FileOp | None:
    """The one convolution; None where the chain is something else."""
    first, *between, last = chain
    convolutions = [op for op in between if op.name in _CONVOLUTIONS]
    constants = [file.tensors[i].data for i in [*first.inputs[1:3], *last.inputs[1:3]]]
    source = file.tensors[first.inputs[0]]
    if (
        len(convolutions) != 1
        or any(op.name not in _CONVOLUTIONS + _SHAPING for op in between)
        or any(values is None for values in constants)
        or source.shape[0] != 1
        or len(source.shape) not in (3, 4)
    ):
        return None
    (op,) = convolutions
    block, pads, back, crops = (values.reshape(-1).tolist() for values in constants)
    fields = ("StrideH", "StrideW", "DilationHFactor", "DilationWFactor")
    around = [a - b for a, b in zip(pads, crops)]
    if block != back or any(op.option(name, 1) != 1 for name in fields) or op.option("Padding", 0) != VALID:
        return None
    if len(block) == 1:  # a row of samples, which the convolution sees as an image of height 1
        block, around = [1, *block], [0, 0, *around]
    rows = len(source.shape) == 3 and file.tensors[op.inputs[0]].shape[1] == 1
    if min(around) < 0 or len(block) != 2 or not (len(source.shape) == 4 or (rows and block[0] == 1)):
        return None
    options = Dilated(op.options, (block[0], block[1]), (around[0], around[1], around[2], around[3]))
    return FileOp(op.name, [first.inputs[0], *op.inputs[1:]], [last.outputs[0]], options)
