#!/usr/bin/env bash
# Builds MicroPython for this computer with a CircuitPython board's limits: ports/circuitpython/limits.sh FOLDER
# Words of 32 bits, floats of 30 that come back from an object as CircuitPython's do, and 2 KB for the frames of all
# calls. The program is FOLDER/micropython; UPYML_CIRCUITPYTHON=FOLDER/micropython has the tests run on it, too.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
python=${PYTHON:-$root/build/venv/bin/python}

micropython=$("$python" "$root/ports/fetch/micropython.py" "$root/build/micropython")
if [ ! -d "$folder/micropython-source" ]; then # a copy, which is changed in two places
    rm -rf "$folder/copy"
    cp -r "$micropython" "$folder/copy"
    sed -i 's/static mp_obj_t pystack\[1024\]/static mp_obj_t pystack[512]/' "$folder/copy/ports/unix/main.c"
    sed -i '/0x80800000u) & ~3u};/a num.u |= (num.u >> 2) \& 3u;' "$folder/copy/py/obj.h"
    if ! grep -q 'pystack\[512\]' "$folder/copy/ports/unix/main.c" || ! grep -q 'u >> 2) & 3u' "$folder/copy/py/obj.h"; then
        echo "this MicroPython's source is not the one that ports/circuitpython/limits.sh changes: use 1.25" >&2
        exit 1
    fi
    mv "$folder/copy" "$folder/micropython-source"
fi
MICROPYTHON_DIR=$folder/micropython-source "$root/ports/unix/build.sh" "$folder" MICROPY_FORCE_32BIT=1 \
    CFLAGS_EXTRA="-include $root/ports/unix/board_types.h -DMICROPY_OBJ_REPR=2 -DMICROPY_FLOAT_IMPL=1 -msse2 \
-mfpmath=sse -DMICROPY_ENABLE_PYSTACK=1"
