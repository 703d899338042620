"""Makes data/seattle.csv and recording.bin from the weather of Seattle in the PyPI package vega_datasets.

Run once, with its files present (pip install --no-deps vega_datasets==0.9.0): python examples/tabular/make_data.py
Training needs neither this script nor the package. DATA_CARD.md says what is in the file and where it comes from.
"""

import csv
import json
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SHOWN = 60  # days in the recording, from the first of October on


def main() -> None:
    source = Path(find_spec("vega_datasets").submodule_search_locations[0]) / "_data/seattle-weather.csv"
    days = [(row["date"].replace("/", "-"), row["temp_max"], row["temp_min"]) for row in csv.DictReader(source.open())]
    with (HERE / "data/seattle.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("date", "warmest", "coldest"), *days])
    first = next(i for i, day in enumerate(days) if day[0] == "2015-10-01")
    frames = [
        (round(10 * float(high)), round(10 * float(low)), date.fromisoformat(day).timetuple().tm_yday)
        for day, high, low in days[first : first + SHOWN]
    ]
    (HERE / "recording.bin").write_bytes(np.array(frames, "<i2").tobytes())
    header = {
        "channels": ["warmest", "coldest", "day"],
        "units": ["C", "C", "d"],
        "scales": [0.1, 0.1, 1],
        "rate": 1 / 86400,
    }
    (HERE / "recording.json").write_text(json.dumps(header) + "\n")


if __name__ == "__main__":
    main()
