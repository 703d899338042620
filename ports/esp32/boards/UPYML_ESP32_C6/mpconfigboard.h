#include "boards/ESP32_GENERIC_C6/mpconfigboard.h"

// Models run in place from the partition "romfs", which is mounted at /rom.
#define MICROPY_VFS_ROM (1)
