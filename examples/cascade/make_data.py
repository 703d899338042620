"""Makes recording.bin of the first images to test in data/digits.npz, which is that of the example image."""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SHOWN = 20  # images


def main() -> None:
    data = np.load(HERE / "data/digits.npz")
    pixels = data["x_test"][:SHOWN].astype(int) * 255 // (data["levels"] - 1)
    (HERE / "recording.bin").write_bytes(pixels.astype("<i2").tobytes())
    header = {"channels": ["pixel"], "units": ["1/255"], "scales": [1], "rate": 5 * 28 * 28}
    (HERE / "recording.json").write_text(json.dumps(header) + "\n")


if __name__ == "__main__":
    main()
