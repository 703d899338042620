// What the port's start-up leaves out. It calls mp_semihosting_init() first; the linker's --wrap makes that call ours.

#include <stdint.h>

#include "machine.h"

void __real_mp_semihosting_init(void);
void __wrap_mp_semihosting_init(void);

void __wrap_mp_semihosting_init(void) {
    #if defined(__ARM_FP)
    // CPACR: full access to the FPU (coprocessors 10 and 11). Without it the first float instruction is a fault.
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm volatile ("dsb\nisb" ::: "memory");
    #endif
    machine_start();
    __real_mp_semihosting_init();
}
