// Describes a core to GNU binutils and GCC for Xtensa: they load this as a plugin, named by XTENSA_GNU_CONFIG.
// It is an LX6 as in the ESP32: little-endian, register windows, MAC16, hardware loops and single precision floats.
// With -DCOMMON it is what the ESP32 has in common with the ESP32-S2 and S3: the S2 has none of the last three, and
// native modules of one architecture, xtensawin, serve them all. (What espressif/esp-idf says of each chip's core:
// components/xtensa/CHIP/include/xtensa/config/core-isa.h.)
// include/xtensa-dynconfig.h of binutils tells what a plugin holds; the table of instructions is that of the core
// de233_fpu of QEMU, which so runs whatever the compiler makes. The chips have MULSH and MULUH besides; it has not.

#ifdef COMMON
#define ESP32 0
#else
#define ESP32 1
#endif

#define XCHAL_HAVE_BE 0
#define XCHAL_HAVE_DENSITY 1
#define XCHAL_HAVE_CONST16 0
#define XCHAL_HAVE_ABS 1
#define XCHAL_HAVE_ADDX 1
#define XCHAL_HAVE_L32R 1
#define XSHAL_USE_ABSOLUTE_LITERALS 0
#define XSHAL_HAVE_TEXT_SECTION_LITERALS 1
#define XCHAL_HAVE_MAC16 ESP32
#define XCHAL_HAVE_MUL16 1
#define XCHAL_HAVE_MUL32 1
#define XCHAL_HAVE_MUL32_HIGH 0
#define XCHAL_HAVE_DIV32 1
#define XCHAL_HAVE_NSA 1
#define XCHAL_HAVE_MINMAX 1
#define XCHAL_HAVE_SEXT 1
#define XCHAL_HAVE_CLAMPS 1
#define XCHAL_HAVE_LOOPS ESP32
#define XCHAL_HAVE_THREADPTR 1
#define XCHAL_HAVE_RELEASE_SYNC 1
#define XCHAL_HAVE_S32C1I ESP32
#define XCHAL_HAVE_BOOLEANS ESP32
#define XCHAL_HAVE_WIDE_BRANCHES 0
#define XCHAL_HAVE_PREDICTED_BRANCHES 0

// Floats: the compiler's one instruction for a division is that of an older unit; runtime.c divides.
#define XCHAL_HAVE_FP ESP32
#define XCHAL_HAVE_FP_DIV 0
#define XCHAL_HAVE_FP_RECIP 0
#define XCHAL_HAVE_FP_SQRT 0
#define XCHAL_HAVE_FP_RSQRT 0

// Register windows and the calling convention that goes with them.
#define XCHAL_HAVE_WINDOWED 1
#define XCHAL_NUM_AREGS 64
#define XTHAL_ABI_WINDOWED 0
#define XTHAL_ABI_CALL0 1
#define XSHAL_ABI XTHAL_ABI_WINDOWED

// The ESP32 reads its flash through a cache that is no part of the core.
#define XCHAL_ICACHE_SIZE 0
#define XCHAL_DCACHE_SIZE 0
#define XCHAL_ICACHE_LINESIZE 4
#define XCHAL_DCACHE_LINESIZE 4
#define XCHAL_ICACHE_LINEWIDTH 2
#define XCHAL_DCACHE_LINEWIDTH 2
#define XCHAL_DCACHE_IS_WRITEBACK 0
#define XCHAL_HAVE_MMU 0

#define XCHAL_HAVE_DEBUG 1
#define XCHAL_NUM_IBREAK 2
#define XCHAL_NUM_DBREAK 2
#define XCHAL_DEBUGLEVEL 6
#define XCHAL_MAX_INSTRUCTION_SIZE 3
#define XCHAL_INST_FETCH_WIDTH 4
#define XCHAL_DATA_WIDTH 4
#define XTENSA_MARCH_EARLIEST 260000 // LX6
#define XTENSA_MARCH_LATEST 260999

#define XTENSA_CONFIG_DEFINITION
#include "ansidecl.h"
#include <stdint.h>
#include "xtensa-dynconfig.h"

XTENSA_CONFIG_INSTANCE_LIST;

// The same once more, as the macros that the compiler predefines.
#define TEXT(value) #value
#define TEXT_OF(value) TEXT(value)
#undef XTENSA_CONFIG_ENTRY
#define XTENSA_CONFIG_ENTRY(name) "__" #name "=" TEXT_OF(name)
const char *const xtensa_config_strings[] = {XTENSA_CONFIG_ENTRY_LIST, 0};

int plugin_is_GPL_compatible; // GCC asks for it: all that is compiled here has a licence that goes with its own

#include "xtensa-modules.c.inc"
