#!/usr/bin/env bash
# Makes C compilers for the ESP32's core (Xtensa LX6, register windows) from Debian's for the ESP8266:
# ports/xtensa/toolchain.sh CORE prints the prefix of its programs (PREFIXgcc, PREFIXld ...), below build/xtensa.
# CORE is lx6, the ESP32's, or common, what the ESP32, S2 and S3 have in common.
set -euo pipefail

case ${1:-} in
lx6 | common) ;;
*) echo "usage: ports/xtensa/toolchain.sh lx6|common" >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/build/xtensa
python=${PYTHON:-$root/build/venv/bin/python}

"$root/ports/fetch/packages.sh" patchelf:patchelf gcc:gcc gcc/crt1.o:libc6-dev >&2
mkdir -p "$folder"
exec 9>"$folder/lock" # two builds at once make it once
flock 9
"$python" "$root/ports/fetch/xtensa.py" "$folder" >/dev/null
tools=$folder/tools/usr

# The programs come from a newer Debian than the system may be: each is told where its own C library lies.
if [ ! -e "$folder/tools/.ready" ]; then
    libraries=$tools/x86_64-linux-gnu/lib:$tools/lib/x86_64-linux-gnu
    for program in "$tools"/bin/xtensa-lx106-elf-* "$tools"/lib/xtensa-lx106-elf/bin/* \
        "$tools"/lib/gcc/xtensa-lx106-elf/*/{cc1,collect2,lto1,lto-wrapper}; do
        if [ ! -L "$program" ] && patchelf --print-interpreter "$program" >/dev/null 2>&1; then
            patchelf --set-interpreter "$tools/x86_64-linux-gnu/lib/ld-linux-x86-64.so.2" "$program"
            patchelf --force-rpath --set-rpath "$libraries" "$program"
        fi
    done
    touch "$folder/tools/.ready"
fi

# The cores' descriptions, which the compiler loads as a plugin, and programs that set them, under names of their own.
mkdir -p "$folder/bin"
for core in lx6 common; do
    plugin=$folder/$core.so
    made=true
    for source in "$0" "$root/ports/xtensa/core.c" "$folder/sources/files" "$folder/tools/packages"; do
        [ "$plugin" -nt "$source" ] || made=false
    done
    $made && continue
    gcc -shared -fPIC -O1 -w $([ $core = common ] && echo -DCOMMON) -I"$folder/sources" "$root/ports/xtensa/core.c" \
        -o "$plugin.part"
    for program in "$tools"/bin/xtensa-lx106-elf-*; do
        wrapper=$folder/bin/xtensa-$core-elf-${program##*/xtensa-lx106-elf-}
        printf '#!/bin/sh\nXTENSA_GNU_CONFIG="%s" exec "%s" "$@"\n' "$plugin" "$program" >"$wrapper"
        chmod +x "$wrapper"
    done
    mv "$plugin.part" "$plugin"
done
echo "$folder/bin/xtensa-$1-elf-"
