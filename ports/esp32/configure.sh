#!/usr/bin/env bash
# Configures MicroPython's ports/esp32 with upyml for a chip, without ESP-IDF: ports/esp32/configure.sh FOLDER BOARD
# BOARD is a folder of ports/esp32/boards. FOLDER/compile_commands.json then has how each file would be compiled.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/esp32
begin_build "$1" compile_commands.json
board=$2
without=${UPYML_WITHOUT:-}

case $board in
*_C3 | *_C6)
    "$root/ports/fetch/packages.sh" cmake:cmake make:make riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf \
        riscv64-unknown-elf-gcc/picolibc.specs:picolibc-riscv64-unknown-elf
    compiler=$(command -v riscv64-unknown-elf-gcc)
    flags="--specs=picolibc.specs -mabi=ilp32"
    ;;
*)
    "$root/ports/fetch/packages.sh" cmake:cmake make:make
    # The S2 has neither floating point nor hardware loops, the compiler's core must have none either.
    case $board in *_S2) core=common ;; *) core=lx6 ;; esac
    compiler=$("$root/ports/xtensa/toolchain.sh" $core)gcc
    flags="-isystem $root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include"
    ;;
esac
fetch_source micropython micropython

# The source as it is, but with a folder of libraries in which the one that is asked for seems to be.
shadow=$folder/micropython
rm -rf "$shadow" "$folder/obj" "$folder/build.log"
mkdir -p "$shadow/lib"
ln -s "$micropython"/* "$shadow/" 2>/dev/null || true # all but lib, which is there
for library in "$micropython"/lib/*; do
    [ "${library##*/}" = berkeley-db-1.xx ] || ln -s "$library" "$shadow/lib/"
done
mkdir "$shadow/lib/berkeley-db-1.xx"
touch "$shadow/lib/berkeley-db-1.xx/README"

export IDF_PATH=$here/stub MICROPY_MPYCROSS=/bin/false # nothing is built
logged cmake -S "$shadow/ports/esp32" -B "$folder/obj" -DMICROPY_BOARD="$board" \
    -DMICROPY_BOARD_DIR="$here/boards/$board" -DUSER_C_MODULES="$root/ports/micropython.cmake" \
    -DMICROPY_LIB_DIR="$root" -DUPYML_WITHOUT="${without// /;}" \
    -DPython3_EXECUTABLE="$PYTHON" -DSTUB_COMPILER="$compiler" -DSTUB_FLAGS="$flags"
cp "$folder/obj/compile_commands.json" "$folder/compile_commands.json"
end_build
