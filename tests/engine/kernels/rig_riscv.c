// Start, output and end of a program of kernel tests on QEMU's RISC-V machine `virt`.
#include "rig.h"

#define UART (*(volatile uint8_t *)0x10000000u)
#define TEST_DEVICE (*(volatile uint32_t *)0x100000u)

enum { PASS = 0x5555, FAIL = 1 << 16 | 0x3333 };  // 1: the exit code

static void end(uint32_t how) {
    TEST_DEVICE = how;
    for (;;) {
    }
}

void rig_print(const char *text) {
    while (*text) {
        UART = (uint8_t)*text++;
    }
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
    end(FAIL);
}

__attribute__((aligned(4), used)) static void fault(void) {
    rig_fail("the processor stopped: an access to a place that is no multiple of its width, or outside of memory");
}

__attribute__((used)) static void rig_start(void) {
    rig_number(cases());
    rig_print(" cases\n");
    end(PASS);
}

// RAM is zero at the start, and data are where they belong.
__attribute__((naked, used, section(".start"))) void rig_begin(void) {
    __asm volatile("la sp, _stack_top\n la t0, fault\n csrw mtvec, t0\n j rig_start");
}
