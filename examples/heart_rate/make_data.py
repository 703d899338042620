"""Makes data/pulse.npz and recording.bin from a recording in the PyPI package heartpy.

Run once, with its files present (pip install --no-deps heartpy==1.2.7): python examples/heart_rate/make_data.py
Training needs neither this script nor the package. DATA_CARD.md says what is in the file and where it comes from.
"""

import csv
import json
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RATE = 25  # samples a second that are kept, of 100
SHOWN = (600, 640)  # seconds, in recording.bin


def main() -> None:
    source = Path(find_spec("heartpy").submodule_search_locations[0]) / "data/data3.csv"
    rows = list(csv.DictReader(source.open()))
    times = np.array([datetime.fromisoformat(row["datetime"]).timestamp() for row in rows])
    light = np.array([float(row["hr"]) for row in rows])
    # The logger's times come in steps: an even rate fits them best.
    even = np.linspace(0, times[-1] - times[0], len(rows))
    smooth = np.convolve(light, np.hanning(7)[1:-1] / np.hanning(7).sum(), "same")  # nothing above 12.5 Hz
    pulse = np.interp(np.arange(0, even[-1], 1 / RATE), even, smooth)
    counts = np.rint(pulse * 32).astype("<i2")  # of 1024 of a 10-bit converter, as upyml.sensors.adc counts: of 32768
    np.savez_compressed(HERE / "data/pulse.npz", counts=counts, rate=RATE)
    first, last = (RATE * second for second in SHOWN)
    (HERE / "recording.bin").write_bytes(counts[first:last].tobytes())
    header = {"channels": ["adc26"], "units": ["V"], "scales": [3.3 / 32767], "rate": RATE}
    (HERE / "recording.json").write_text(json.dumps(header) + "\n")


if __name__ == "__main__":
    main()
