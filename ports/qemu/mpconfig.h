// MicroPython's configuration for the boards in this folder: that of its qemu port, and a clock.

#include "mpconfigport.h"

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)
