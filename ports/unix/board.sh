#!/usr/bin/env bash
# Builds MicroPython for this computer with a board's numbers: ports/unix/board.sh FOLDER [USER_C_MODULES=...]
# Words of 32 bits, and floats of 30 bits that live in a word (as CircuitPython has them): what a script rounds
# otherwise there shows here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

can_compile() { printf '#include <errno.h>\nint main(void) { return 0; }\n' | gcc -m32 -x c - -o /dev/null 2>/dev/null; }
can_compile || "$here/../fetch/packages.sh" gcc-multilib || true
if ! can_compile; then
    echo "no 32-bit MicroPython: gcc -m32 does not work here" >&2
    exit 0 # the tests that need it say so
fi

# MICROPY_OBJ_REPR 2 is repr C; the port leaves the word's type to who chooses one. The engine's scratch lies apart.
"$here/build.sh" "$@" MICROPY_FORCE_32BIT=1 \
    CFLAGS_EXTRA="-DUPYML_PORT_SCRATCH -I$here -include $here/board_types.h -DMICROPY_OBJ_REPR=2 -DMICROPY_FLOAT_IMPL=1 -msse2 -mfpmath=sse"
