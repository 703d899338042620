"""Real recordings, played on a board at their rate and recorded from it by `upyml record`: does every sample arrive?

    python tests/bench/record.py [--on unix,pico-stock] [--seconds 60] [--faster 1,2,4]

unix: MicroPython of this computer behind a pseudo-terminal; pico-stock, pico: that firmware on an emulated Pico. Motion is
the gesture example's (6 channels at 100 Hz), sound are spoken digits, one behind the other (8 kHz, ../shared/data/fsdd). The
board's replay sensor keeps half a second for a late reader, as a chip's FIFO or DMA does, and loses what is more. --faster:
plays more in the same time, by these factors, to find the rate at which frames get lost.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host"), str(ROOT / "tests" / "bench" / "compression")]


def motion(seconds: float) -> tuple[dict, np.ndarray]:
    """The watch's recordings of the gesture example, which have 10 samples a second, as if they had 100."""
    data = np.load(ROOT / "examples" / "gesture" / "data" / "basic_motions.npz")
    frames = np.concatenate([data["x_train"], data["x_test"]] * 3).reshape(-1, 6)
    names = "ax", "ay", "az", "gx", "gy", "gz"
    facts = {"channels": names, "units": ["m/s2"] * 3 + ["rad/s"] * 3, "scales": [1 / 500] * 6, "rate": 100}
    return facts, frames[: round(100 * seconds)].astype("<i2")


def sound(seconds: float) -> tuple[dict, np.ndarray]:
    import tasks

    samples, count = [], 0
    for path in sorted((tasks.SHARED / "data" / "fsdd").glob("*.wav")):
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1), path
            samples.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
        count += len(samples[-1])
        if count >= 8000 * seconds:
            break
    facts = {"channels": ["sound"], "units": ["FS"], "scales": [1 / 32768], "rate": 8000}
    return facts, np.concatenate(samples)[: round(8000 * seconds), np.newaxis]


@contextlib.contextmanager
def board(name: str, files: dict[str, bytes]):
    """The port of a board that has these files, and the folder where they are there."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "unix":
            from unix_board import UnixBoard

            for path, content in files.items():
                (Path(folder) / path).write_bytes(content)
            with UnixBoard(Path(folder)) as unix:
                yield unix.port, ""
            return
        from host_tools import boards
        from host_tools.emulators.rp2040 import Pico, littlefs_image

        chosen = boards.get(name)
        image = littlefs_image(files, chosen.emulate["files_kb"])
        with Pico(chosen.image, segments=[(chosen.emulate["files"], image)]) as pico:
            yield pico.port, "/"


def played(name: str, what, seconds: float, faster: float = 1) -> dict:
    """Records it once; what `upyml record` tells, with `equal`: whether the bytes are those that were played."""
    facts, counts = what(seconds * faster)
    files = {"played.bin": counts.tobytes(), "played.json": json.dumps(facts).encode()}
    with board(name, files) as (port, root), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "recorded.bin"
        command = [
            *(sys.executable, "-m", "host_tools", "record", "--json", "--allow-loss", "--port", port, "--label", "played"),
            *("--sensor", f"replay::{root}played.bin", "--seconds", str(seconds * faster), "--rate", str(facts["rate"] * faster)),
            *("--set", f"buffer={round(facts['rate'] * faster / 2)}", "--output", str(out)),
        ]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            sys.exit(f"{name}: status {done.returncode}: {done.stderr}")
        recorded = np.fromfile(out, "<i2").reshape(counts.shape[1:] and (-1, counts.shape[1]))
        told = json.loads(done.stdout)
        told |= {"equal": np.array_equal(recorded, counts), "took": time.monotonic() - began, "wanted": len(counts)}
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", default="unix,pico-stock")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--faster", default="1")
    given = parser.parse_args()
    print("on          what                          frames  took [s]  a second, its clock  lost                  bytes")
    for name in given.on.split(","):
        for what, channels in ((motion, "6 channels"), (sound, "1 channel")):
            for faster in map(float, given.faster.split(",")):
                told = played(name, what, given.seconds, faster)
                lost = ", ".join(f"{count} {kind}" for kind, count in told["lost"].items() if count) or "nothing"
                rate = f"{told['measured_rate']:,.1f}" if told["measured_rate"] else "-"
                title = f"{channels} at {told['rate'] * faster:,g} Hz"
                same = "equal" if told["equal"] else "DIFFER"
                took, frames = told["took"], told["frames"]
                print(f"{name:<11} {title:<26} {frames:>9,} {took:>9.1f} {rate:>20}  {lost:<20}  {same}", flush=True)


if __name__ == "__main__":
    main()
