#!/usr/bin/env bash
# Builds MicroPython for this computer: ports/unix/build.sh FOLDER [USER_C_MODULES=...]
# The program is FOLDER/micropython. Without USER_C_MODULES it is a plain one, to try the native module
# and the pure Python engine on.
set -euo pipefail

. "$(dirname "$0")/../common.sh"
begin_build "$1" micropython
shift
"$root/ports/fetch/packages.sh" make:make gcc:gcc gcc/crt1.o:libc6-dev
fetch_source micropython micropython
start_anew_if_changed "${engine_lists[@]}" -- "${UPYML_WITHOUT:-}" "$@"

# The library folders of these features are not in Debian's tarball, and no test needs them. Nothing is frozen in:
# `upyml` is imported from its source, as on a board.
rm -f "$folder/build.log"
logged make -C "$micropython/ports/unix" -j"$(nproc)" --no-print-directory \
    BUILD="$folder/obj" PROG=micropython PYTHON="$PYTHON" STRIP= FROZEN_MANIFEST= \
    MICROPY_PY_FFI=0 MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_SSL_AXTLS=0 MICROPY_PY_BLUETOOTH=0 \
    "$@"
ln -sf obj/micropython "$folder/micropython"
end_build
