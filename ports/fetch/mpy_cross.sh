#!/usr/bin/env bash
# Prints the path of MicroPython's cross compiler, which firmware with frozen code is built with; built on first use.
# It lies in build/mpy-cross: the source's own folder stays as it is, and builds side by side share one.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
begin_build "$root/build/mpy-cross" obj/mpy-cross
"$root/ports/fetch/packages.sh" make:make gcc:gcc gcc/crt1.o:libc6-dev >&2
fetch_source micropython micropython
start_anew_if_changed --

rm -f "$folder/build.log"
logged make -C "$micropython/mpy-cross" -j"$(nproc)" --no-print-directory BUILD="$folder/obj" PROG=mpy-cross STRIP= \
    PYTHON="$PYTHON"
end_build
echo "$folder/obj/mpy-cross"
