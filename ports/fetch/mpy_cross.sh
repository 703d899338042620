#!/usr/bin/env bash
# Prints the path of MicroPython's cross compiler, which firmware with frozen code is built with; built on first use.
# It lies in build/mpy-cross: the source's own folder stays as it is, and builds side by side share one.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/build/mpy-cross
python=${PYTHON:-$root/build/venv/bin/python}
micropython=$("$python" "$root/ports/fetch/micropython.py" "$root/build/micropython")

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9 # the first one builds, the others wait for it

if [ "$micropython" != "$(cat "$folder/source" 2>/dev/null)" ]; then
    rm -rf "$folder/obj"
    echo "$micropython" >"$folder/source"
fi
export MICROPY_GIT_TAG=${MICROPY_GIT_TAG:-v1.25.0} MICROPY_GIT_HASH=${MICROPY_GIT_HASH:-upyml} # it is no git checkout
make -C "$micropython/mpy-cross" -j"$(nproc)" --no-print-directory BUILD="$folder/obj" PROG=mpy-cross STRIP= \
    PYTHON="$python" >"$folder/build.log" 2>&1 9>&- || {
    tail -n 40 "$folder/build.log" >&2
    exit 1
}
echo "$folder/obj/mpy-cross"
