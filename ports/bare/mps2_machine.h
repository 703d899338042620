// Arm's MPS2 boards in QEMU: a counter in the FPGA at FPGAIO, which goes on with each tick of its clock.
#ifndef UPYML_BARE_MACHINE_H
#define UPYML_BARE_MACHINE_H

#include "qemu_machine.h"

#define COUNTER (*(volatile uint32_t *)(FPGAIO + 0x18))

static inline uint32_t machine_ticks(void) {
    return COUNTER;
}

static inline void semihosting(int operation, const void *argument) {
    register int r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

#endif
