#!/usr/bin/env bash
# Builds MicroPython with upyml in it for qemu-xtensa: ports/xtensa/build.sh FOLDER [make variables].
# The program is FOLDER/firmware.elf.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/xtensa
begin_build "$1" firmware.elf
shift
"$root/ports/fetch/packages.sh" make:make qemu-xtensa:qemu-user
prefix=$("$here/toolchain.sh" lx6)
fetch_source micropython micropython
cross=$("$root/ports/fetch/mpy_cross.sh")
# Another compiler is another setting.
start_anew_if_changed "$here/Makefile" "$here/toolchain.sh" "$here/core.c" "$root/ports/fetch/xtensa.py" \
    "${engine_lists[@]}" -- "${UPYML_WITHOUT:-}" "$@"

rm -f "$folder/build.log"
logged make -C "$here" -j"$(nproc)" --no-print-directory \
    MPY_DIR="$micropython" BUILD="$folder/obj" PYTHON="$PYTHON" CROSS_COMPILE="$prefix" \
    HEADERS="$root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include" \
    USER_C_MODULES="$root" FROZEN_MANIFEST="$root/ports/manifest.py" \
    MICROPY_MPYCROSS="$cross" MICROPY_MPYCROSS_DEPENDENCY= MPY_LIB_DIR="$root" \
    "$@"
ln -sf obj/firmware.elf "$folder/firmware.elf"
end_build
