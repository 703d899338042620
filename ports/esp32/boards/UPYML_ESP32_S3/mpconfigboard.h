#include "boards/ESP32_GENERIC_S3/mpconfigboard.h"

// Models run in place from the partition "romfs", which is mounted at /rom.
#define MICROPY_VFS_ROM (1)
