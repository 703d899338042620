// QEMU's RISC-V machine: the core's own timer, 10 MHz in 64 bits, which runs from the start.

#include "machine.h"

#define MTIME_LOW (*(volatile uint32_t *)0x0200bff8)
#define MTIME_HIGH (*(volatile uint32_t *)0x0200bffc)

void machine_start(void) {
}

uint32_t machine_microseconds(void) {
    uint32_t high, low;
    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return (uint32_t)(((uint64_t)high << 32 | low) / 10);
}
