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

static void end(int32_t reason) {
    semihosting(SYS_EXIT, (const void *)reason);
    for (;;) {
    }
}

void rig_print(const char *text) {
    semihosting(SYS_WRITE0, text);
}

void rig_number(int32_t number) {
    char text[12], *at = text + sizeof text - 1;
    uint32_t rest = number < 0 ? 0 - (uint32_t)number : (uint32_t)number;
    *at = 0;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        *--at = '-';
    }
    rig_print(at);
}

uint32_t rig_random(void) {
    static uint32_t state = 0x12345678;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void rig_fail(const char *text) {
    rig_print(text);
    rig_print("\n");
    end(STOPPED_RUN_TIME_ERROR);
}

static void fault(void) {
    rig_fail("the processor stopped: an access to a place that is no multiple of its width, or outside of memory");
}

void rig_start(void) {
    rig_number(cases());
    rig_print(" cases\n");
    end(STOPPED_APPLICATION_EXIT);
}

// RAM is zero at the start and there is no initialized data but what the loader puts into place.
__attribute__((section(".vectors"), used)) static const void *const vectors[4] = {
    &_stack_top, (const void *)rig_start, (const void *)fault, (const void *)fault,
};
