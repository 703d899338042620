#!/usr/bin/env bash
# Builds FOLDER/bench.elf, which counts a model's cycles on a Cortex-M0+: ports/bare/build.sh FOLDER
# The engine is compiled as for the Pico's firmware: kernels for speed, the rest for size.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/bare engine=$root/ports/engine cpu=cortex_m0
begin_build "$1" bench.elf
"$root/ports/fetch/packages.sh" arm-none-eabi-gcc:gcc-arm-none-eabi arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi

begun=$folder/begun # as old as the sources that the program was made of
if [ -e "$begun" ] && [ -e "$folder/bench.elf" ] && [ -z "$(find "$here" "$engine" -newer "$begun")" ]; then
    end_build
    exit 0
fi
rm -rf "$folder/build.log" "$folder/obj"
mkdir "$folder/obj"
touch "$begun"
options=(-mcpu=cortex-m0plus -mthumb -std=c99 -Wall -Wextra -ffunction-sections -fdata-sections -I"$engine" -I"$engine/$cpu")
[ -z "${UPYML_WERROR:-}" ] || options+=(-Werror)
objects=()
for source in $(sh "$engine/sources.sh" $cpu); do
    case $source in
    kernels/* | pairs/* | $cpu/*) optimize=-O2 ;;
    *) optimize=-Os ;;
    esac
    object=$folder/obj/${source//\//.}.o
    objects+=("$object")
    logged arm-none-eabi-gcc "${options[@]}" $optimize -c "$engine/$source" -o "$object"
done
# newlib's whole libc, not the small one: its memcpy moves words where it can, as that of the board does.
logged arm-none-eabi-gcc "${options[@]}" -Os -nostartfiles -Wl,--gc-sections -T "$here/link.ld" "$here/bench.c" \
    "${objects[@]}" -o "$folder/bench.elf"
end_build
