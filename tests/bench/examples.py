"""Trains the examples again and measures them: python tests/bench/examples.py [NAME...]

For each: its train.py runs, the model that it makes goes into the example's folder, and what it takes on a Pico is counted.
Writes build/examples.json and the table of README.md. With names only those are trained and measured; the other rows stay.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from host_tools import bench, boards

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "examples"
RESULTS = BUILD.with_suffix(".json")
SHARED = Path(os.environ.get("UPYML_SHARED") or ROOT.parent / "shared")

# Folder: (title, what one run of the model answers, arguments of train.py). {shared}: the folder of public data.
EXAMPLES = {
    "gesture": ("movements of a wrist, by accelerometer and gyroscope", "4 s of movement", ()),
    "sound": ("spoken digits, by microphone", "1 s of sound", ("--data", "{shared}/data/fsdd")),
    "anomaly": ("odd movements, by their spectra", "3 s of movement", ()),
    "image": ("handwritten digits, by camera", "an image", ()),
    "tabular": ("the next night's cold, by thermometer", "a day", ()),
    "heart_rate": ("heart rate, by pulse sensor", "8 s of pulse", ()),
    "cascade": ("digits; a server is asked when unsure (alone here)", "an image", ()),
}
KEPT = "model.upm", "server/model.upm"  # of the results, where there are such


def measure(name: str) -> dict:
    """Trains an example and counts what its model takes. What train.py says besides, of the int8 model, is in "told"."""
    folder = BUILD / name
    arguments = [argument.format(shared=SHARED) for argument in EXAMPLES[name][2]]
    start = time.monotonic()
    command = [sys.executable, ROOT / "examples" / name / "train.py", "--out", folder, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if done.returncode:
        sys.exit(f"{name}: {done.stdout}{done.stderr}")
    for file in (file for file in KEPT if (folder / file).exists()):
        shutil.copyfile(folder / file, ROOT / "examples" / name / file)
    counted = bench.count((folder / "model.upm").read_bytes(), boards.all()["pico"])
    return {
        **json.loads((folder / "result.json").read_text()),
        "told": done.stdout.splitlines(),
        "seconds_to_train": round(time.monotonic() - start),
        "file_bytes": counted["file_bytes"],
        "arena_bytes": counted["arena_bytes"],
        "cycles": counted["cycles"],
        "ms": counted["ms"],
    }


def table(results: dict) -> str:
    """The rows of README.md."""
    rows = [
        "| example | one run looks at | measured, int8 | in float | .upm, bytes | arena, bytes | a run on a Pico at 125 MHz |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (title, window, _) in EXAMPLES.items():
        if name in results:
            row = results[name]
            right = row["measure"] == "accuracy"
            unit = "right" if right else row["measure"]
            int8, exact = (f"{100 * row[key]:.1f} %" if right else f"{row[key]:.3f}" for key in ("int8", "float"))
            rows.append(
                f"| [{name}](examples/{name}): {title} | {window} | {int8} {unit} | {exact} | {row['file_bytes']:,} | "
                f"{row['arena_bytes']:,} | {row['ms']:.2f} ms |"
            )
    return "\n".join(rows)


def main() -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or EXAMPLES:
        results[name] = measure(name)
        print(f"{name}: {', '.join(results[name]['told'][1:])}", flush=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    from readme import replace

    readme = ROOT / "README.md"
    readme.write_text(replace(readme.read_text(), "examples", table(results)))


if __name__ == "__main__":
    main()
