"""Cycles of the benchmark models on an emulated Cortex-M0+, and what they were: cycles_baseline.json.

    python tests/bench/baseline.py      writes what they are now (make baseline)

gesture: the layers of examples/gesture with random weights, so that nothing has to be trained.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "host"))
import small_models  # noqa: E402

from host_tools.convert import convert  # noqa: E402
from host_tools.emulators import cycles  # noqa: E402
from upyml.format import layout  # noqa: E402

FILE = Path(__file__).with_name("cycles_baseline.json")
SHARED = Path(os.environ.get("UPYML_SHARED") or ROOT.parent / "shared") / "models" / "mlperf_tiny"
TFLITE = {
    "kws": "kws_ref_model.tflite",
    "vww": "vww_96_int8.tflite",
    "ic": "pretrainedResnet_quant.tflite",
    "ad": "ad01_int8.tflite",
}
NAMES = [*TFLITE, "gesture"]
RAM = {"kws": 11_200}  # bytes that a plan may take; else it is the balanced one


def count(name: str, folder: Path = SHARED) -> int:
    """Cycles of a run. folder: where the .tflite files of MLPerf Tiny are."""
    return cycles.count(converted(name, folder) if name in TFLITE else gesture()).run


def converted(name: str, folder: Path = SHARED) -> bytes:
    """A .tflite model as a .upm file."""
    return convert(folder / TFLITE[name], ram=RAM.get(name, "balanced")).file


def gesture() -> bytes:
    """Four seconds of six values at 10 Hz to four activities."""
    b = small_models.Builder()
    x = b.tensor((40, 6))
    y = b.conv(x, (36, 16), 5, padding="valid", relu=True)
    y = b.conv(_halved(b, y, (18, 16)), (16, 32), 3, padding="valid", relu=True)
    y = b.conv(_halved(b, y, (8, 32)), (6, 32), 3, padding="valid", relu=True)
    mean = b.tensor((32,), 0.08, -128)
    multiplier, shift = small_models.quantized_multiplier(1 / 6)
    b.op(layout.MEAN, [y], mean, outer=1, count=6, inner=32, multiplier=multiplier, shift=shift, clamp_min=-128,
         clamp_max=127)  # fmt: skip
    return b.file([x], [b.softmax(b.dense(mean, 4))])


def _halved(b, x: int, shape: tuple[int, int]) -> int:
    """The larger of two neighbours."""
    return b.op(layout.MAX_POOL, [x], b.tensor(shape, 0.08, -128), kernel_h=1, kernel_w=2, stride_h=1, stride_w=2,
                dilation_h=1, dilation_w=1, pad_top=0, pad_left=0, clamp_min=-128, clamp_max=127)  # fmt: skip


def main() -> None:
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    now = {name: count(name) for name in NAMES}
    FILE.write_text(json.dumps(now, indent=2) + "\n")
    for name, n in now.items():
        change = f" ({100 * (n / before[name] - 1):+.1f} %, was {before[name]:,})" if name in before else ""
        print(f"{name:8} {n:>12,}{change}")


if __name__ == "__main__":
    main()
