// QEMU's xtensa "sim": CCOUNT goes on by the clock, and simcall writes to the console. Its core has no MULSH: start.S
// computes what an ESP32 has in one instruction, and what that takes is left out of the count.
#ifndef UPYML_BARE_MACHINE_H
#define UPYML_BARE_MACHINE_H

#include <stdint.h>
#include <string.h>

static inline void simcall(int number, uint32_t a, uint32_t b, uint32_t c) {
    register uint32_t a2 __asm("a2") = (uint32_t)number;
    register uint32_t a3 __asm("a3") = a;
    register uint32_t a4 __asm("a4") = b;
    register uint32_t a5 __asm("a5") = c;
    __asm volatile("simcall 0" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
}

// The calls of qemu_machine.h, by those of this machine.
static inline void semihosting(int operation, const void *argument);

#include "qemu_machine.h"

extern volatile uint32_t machine_traps;  // MULSH so far

enum { TRAP = 82, CLOCK_NS = 25, INSTRUCTION_NS = 64 };  // instructions for a MULSH beside itself

// In instructions.
static inline uint32_t machine_ticks(void) {
    uint32_t count;
    __asm volatile("rsr.ccount %0" : "=r"(count));
    return (uint32_t)((uint64_t)count * CLOCK_NS / INSTRUCTION_NS) - machine_traps * TRAP;
}

static inline void semihosting(int operation, const void *argument) {
    enum { EXIT = 1, WRITE = 4, STDOUT = 1 };
    if (operation == SYS_EXIT) {
        simcall(EXIT, (uintptr_t)argument != STOPPED_APPLICATION_EXIT, 0, 0);
        return;
    }
    simcall(WRITE, STDOUT, (uintptr_t)argument, strlen(argument));
}

#endif
