"""Writes the fuzzer's corpus: python tests/engine/make_corpus.py (small models of every op, fixed seeds)."""

from pathlib import Path

import numpy as np
from op_models import random_op

from upyml.format import layout

FOLDER = Path(__file__).parent / "corpus"
MOST_BYTES = 1024


def main():
    FOLDER.mkdir(exist_ok=True)
    for opcode, (name, _) in enumerate(layout.OPS):
        rng = np.random.default_rng(opcode)
        count = 0
        while count < 3:
            op = random_op(rng, opcode)
            model = op.encode(rng)
            if len(model) <= MOST_BYTES:
                (FOLDER / f"{name.lower()}_{count}.upm").write_bytes(model)
                count += 1


if __name__ == "__main__":
    main()
