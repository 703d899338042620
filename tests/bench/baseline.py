"""What the benchmark models take on emulated processors, and what they took: counts_baseline.json, in cycles of a
Cortex-M0+ and instructions of the others.

    python tests/bench/baseline.py [MACHINE...]     writes what they take now (make baseline)

gesture: the layers of examples/gesture with random weights, so that nothing has to be trained. a to e, and a4 and so on with
coded weights: layers.py.
"""

import functools
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "host"), str(Path(__file__).parent)]
import layers  # noqa: E402
import small_models  # noqa: E402

from host_tools.convert import convert  # noqa: E402
from host_tools.emulators import counts  # noqa: E402
from upyml.format import layout  # noqa: E402

FILE = Path(__file__).with_name("counts_baseline.json")
SHARED = Path(os.environ.get("UPYML_SHARED") or ROOT.parent / "shared") / "models" / "mlperf_tiny"
TFLITE = {
    "kws": "kws_ref_model.tflite",
    "vww": "vww_96_int8.tflite",
    "ic": "pretrainedResnet_quant.tflite",
    "ad": "ad01_int8.tflite",
}
MODELS = [*TFLITE, "gesture"]
LAYERS = {**layers.layers(), **layers.coded()}
NAMES = [*MODELS, *LAYERS]
MACHINES = ("cortex_m0", "cortex_m33", "rv32imc", "lx6")
RAM = {"kws": 11_200}  # bytes that a plan may take; else it is the balanced one


def count(machine: str, name: str, folder: Path = SHARED) -> int:
    """Cycles or instructions of a run. folder: where the .tflite files of MLPerf Tiny are."""
    return counts.count(file(name, folder), machine=machine).run


def file(name: str, folder: Path = SHARED) -> bytes:
    """A benchmark's .upm file."""
    return LAYERS[name] if name in LAYERS else converted(name, folder) if name in TFLITE else gesture()


@functools.cache
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


def main(*machines: str) -> None:
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    now = {machine: before.get(machine, {}) for machine in MACHINES}
    for machine in machines or MACHINES:
        now[machine] = {name: count(machine, name) for name in NAMES}
        for name, n in now[machine].items():
            old = before.get(machine, {}).get(name)
            change = f" ({100 * (n / old - 1):+.1f} %, was {old:,})" if old else ""
            print(f"{machine:11} {name:8} {n:>12,}{change}")
    FILE.write_text(json.dumps(now, indent=2) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
