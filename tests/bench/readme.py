"""Writes the measured tables of README.md: the numbers of build/bench.json and which op runs where.

A table stands between the lines `<!-- NAME -->` and `<!-- /NAME -->`; what is there is replaced.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "host"))
import op_table  # noqa: E402

TITLES = {
    "kws": "keyword spotting (DS-CNN)",
    "vww": "visual wake words (MobileNet)",
    "ic": "image classification (ResNet)",
    "ad": "anomaly detection (autoencoder)",
    "gesture": "gestures (Conv1D)",
}


def numbers() -> str:
    """The table of sizes; a dash stands where the other side has no such file."""
    bench = json.loads((ROOT / "build" / "bench.json").read_text())
    rows = [
        "| model | .tflite | .upm | arena, TFLite Micro | arena, upyml | same bytes out |",
        "| --- | ---: | ---: | ---: | ---: | :---: |",
    ]
    for name, row in bench["models"].items():
        cells = [f"{row[key]:,}" if key in row else "-" for key in COLUMNS]
        rows.append(f"| {TITLES[name]} | {' | '.join(cells)} | {'yes' if row['bit_exact'] else 'NO'} |")
    if bench["skipped"]:
        sys.exit(f"README.md keeps its numbers, these models were not measured: {bench['skipped']}")
    return "\n".join(rows)


COLUMNS = ("tflite_bytes", "upm_bytes", "tflm_arena_bytes", "arena_bytes")


def replace(text: str, name: str, table: str) -> str:
    """The text with another table between the two lines of that name."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    new, count = re.subn(pattern, lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.S)
    if count != 1:
        sys.exit(f"README.md: expected one place <!-- {name} -->, found {count}")
    return new


def main() -> None:
    readme = ROOT / "README.md"
    text = replace(readme.read_text(), "ops", op_table.markdown())
    text = replace(text, "numbers", numbers())
    readme.write_text(text)


if __name__ == "__main__":
    main()
