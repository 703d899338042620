// MicroPython for a core with the ESP32's calling convention, as a program of its own: no hardware, no files but ROMFS.

#include <alloca.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// As MicroPython's ports/esp32 has them.
#define MICROPY_EMIT_XTENSAWIN (1) // native modules are loaded where native code could be made
#define MICROPY_NLR_SETJMP (1)
#define MICROPY_OBJ_REPR (MICROPY_OBJ_REPR_A)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_STACK_CHECK_MARGIN (1024)

#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_VFS (1)
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (1)

// What needs a console, a network or an operating system.
#define MICROPY_KBD_EXCEPTION (0)
#define MICROPY_HELPER_REPL (0)
#define MICROPY_PY_BUILTINS_INPUT (0)
#define MICROPY_PY_SYS_STDIO_BUFFER (0)
#define MICROPY_PY_SELECT (0)
#define MICROPY_PY_ASYNCIO (0)

#define MICROPY_PY_SYS_PLATFORM "xtensa"
#define MICROPY_HW_BOARD_NAME "qemu-xtensa"
#define MICROPY_HW_MCU_NAME "LX6"

typedef long mp_int_t;
typedef unsigned long mp_uint_t;
typedef long mp_off_t;
#define INT_FMT "%ld"
#define UINT_FMT "%lu"
#define MP_SSIZE_MAX (0x7fffffff)

#define MP_NEED_LOG2 (1) // the C library's is a macro

#define MP_STATE_PORT MP_STATE_VM
