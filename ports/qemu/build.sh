#!/usr/bin/env bash
# Builds firmware for an emulated board: ports/qemu/build.sh FOLDER BOARD, BOARD being a folder of ports/qemu/boards.
# FOLDER/firmware.elf is MicroPython's qemu port with the engine and frozen upyml.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/qemu
board=$2
[ -d "$here/boards/$board" ] || {
    echo "no board $board in ports/qemu/boards; there are: $(cd "$here/boards" && echo */ | tr -d /)" >&2
    exit 1
}
begin_build "$1" firmware.elf
shift 2

if [[ $board == RV32* ]]; then
    "$root/ports/fetch/packages.sh" make:make riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf \
        riscv64-unknown-elf-gcc/picolibc.specs:picolibc-riscv64-unknown-elf qemu-system-riscv32:qemu-system-misc
else
    "$root/ports/fetch/packages.sh" make:make arm-none-eabi-gcc:gcc-arm-none-eabi \
        arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi qemu-system-arm:qemu-system-arm
fi
fetch_source micropython micropython
mpy_cross=$("$root/ports/fetch/mpy_cross.sh")
start_anew_if_changed "$here/mpconfig.h" "$here"/boards/*.mk "$here/boards/$board"/* "${engine_lists[@]}" -- \
    "$board" "${UPYML_WITHOUT:-}" "$@"

# MPY_LIB_DIR: nothing is frozen from MicroPython's library, which the tarball lacks; only its README.md is asked for.
rm -f "$folder/build.log"
logged make -C "$micropython/ports/qemu" -j"$(nproc)" --no-print-directory \
    BOARD="$board" BOARD_DIR="$here/boards/$board" BUILD="$folder/obj" PYTHON="$PYTHON" \
    FROZEN_MANIFEST="$root/ports/manifest.py" USER_C_MODULES="$root" \
    MICROPY_MPYCROSS="$mpy_cross" MICROPY_MPYCROSS_DEPENDENCY= MPY_LIB_DIR="$root" \
    "$@"
ln -sf obj/firmware.elf "$folder/firmware.elf"
end_build
