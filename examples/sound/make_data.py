"""Makes data/digits.npz and recording.bin from the 600 recordings of spoken digits in the folder that is named.

    python examples/sound/make_data.py ../shared/data/fsdd

Training needs neither this script nor the recordings. DATA_CARD.md says what is in the file and where it comes from.
"""

import json
import sys
from pathlib import Path

import numpy as np
from train import LABELS, RATE, pack, read_folder

HERE = Path(__file__).parent
TO_TRAIN, TO_TEST = (0, 1, 2), (7,)  # takes of each speaker and digit that are kept
SHOWN = ("3_theo_9", "1_jackson_9", "4_lucas_8", "1_nicolas_9", "5_george_9")  # in recording.bin, one a second


def main() -> None:
    folder = Path(sys.argv[1])
    clips, names = read_folder(folder)
    kept = [i for i, name in enumerate(names) if int(name.split("_")[2]) in (*TO_TRAIN, *TO_TEST)]
    test = [int(names[i].split("_")[2]) in TO_TEST for i in kept]
    labels = [int(names[i].split("_")[0]) for i in kept]
    np.savez_compressed(
        HERE / "data/digits.npz",
        sound=np.concatenate([pack(clips[i]) for i in kept]),
        lengths=np.array([len(clips[i]) for i in kept], np.uint16),
        y=np.array(labels, np.uint8),
        test=np.array(test),
    )
    seconds = []
    for name in SHOWN:
        clip = clips[names.index(name)][:RATE]
        seconds.append(np.pad(clip, (RATE // 4, 2 * RATE - RATE // 4 - len(clip)))[: 3 * RATE // 2])
    (HERE / "recording.bin").write_bytes(np.concatenate(seconds).astype("<i2").tobytes())
    header = {"channels": ["sound"], "units": ["FS"], "scales": [1 / 32768], "rate": RATE}
    (HERE / "recording.json").write_text(json.dumps(header) + "\n")
    print(len(kept), "clips;", "shown:", *(LABELS[int(name[0])] for name in SHOWN))


if __name__ == "__main__":
    main()
