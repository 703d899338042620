"""Makes data/basic_motions.npz, recording.bin and recording.json from the copy of BasicMotions in the PyPI package aeon.

Run once, with aeon's files present (pip install --no-deps aeon): python examples/gesture/make_data.py
Training needs neither this script nor aeon. DATA_CARD.md says what is in the file and where it comes from.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
STEPS = 500  # stored integers per unit: a resolution of 0.002 where the sensor's noise is above 0.01
RATE = 10  # samples a second
CHANNELS = {"ax": "m/s2", "ay": "m/s2", "az": "m/s2", "gx": "rad/s", "gy": "rad/s", "gz": "rad/s"}
SHOWN = (23, 3, 33, 13)  # the test recordings in recording.bin: one of each class


def read_ts(path: Path) -> tuple[np.ndarray, list[str]]:
    """The (n, time, channels) samples and n labels of a .ts file: one line a case, channels apart by colons."""
    samples, labels = [], []
    for line in path.read_text().splitlines():
        if line and line[0] not in "#@":
            *channels, label = line.split(":")
            samples.append(np.array([[float(v) for v in channel.split(",")] for channel in channels]).T)
            labels.append(label)
    return np.array(samples), labels


def main() -> None:
    folder = Path(find_spec("aeon").submodule_search_locations[0]) / "datasets/data/BasicMotions"
    arrays = {}
    for part in ("train", "test"):
        samples, labels = read_ts(folder / f"BasicMotions_{part.upper()}.ts")
        names = sorted(set(labels))
        arrays[f"x_{part}"] = np.round(samples * STEPS).astype("<i2")
        arrays[f"y_{part}"] = np.array([names.index(label) for label in labels], np.uint8)
    np.savez_compressed(HERE / "data/basic_motions.npz", labels=np.array(names), steps=STEPS, **arrays)
    (HERE / "recording.bin").write_bytes(arrays["x_test"][list(SHOWN)].tobytes())
    facts = {"channels": [*CHANNELS], "units": [*CHANNELS.values()], "scales": [1 / STEPS] * len(CHANNELS), "rate": RATE}
    (HERE / "recording.json").write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
