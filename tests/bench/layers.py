"""Five layers by which kernels are compared, each a model of one op: name -> bytes of a .upm file.

    a   pointwise convolution 12x12x64 to 64 channels
    b   3x3 convolution 16x16x16 to 16
    c   3x3 depthwise convolution 24x24x32
    d   dense layer 640 to 128
    e   3x3 convolution with stride 2, 96x96x3 to 8

And layers with coded weights, of these shapes: a4, b4, d4 have weights of four bits; a75 and so on sparse ones, of whose
blocks as many percent are 0.

    python tests/bench/layers.py [MACHINE...]       what each takes for a multiply-accumulate, those with 0 included, with
                                                    packing, expansion of weights, requantization and room for fast
                                                    strips
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host")]
import small_models  # noqa: E402

from host_tools.bench import moved  # noqa: E402
from host_tools.emulators import counts, machines  # noqa: E402
from upyml.format import layout  # noqa: E402

SCRATCH = 16_384  # bytes beside input and output: strips of several rows


def layers() -> dict[str, bytes]:
    return {
        "a": _conv((12, 12, 64), (12, 12, 64), 1),
        "b": _conv((16, 16, 16), (16, 16, 16), 3),
        "c": _conv((24, 24, 32), (24, 24, 32), 3, depthwise=True),
        "d": _dense(640, 128),
        "e": _conv((96, 96, 3), (48, 48, 8), 3, stride=2),
    }


def coded() -> dict[str, bytes]:
    made = {
        "a4": _conv((12, 12, 64), (12, 12, 64), 1, coding=layout.INT4_WEIGHTS),
        "b4": _conv((16, 16, 16), (16, 16, 16), 3, coding=layout.INT4_WEIGHTS),
        "d4": _dense(640, 128, coding=layout.INT4_WEIGHTS),
        "a75": _conv((12, 12, 64), (12, 12, 64), 1, coding=layout.SPARSE_WEIGHTS, zeros=0.75),
        "b75": _conv((16, 16, 16), (16, 16, 16), 3, coding=layout.SPARSE_WEIGHTS, zeros=0.75),
    }
    for percent in (25, 50, 75, 90):
        made[f"d{percent}"] = _dense(640, 128, coding=layout.SPARSE_WEIGHTS, zeros=percent / 100)
    return made


def _conv(source, target, kernel, **how) -> bytes:
    b = small_models.Builder()
    x = b.tensor(source)
    return _file(b, x, b.conv(x, target, kernel, **how))


def _dense(inputs, outputs, **how) -> bytes:
    b = small_models.Builder()
    x = b.tensor((inputs,))
    return _file(b, x, b.dense(x, outputs, **how))


def _file(b, x, y) -> bytes:
    return b.file([x], [y], arena_size=b.end + SCRATCH)


def macs(file: bytes) -> int:
    return sum(layer["macs"] for layer in moved(file))


def main(*names: str) -> None:
    for name in names or machines.MACHINES:
        taken = {layer: counts.count(file, machine=name).run / macs(file) for layer, file in {**layers(), **coded()}.items()}
        cells = "  ".join(f"{layer} {n:.2f}" for layer, n in taken.items())
        print(f"{name:11} {machines.MACHINES[name].unit} a MAC:  {cells}")


if __name__ == "__main__":
    main(*sys.argv[1:])
