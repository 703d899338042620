#!/usr/bin/env bash
# Builds MicroPython for this computer: ports/unix/build.sh FOLDER [USER_C_MODULES=...]
# The program is FOLDER/micropython. Without USER_C_MODULES it is a plain one, to try the native module
# and the pure Python engine on.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
python=${PYTHON:-$root/build/venv/bin/python}
micropython=$("$python" "$root/ports/fetch/micropython.py" "$root/build/micropython")

# MicroPython's make does not notice that its variables changed: start anew.
if [ "$micropython $*" != "$(cat "$folder/arguments" 2>/dev/null)" ]; then
    rm -rf "$folder/obj"
    echo "$micropython $*" >"$folder/arguments"
fi

# The tarball is no git checkout: without these two, make would ask git about the folder around it.
export MICROPY_GIT_TAG=${MICROPY_GIT_TAG:-v1.25.0} MICROPY_GIT_HASH=${MICROPY_GIT_HASH:-upyml}

# The library folders of these features are not in Debian's tarball, and no test needs them. Nothing is frozen in:
# `upyml` is imported from its source, as on a board.
make -C "$micropython/ports/unix" -j"$(nproc)" --no-print-directory \
    BUILD="$folder/obj" PROG=micropython PYTHON="$python" STRIP= FROZEN_MANIFEST= \
    MICROPY_PY_FFI=0 MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_SSL_AXTLS=0 MICROPY_PY_BLUETOOTH=0 \
    "$@" >"$folder/build.log" 2>&1 || {
    tail -n 40 "$folder/build.log" >&2
    exit 1
}
ln -sf obj/micropython "$folder/micropython"
