"""Ops of the family SIGNAL alone, each in a model: name -> bytes of a .upm file.

    python tests/bench/signal_ops.py [MACHINE...]     what a run of each takes, in all and for a sample
"""

import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from host_tools.emulators import counts, machines  # noqa: E402
from upyml.format import layout, ops_signal  # noqa: E402
from upyml.format.encode import encode  # noqa: E402
from upyml.twiddles import twiddles  # noqa: E402


def models() -> dict[str, bytes]:
    made = {f"rfft {points}": rfft(points) for points in (128, 256, 512, 1024)}
    made["magnitude of 129"] = _file(ops_signal.MAGNITUDE, (129, 2), (129,), {})
    for sections in (1, 2, 4):
        made[f"biquad {sections} x 256"] = biquad(sections, 256)
    made["decimate 4, 32 taps, 256"] = decimate(4, 32, 256)
    made["statistics of 256"] = _file(ops_signal.STATISTICS, (256,), (8,), {"outer": 1, "count": 256, "inner": 1, "which": 255})
    return made


def biquad(sections: int, samples: int) -> bytes:
    factors = struct.pack("<5h", 1106, 2212, 1106, -18727, 6763) * sections  # a low pass at a tenth of the rate
    return _file(ops_signal.BIQUAD, (samples,), (samples,), {"sections": sections, "factors": factors}, (5 * sections,))


def decimate(factor: int, taps: int, samples: int) -> bytes:
    params = {"up": 1, "down": factor, "taps": taps, "coefficients": struct.pack("<h", 32767 // taps) * taps}
    return _file(ops_signal.FIR, (samples,), (samples // factor,), params, (taps - 1,))


def rfft(points: int) -> bytes:
    params = {"points": points, "twiddles": bytes(twiddles(points))}
    return _file(ops_signal.RFFT, (points,), (points // 2 + 1, 2), params)


def _file(opcode, source, target, params, state=None) -> bytes:
    tensors, at = [], 0
    for shape in (source, target):
        size = 2
        for count in shape:
            size *= count
        tensors.append({"kind": layout.ARENA, "dtype": layout.INT16, "shape": shape, "scale": 1.0, "zero_point": 0, "offset": at})
        at += size + -size % 4
    inputs, state_size = [0], 0
    if state:
        tensors.append({**tensors[0], "kind": layout.STATE, "shape": state, "offset": 0})
        inputs, state_size = [0, 2], 2 * state[0] + -2 * state[0] % layout.ALIGN
    op = {"opcode": opcode, "order": layout.DISJOINT, "inputs": inputs, "outputs": [1], "top": at, "params": params}
    return encode(tensors, [op], [0], [1], {}, state_size=state_size)


def main(*names: str) -> None:
    for name in names or machines.MACHINES:
        for model, file in models().items():
            run = counts.count(file, machine=name).run
            print(f"{name:11} {model:20} {run:9} {machines.MACHINES[name].unit}")


if __name__ == "__main__":
    main(*sys.argv[1:])
