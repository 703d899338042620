#!/usr/bin/env bash
# Builds the native module: ports/natmod/build.sh ARCH [make variables]; the file is build/natmod/ARCH/_upyml.mpy.
# The Python that runs it (PYTHON, by default that of `make setup`) needs pyelftools and ar.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
arch=$1
shift
folder=$root/build/natmod/$arch
python=${PYTHON:-$root/build/venv/bin/python}
case $arch in
armv*) "$root/ports/fetch/packages.sh" gcc-arm-none-eabi libnewlib-arm-none-eabi ;;
rv32imc) "$root/ports/fetch/packages.sh" gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf ;;
xtensawin)
    # Without Espressif's tools: Debian's compiler, made one for the cores of the ESP32, S2 and S3. Its libraries have
    # the other calling convention.
    case " $*" in
    *" CROSS="*) ;;
    *)
        cross=$("$root/ports/xtensa/toolchain.sh" common)
        headers=$root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include
        set -- CROSS="$cross" CFLAGS_EXTRA="-isystem $headers" LINK_RUNTIME=0 EXTRA="$root/ports/xtensa/multiply.c" "$@"
        ;;
    esac
    ;;
esac
micropython=$("$python" "$root/ports/fetch/micropython.py" "$root/build/micropython")

mkdir -p "$folder"
make -C "$folder" -f "$root/ports/natmod/Makefile" --no-print-directory ARCH="$arch" MPY_DIR="$micropython" \
    PYTHON="$python" "$@" >"$folder/build.log" 2>&1 || { tail -n 40 "$folder/build.log" >&2; exit 1; }
