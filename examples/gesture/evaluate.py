"""Compares the int8 model with the float model on the test split: evaluate.py [--out build/gesture]"""

import argparse
from pathlib import Path

import numpy as np

import upyml


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/gesture"), help="folder of train.py's results")
    out = parser.parse_args().out
    test = np.load(out / "test.npz")
    model = upyml.load(str(out / "gesture.upm"))
    answers = np.array([model.predict(x.ravel()) for x in test["x"]])
    floats = test["answers"]
    ratio = 10 * np.log10(np.square(floats).sum() / np.square(floats - answers).sum())
    for name, values in (("float", floats), ("int8", answers)):
        print(f"{name:5} accuracy {(values.argmax(axis=1) == test['y']).mean():.1%} of {len(test['y'])} windows")
    print(f"signal-to-quantization-noise ratio {ratio:.1f} dB; self test: {model.selftest()}")


if __name__ == "__main__":
    main()
