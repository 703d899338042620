// Start, output and end of a program of kernel tests on QEMU's RISC-V machine `virt`.
#include "rig.h"

#define UART (*(volatile uint8_t *)0x10000000u)
#define TEST_DEVICE (*(volatile uint32_t *)0x100000u)

enum { PASS = 0x5555, FAIL = 1 << 16 | 0x3333 };  // 1: the exit code

void rig_end(int failed) {
    TEST_DEVICE = failed ? FAIL : PASS;
    for (;;) {
    }
}

void rig_print(const char *text) {
    while (*text) {
        UART = (uint8_t)*text++;
    }
}

__attribute__((aligned(4), used)) static void fault(void) {
    rig_stopped();
}

__attribute__((used)) static void rig_start(void) {
    rig_run();
}

// RAM is zero at the start, and data are where they belong.
__attribute__((naked, used, section(".start"))) void rig_begin(void) {
    __asm volatile("la sp, _stack_top\n la t0, fault\n csrw mtvec, t0\n j rig_start");
}
