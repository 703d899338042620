#!/usr/bin/env bash
# Builds build/bare/MACHINE/bench.elf, which counts what a model's run takes there: ports/bare/build.sh MACHINE
# MACHINE is a folder beside this file. The engine is compiled as for firmware: kernels for speed, the rest for size.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
here=$root/ports/bare engine=$root/ports/engine machine=$1
. "$here/$machine/settings.sh"
begin_build "$root/build/bare/$machine" bench.elf
"$root/ports/fetch/packages.sh" "${packages[@]}"

begun=$folder/begun # as old as the sources that the program was made of
if [ -e "$begun" ] && [ -e "$folder/bench.elf" ] && [ -z "$(find "$here" "$engine" -newer "$begun")" ]; then
    end_build
    exit 0
fi
rm -rf "$folder/build.log" "$folder/obj"
mkdir "$folder/obj"
touch "$begun"
options=("${flags[@]}" -std=c99 -Wall -Wextra -ffunction-sections -fdata-sections -I"$engine" ${kernels:+-I"$engine/$kernels"})
[ -z "${UPYML_WERROR:-}" ] || options+=(-Werror)
objects=()
for source in $(sh "$engine/sources.sh" "$kernels"); do
    case $source in
    */*) optimize=-O2 ;;
    *) optimize=-Os ;;
    esac
    object=$folder/obj/${source//\//.}.o
    objects+=("$object")
    logged "${tools}gcc" "${options[@]}" $optimize -c "$engine/$source" -o "$object"
done
# newlib's whole libc, not the small one: its memcpy moves words where it can, as that of the board does.
(cd "$here" && logged "${tools}gcc" "${options[@]}" -I"$machine" -I. -Os -nostartfiles -Wl,--gc-sections "${link[@]}" bench.c \
    $start "${objects[@]}" -o "$folder/bench.elf")
end_build
