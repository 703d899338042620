// Start, output and end of a program of kernel tests on a Cortex-M, by Arm's semihosting.
#include "rig.h"

enum { SYS_WRITE0 = 4, SYS_EXIT = 0x18 };
enum { STOPPED_RUN_TIME_ERROR = 0x20023, STOPPED_APPLICATION_EXIT = 0x20026 };

extern char _stack_top;

static void semihosting(int operation, const void *argument) {
    register int r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void rig_end(int failed) {
    semihosting(SYS_EXIT, (const void *)(failed ? STOPPED_RUN_TIME_ERROR : STOPPED_APPLICATION_EXIT));
    for (;;) {
    }
}

void rig_print(const char *text) {
    semihosting(SYS_WRITE0, text);
}

static void fault(void) {
    rig_stopped();
}

void rig_start(void) {
    rig_run();
}

// RAM is zero at the start and there is no initialized data but what the loader puts into place.
__attribute__((section(".vectors"), used)) static const void *const vectors[4] = {
    &_stack_top, (const void *)rig_start, (const void *)fault, (const void *)fault,
};
