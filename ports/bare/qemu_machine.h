// A processor in QEMU, started with -icount: its clock goes on by the same time with each instruction, so that a counter
// that runs by the clock counts instructions. A machine.h defines what differs, machine_ticks() and semihosting(), and
// includes this: what is told goes to the console, in lines.
#include <stdint.h>

static inline uint32_t machine_ticks(void);
static inline void semihosting(int operation, const void *argument);

enum { SYS_WRITE0 = 4, SYS_EXIT = 0x18 };
enum { STOPPED_RUN_TIME_ERROR = 0x20023, STOPPED_APPLICATION_EXIT = 0x20026 };

static uint32_t machine_begun;

static inline void machine_begin(void) {
    machine_begun = machine_ticks();
}

static inline void machine_print(const char *text) {
    semihosting(SYS_WRITE0, text);
}

static inline void machine_print_number(uint32_t number) {
    char text[11], *at = text + sizeof text - 1;
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    machine_print(at);
}

static inline void machine_end(const char *name) {
    uint32_t ticks = machine_ticks() - machine_begun;
    machine_print("count ");
    machine_print_number(ticks);
    machine_print(" ");
    machine_print(name);
    machine_print("\n");
}

static inline void machine_exit(int code) {
    semihosting(SYS_EXIT, (const void *)(code ? STOPPED_RUN_TIME_ERROR : STOPPED_APPLICATION_EXIT));
    for (;;) {
    }
}
