// QEMU's RISC-V machine: the core's own count of instructions.
#ifndef UPYML_BARE_MACHINE_H
#define UPYML_BARE_MACHINE_H

#include "qemu_machine.h"

static inline uint32_t machine_ticks(void) {
    uint32_t count;
    __asm volatile("csrr %0, minstret" : "=r"(count));
    return count;
}

static inline void semihosting(int operation, const void *argument) {
    register int a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = argument;
    // The three instructions that mark a call, none of them compressed, in one page.
    __asm volatile(".balign 16\n.option push\n.option norvc\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                   : "+r"(a0) : "r"(a1) : "memory");
}

#endif
