#!/usr/bin/env bash
# Builds the native module: ports/natmod/build.sh ARCH [make variables]; the file is build/natmod/ARCH/_upyml.mpy.
# xtensawin is for ESP32 and S3; xtensawin-plain, of the same architecture, for an S2, which has no MAC16 and no loops.
# ARCH-coded leaves out all families of ops but the base one, ARCH-dense also the codings of weights that are sparse or of
# four bits: models that need neither need less RAM for it.
# The Python that runs it (PYTHON, by default that of `make setup`) needs pyelftools and ar.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/natmod
arch=${1%%-*}
begin_build "$root/build/natmod/$1" _upyml.mpy
core=lx6
families="MATH RECURRENT STREAM SIGNAL WIDE"
case $1 in
*-plain) core=common ;;
*-coded) export UPYML_WITHOUT="${UPYML_WITHOUT:-} $families" ;;
*-dense) export UPYML_WITHOUT="${UPYML_WITHOUT:-} $families INT4 SPARSE" ;;
esac
shift
settings=("$here/Makefile" "${engine_lists[@]}")
needed=(make:make)
case $arch in
x64) needed+=(gcc:gcc gcc/crt1.o:libc6-dev) ;;
armv*) needed+=(arm-none-eabi-gcc:gcc-arm-none-eabi arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi) ;;
rv32imc)
    needed+=(riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf
        riscv64-unknown-elf-gcc/picolibc.specs:picolibc-riscv64-unknown-elf)
    ;;
xtensawin)
    # Without Espressif's tools: Debian's compiler, made one for the ESP32's core, or for what it has in common with the
    # S2's. Its libraries have the other calling convention.
    [ $core = lx6 ] || set -- UPYML_CPU= "$@"
    case " $*" in
    *" CROSS="*) ;;
    *)
        cross=$("$root/ports/xtensa/toolchain.sh" $core)
        headers=$root/build/xtensa/tools/usr/lib/xtensa-lx106-elf/include
        set -- CROSS="$cross" CFLAGS_EXTRA="-isystem $headers" LINK_RUNTIME=0 EXTRA="$root/ports/xtensa/multiply.c" "$@"
        settings+=("$root/ports/xtensa/toolchain.sh" "$root/ports/xtensa/core.c" "$root/ports/fetch/xtensa.py")
        ;;
    esac
    ;;
esac
"$root/ports/fetch/packages.sh" "${needed[@]}"
fetch_source micropython micropython
# No rule of MicroPython's names these: what an object of a native module depends on there.
settings+=("$micropython"/py/*.h "$micropython/py/dynruntime.mk" "$micropython/tools/mpy_ld.py")
start_anew_if_changed "${settings[@]}" -- "${UPYML_WITHOUT:-}" "$@"

rm -f "$folder/build.log"
logged make -C "$folder" -f "$here/Makefile" --no-print-directory ARCH="$arch" MPY_DIR="$micropython" \
    PYTHON="$PYTHON" "$@"
end_build
