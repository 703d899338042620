"""Writes the fuzzer's corpus: python tests/engine/make_corpus.py (small models of every op and groups, fixed seeds)."""

from functools import partial
from pathlib import Path

import numpy as np
from group_models import random_group
from op_models import random_op
from op_models_recurrent import recurrent

from upyml.format import decode, layout, ops_recurrent, ops_wide
from upyml.format.encode import seal

FOLDER = Path(__file__).parent / "corpus"
MOST_BYTES = 1024  # of an op; of a group twice as many, and of one with tables of 16 bits
MORE_BYTES = dict.fromkeys(ops_recurrent.OPS, 1024)  # which have a table of 512
GROUPS = 12


def with_callers_input(model):
    """The model with its first input in a buffer of the caller's."""
    head = decode.header(model)
    record = head["tensors"] + decode.inputs(model, head)[0] * decode.TENSOR_SIZE
    start = bytes([layout.CALLER]) + model[record + 1 : record + 4] + bytes(4)
    return seal(model[:record] + start + model[record + 8 :])


def small_group(rng):
    """A group with the least rings, in a small file."""
    while True:
        group = random_group(rng, most=5)
        model = group.encode(rings=group.least_rings(), gap=int(rng.integers(0, 2)))
        if len(model) <= 2 * MOST_BYTES:
            return model


def write(name, rng, opcode, make):
    """Three small models of an op."""
    count = 0
    while count < 3:
        model = make(rng).encode(rng)
        most = 3 * MOST_BYTES if opcode in (ops_wide.TABLE_16, ops_wide.SOFTMAX_16) else MOST_BYTES
        if len(model) <= most + MORE_BYTES.get(opcode, 0):
            (FOLDER / f"{name.lower()}_{count}.upm").write_bytes(model)
            count += 1


def main():
    FOLDER.mkdir(exist_ok=True)
    for opcode, (name, _) in layout.OPS.items():
        write(name, np.random.default_rng(opcode), opcode, partial(random_op, opcode=opcode, coding=layout.INT8_WEIGHTS))
    for opcode in ops_recurrent.OPS:
        name = f"{layout.OPS[opcode][0]}_INT16"
        write(name, np.random.default_rng(2000 + opcode), opcode, partial(recurrent, opcode=opcode, wide=True))
    for opcode in layout.CODED:
        for coding in (layout.INT4_WEIGHTS, layout.SPARSE_WEIGHTS):
            name = f"{layout.OPS[opcode][0]}_{layout.CODINGS[coding]}"
            seed = 1000 + 10 * opcode + coding
            write(name, np.random.default_rng(seed), opcode, partial(random_op, opcode=opcode, coding=coding))
    rng = np.random.default_rng(100)
    for count in range(GROUPS):
        model = small_group(rng)
        (FOLDER / f"group_{count}.upm").write_bytes(with_callers_input(model) if count % 3 == 0 else model)


if __name__ == "__main__":
    main()
