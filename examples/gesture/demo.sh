#!/usr/bin/env bash
# What `make demo` does: train, convert, report, then the same main.py on CPython and on MicroPython.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
out=$root/build/gesture

step() { printf '\n== %s\n' "$*"; }

step "train a Keras model on recordings of a smart watch, and convert it"
examples/gesture/make_model.sh

step "what it costs"
upyml report "$out/gesture.upm"

cd examples/gesture
selftest="import upyml; print('self test, every byte of every layer:', upyml.load('$out/gesture.upm').selftest())"
run() { # run FILE COMMAND...: what main.py and the self test print goes to FILE
    local file=$out/$1
    shift
    "$@" main.py "$out/gesture.upm" recording.bin >"$file"
    "$@" -c "$selftest" >>"$file"
}
same() { # same FILE: compares what was printed with what CPython printed
    cmp "$out/cpython.txt" "$out/$1"
    tail -n 3 "$out/$1"
    echo "all $(wc -l <"$out/$1") lines are the same as on CPython"
}

step "a recording, on CPython"
run cpython.txt python
cat "$out/cpython.txt"

step "the same on MicroPython with upyml in the firmware"
MICROPYPATH=$root run module.txt "$root/build/unix/micropython"
same module.txt

step "the same on a MicroPython without it, and the native module"
MICROPYPATH=$root:$root/build/natmod/x64 run mpy.txt "$root/build/unix-plain/micropython"
same mpy.txt
