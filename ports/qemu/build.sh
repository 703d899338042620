#!/usr/bin/env bash
# Builds firmware for an emulated board: ports/qemu/build.sh FOLDER BOARD, BOARD being a folder of ports/qemu/boards.
# FOLDER/firmware.elf is MicroPython's qemu port with the engine and frozen upyml.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
board=$2
[ -d "$here/boards/$board" ] || {
    echo "no board $board in ports/qemu/boards; there are: $(cd "$here/boards" && echo */ | tr -d /)" >&2
    exit 1
}
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift 2

if [[ $board == RV32* ]]; then
    "$root/ports/fetch/packages.sh" gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc
else
    "$root/ports/fetch/packages.sh" gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
fi
export PYTHON=${PYTHON:-$root/build/venv/bin/python}
micropython=$("$PYTHON" "$root/ports/fetch/micropython.py" "$root/build/micropython")
mpy_cross=$("$root/ports/fetch/mpy_cross.sh")

# MicroPython's make does not notice that its variables changed, or files that set some: start anew.
settings=$(cat "$here/mpconfig.h" "$root/ports/micropython.mk" "$here"/boards/*.mk "$here/boards/$board"/* | sha256sum)
state="$micropython $* $settings"
if [ "$state" != "$(cat "$folder/arguments" 2>/dev/null)" ]; then
    rm -rf "$folder/obj"
    echo "$state" >"$folder/arguments"
fi

# The tarball is no git checkout: without these two, make would ask git about the folder around it.
export MICROPY_GIT_TAG=${MICROPY_GIT_TAG:-v1.25.0} MICROPY_GIT_HASH=${MICROPY_GIT_HASH:-upyml}

# MPY_LIB_DIR: nothing is frozen from MicroPython's library, which the tarball lacks; only its README.md is asked for.
make -C "$micropython/ports/qemu" -j"$(nproc)" --no-print-directory \
    BOARD="$board" BOARD_DIR="$here/boards/$board" BUILD="$folder/obj" PYTHON="$PYTHON" \
    FROZEN_MANIFEST="$root/ports/manifest.py" USER_C_MODULES="$root" \
    MICROPY_MPYCROSS="$mpy_cross" MICROPY_MPYCROSS_DEPENDENCY= MPY_LIB_DIR="$root" \
    "$@" >"$folder/build.log" 2>&1 || {
    tail -n 40 "$folder/build.log" >&2
    exit 1
}
ln -sf obj/firmware.elf "$folder/firmware.elf"
