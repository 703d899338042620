#!/usr/bin/env bash
# Trains the gesture model and converts it, as one would by hand: build/gesture/gesture.upm. `python` and `upyml` come from the PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/gesture
mkdir -p $out

quiet() { # TensorFlow greets with a page of warnings of no weight here: stderr is shown only after a failure
    "$@" 2>$out/stderr.log || {
        cat $out/stderr.log >&2
        exit 1
    }
}

quiet python examples/gesture/train.py --out $out
quiet upyml convert $out/model.keras --data $out/samples.npz -o $out/gesture.upm \
    --labels Badminton,Running,Standing,Walking --sample-rate 10 --hop 10
